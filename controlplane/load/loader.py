"""Brings prepared readings into the warehouse, and remembers what became of each."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from controlplane.errors import DatabankError
from controlplane.load import ledger
from controlplane.load.batch import Delivery, LoadOptions, OvertakenError, ReadAgain, write_batch
from controlplane.load.files import BeingWrittenError, SourceFile
from controlplane.load.gates import BatchSkipped
from controlplane.load.landing import Landing, RemoteSource
from controlplane.load.reading import Reading, check_declared, open_file
from controlplane.load.results import Batch, LoadResult, Skipped
from controlplane.specs.source import SourceConfig
from controlplane.targets import LoadSession, Target
from controlplane.targets.base import OnWait
from controlplane.targets.duckdb import prepare_reader

# So many files are prepared before the writers' lock is taken, and written under one. Of small ones
# there are more: opening and closing a warehouse of many tables takes longer than writing them.
FILES_AT_ONCE = 50
SMALL_FILES_AT_ONCE = 500
SMALL_BYTES = 16 << 20
# What is read in a moment; before more than that, others have their turn.
QUICK_BYTES = 8 << 20


@dataclass(frozen=True)
class Prepared:
    """A delivery with the way to read it."""

    delivery: Delivery
    reading: Reading


def file_delivery(file: SourceFile, raw_table: str, newest: ledger.LedgerLine | None) -> Delivery:
    """A file as a delivery that builds on the newest batch of its source, None for the first."""
    return Delivery(
        raw_table=raw_table,
        source=file.source,
        fingerprint=file.fingerprint,
        expected=newest.batch_id if newest else None,
        check=file.check_unchanged,
    )


def at_once(files: Sequence[Path | SourceFile | RemoteSource]) -> Iterator[slice]:
    """The parts of a list of files that are prepared, and then written, together."""
    start = total = 0
    for index, file in enumerate(files):
        size = _size(file)
        small = total + size <= SMALL_BYTES
        if index - start >= (SMALL_FILES_AT_ONCE if small else FILES_AT_ONCE):
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(files):
        yield slice(start, len(files))


def _size(file: Path | SourceFile | RemoteSource) -> int:
    if isinstance(file, SourceFile):
        return file.state.size
    if isinstance(file, RemoteSource):
        return SMALL_BYTES if file.file.size is None else file.file.size
    with suppress(OSError):
        return file.stat().st_size
    return 0  # it is gone, which is said when it is opened


class Loader:
    """Writes the batches of one process."""

    def __init__(
        self,
        *,
        target: Target,
        options: LoadOptions,
        spool: Path,
        holder: str,
        wait: bool,
        on_wait: OnWait | None,
        on_progress: Callable[[Batch], None] | None,
    ) -> None:
        self.options = options
        self.spool = spool
        self.unchanged = 0
        self.warnings: list[str] = []
        self.target = target
        self._holder = holder
        self._wait = wait
        self._on_wait = on_wait
        self._on_progress = on_progress
        self._batches: list[Batch] = []
        self._skipped: list[Skipped] = []
        self._folders = 0

    def result(self) -> LoadResult:
        """What was done so far."""
        return LoadResult(
            process=self.options.process,
            batches=tuple(self._batches),
            skipped=tuple(self._skipped),
            unchanged_sources=self.unchanged,
            warnings=tuple(self.warnings),
        )

    def folder(self) -> Path:
        """A new folder for the scratch files of one source."""
        self._folders += 1
        path = self.spool / str(self._folders)
        path.mkdir()
        return path

    def session(self) -> AbstractContextManager[LoadSession]:
        """A connection that loads."""
        return self.target.load_session(
            self._holder, self.spool, wait=self._wait, on_wait=self._on_wait
        )

    def done(self, batch: Batch) -> None:
        """Note a batch that is committed, or in a dry run one that would be."""
        self._batches.append(batch)
        if self._on_progress:
            self._on_progress(batch)

    def skip(self, source: str, reason: str) -> None:
        """Note a batch that is left out."""
        self._skipped.append(Skipped(source, reason))

    def load_files(
        self,
        config: SourceConfig,
        raw_table: str,
        files: Sequence[SourceFile | RemoteSource],
        known: ledger.NewestBatches,
        landing: Landing,
    ) -> None:
        """Load files that were found new beside these newest batches.

        A batch that another loader wrote since is found when ours is written: its content counts,
        not that there is one.
        """
        # Later, a column that is no longer there is drift, which can be accepted.
        is_first = all(table != raw_table for table, _ in known)
        for part in at_once(files):
            if any(isinstance(file, RemoteSource) for file in files[part]) or (
                sum(_size(file) for file in files[part]) > QUICK_BYTES
            ):
                self.target.let_go()
            prepared = []
            folder = self.folder()
            with closing(duckdb.connect()) as reader:
                prepare_reader(reader, self.spool)
                for number, file in enumerate(self._landed(landing, files[part], folder)):
                    newest = known.get((raw_table, file.source))
                    if newest is not None and newest.fingerprint == file.fingerprint:
                        # Fetched for its new time or tag, but the content is the old one.
                        self.unchanged += 1
                        continue
                    delivery = file_delivery(file, raw_table, newest)
                    # It goes with the part's folder: all of them together would fill the disk.
                    scratch = folder / f"reading{number}"
                    scratch.mkdir()
                    reading = open_file(reader, file, config, scratch)
                    if is_first:
                        check_declared(file.source, config.columns, [reading])
                    prepared.append(Prepared(delivery, reading))
            if prepared:
                self.write(prepared)
            shutil.rmtree(folder)

    def _landed(
        self, landing: Landing, files: Sequence[SourceFile | RemoteSource], folder: Path
    ) -> Iterator[SourceFile]:
        """The files on this machine, but for those that are not complete.

        Raises:
            SourceError: one of them cannot be read.
        """
        for landed in landing.land(files, folder):
            if isinstance(landed, DatabankError):
                raise landed
            if isinstance(landed, SourceFile):
                yield landed
            else:
                self.warnings.append(str(landed))

    def write(self, prepared: Sequence[Prepared]) -> None:
        """Write deliveries in their order, each as one batch."""
        waiting = deque(prepared)
        while waiting:
            try:
                with self.session() as session:
                    while waiting:
                        try:
                            self.write_one(session, waiting[0])
                        except BeingWrittenError as error:
                            self.warnings.append(str(error.later))
                        waiting.popleft()
            except ReadAgain:
                # Out here nobody waits for us.
                first = waiting[0]
                waiting[0] = replace(first, reading=first.reading.careful())

    def write_one(self, session: LoadSession, prepared: Prepared) -> None:
        """Write a delivery as one batch, unless another loader has written the same meanwhile."""
        delivery = prepared.delivery
        while True:
            try:
                self.done(write_batch(session, delivery, prepared.reading, self.options))
            except BatchSkipped as skipped:
                self.skip(delivery.source, skipped.reason)
            except OvertakenError:
                newest = ledger.newest_of_source(session, delivery.raw_table, delivery.source)
                if newest is None or newest.fingerprint != delivery.fingerprint:
                    delivery = replace(delivery, expected=newest.batch_id if newest else None)
                    continue
                self.unchanged += 1
            return
