"""Loads files that nobody described into raw tables: `databank ingest --file`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from controlplane.config import Project
from controlplane.errors import DatabankError
from controlplane.load import ledger
from controlplane.load.batch import Delivery, LoadOptions, ReadAgain
from controlplane.load.files import BeingWrittenError, Later, SourceFile
from controlplane.load.landing import Landed, Landing, RemoteSource
from controlplane.load.loader import Loader, Prepared, at_once, file_delivery
from controlplane.load.results import Batch
from controlplane.load.sheet_layout import SheetLayout
from controlplane.load.spool import spool_folder
from controlplane.naming import MAX_NAME, snake_case
from controlplane.sniff.layout import Layout
from controlplane.sniff.reading import Opened, open_unknown, sheet_names
from controlplane.specs.etl import ErrorHandling
from controlplane.targets import LoadSession, Target
from controlplane.targets.base import OnWait
from controlplane.targets.duckdb import prepare_reader

_ENDINGS = re.compile(r"(\.\w{1,8})?\.(gz|bz2|xz|zst|zstd|zip)$|\.\w{1,8}$", re.IGNORECASE)


@dataclass(frozen=True)
class LoadedFile:
    """What became of one file: `batch` is None where it was loaded before, or where it failed.

    `later` says why the file is left for the next load.
    """

    source: str
    table: str
    format: str | None = None
    layout: Layout | SheetLayout | None = None
    titles: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    batch: Batch | None = None
    error: DatabankError | None = None
    later: str | None = None

    @property
    def status(self) -> str:
        """loaded, unchanged, later or failed."""
        if self.error is not None:
            return "failed"
        if self.later is not None:
            return "later"
        return "loaded" if self.batch else "unchanged"

    def to_dict(self) -> Mapping[str, Any]:
        """The outcome as plain values."""
        batch = self.batch
        return {
            "file": self.source,
            "table": f"raw.{self.table}",
            "status": self.status,
            "format": self.format,
            "layout": self.layout.to_dict() if self.layout else None,
            "columns": [
                {"name": name, "title": title}
                for name, title in zip(self.columns, self.titles, strict=True)
            ],
            "batch": batch.batch_id if batch else None,
            "rows_read": batch.rows_read if batch else 0,
            "rows_loaded": batch.rows_loaded if batch else 0,
            "rows_rejected": batch.rows_rejected if batch else 0,
            "later": self.later,
            "error": str(self.error) if self.error else None,
        }


def table_name(file_name: str) -> str:
    """The raw table for a file: its name without the endings, as a plain name."""
    name = snake_case(_ENDINGS.sub("", file_name) or file_name)[: MAX_NAME - 4].strip("_")
    return name if name[:1].isalpha() else f"file_{name}".strip("_")


def load_unknown(
    files: Sequence[tuple[Path | RemoteSource, str]],
    project: Project,
    target: Target,
    landing: Landing,
    *,
    job_id: str | None,
    now: Callable[[], datetime],
    accept_drift: bool = False,
    wait: bool = True,
    on_wait: OnWait | None = None,
    sheet: str | None = None,
    table_per_sheet: bool = False,
    reserved: Collection[str] = (),
) -> Iterator[LoadedFile]:
    """Load each file into its table, each as one batch; what became of it.

    Records that do not fit, and what stands around the table, go to `raw._rejects`. A file whose
    content is the newest that was loaded from its place is left alone. One that fails leaves
    nothing behind, and does not keep the others from being loaded.

    Args:
        files: each with the name of its raw table.
        project: the project whose warehouse it is.
        target: the warehouse.
        landing: what found the files that lie elsewhere.
        job_id: the job that the batches are recorded under.
        now: the clock.
        accept_drift: load although the columns are others than those of the table.
        wait: whether to wait for another writer.
        on_wait: is told once who is waited for.
        sheet: the sheet of a workbook; default: the one that holds something.
        table_per_sheet: give each sheet a table, where several hold something.
        reserved: tables that no sheet may go to.
    """
    known = ledger.newest_by_process(target)
    state = project.ensure_state_dir()
    taken = {*reserved, *(table for _, table in files)}
    with landing, spool_folder(state) as spool, closing(duckdb.connect()) as reader:
        prepare_reader(reader, spool)

        def loader_of(table: str, folder: Path) -> Loader:
            folder.mkdir(exist_ok=True)
            return Loader(
                target=target,
                options=LoadOptions(
                    process=table,
                    handling=ErrorHandling(error_action="quarantine"),
                    job_id=job_id,
                    now=now,
                    schema_drift="evolve" if accept_drift else "freeze",
                ),
                spool=folder,
                holder="databank ingest --file",
                wait=wait,
                on_wait=on_wait,
                on_progress=None,
            )

        for part in at_once([file for file, _ in files]):
            opened: list[LoadedFile | _Opened] = []
            chunk = files[part]
            fetched = spool / "fetched"
            fetched.mkdir()
            landed = _land(landing, chunk, known, fetched)
            for index, (given, table) in enumerate(chunk):
                file = _identified(given, landed.get(index), table, project.root, landing)
                if isinstance(file, LoadedFile):
                    opened.append(file)
                    continue
                loader = loader_of(table, spool / str(index))
                sheets = _sheets(loader, file) if table_per_sheet else []
                if sheet is not None or len(sheets) < 2:
                    opened.append(_open(loader, reader, file, known, sheet))
                    continue
                for number, name in enumerate(sheets, start=1):
                    own = _sheet_table(table, name, number, taken)
                    loader = loader_of(own, spool / f"{index}-{number}")
                    opened.append(_open(loader, reader, file, known, name))
            yield from _write_all(opened)
            for folder in spool.iterdir():
                shutil.rmtree(folder)


def _land(
    landing: Landing,
    files: Sequence[tuple[Path | RemoteSource, str]],
    known: Mapping[str, ledger.NewestBatches],
    folder: Path,
) -> dict[int, Landed]:
    """Those from elsewhere whose content may be new, on this machine, by their place in the list."""
    new = {}
    for index, (file, table) in enumerate(files):
        if isinstance(file, RemoteSource):
            newest = known.get(table, {}).get((table, file.source))
            if newest is None or newest.fingerprint != file.fingerprint:
                new[index] = file
    return dict(zip(new, landing.land(list(new.values()), folder), strict=True))


@dataclass(frozen=True)
class _Opened:
    """A file that is ready to be written."""

    loader: Loader
    delivery: Delivery
    found: Opened


def _identified(
    given: Path | RemoteSource,
    landed: Landed | None,
    table: str,
    root: Path,
    landing: Landing,
) -> SourceFile | LoadedFile:
    """The file as it lies on this machine, or what became of it already."""
    if isinstance(given, Path):
        try:
            return landing.memory.identify(given, root)
        except BeingWrittenError as error:
            return LoadedFile(error.later.source, table, later=error.later.reason)
        except DatabankError as error:
            return LoadedFile(str(given), table, error=error)
    if isinstance(landed, DatabankError):
        return LoadedFile(given.source, table, error=landed)
    if isinstance(landed, Later):
        return LoadedFile(given.source, table, later=landed.reason)
    return landed or LoadedFile(given.source, table)


def _sheets(loader: Loader, file: SourceFile) -> list[str]:
    """The sheets of a workbook that hold something; none for another file or a damaged one."""
    try:
        return sheet_names(file, loader.folder())
    except DatabankError:
        return []  # said when it is opened


def _sheet_table(table: str, sheet: str, number: int, taken: set[str]) -> str:
    """The raw table for a sheet, which no other sheet or file goes to."""
    base = f"{table}_{snake_case(sheet) or number}"[: MAX_NAME - 4].strip("_")
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


def _open(
    loader: Loader,
    reader: duckdb.DuckDBPyConnection,
    file: SourceFile,
    known: Mapping[str, ledger.NewestBatches],
    sheet: str | None,
) -> LoadedFile | _Opened:
    """Find out how the file is read, if it is new."""
    table = loader.options.process
    newest = known.get(table, {}).get((table, file.source))
    if newest is not None and newest.fingerprint == file.fingerprint:
        return LoadedFile(file.source, table)
    try:
        delivery = file_delivery(file, table, newest)
        return _Opened(loader, delivery, open_unknown(reader, file, loader.folder(), sheet))
    except DatabankError as error:
        return LoadedFile(file.source, table, error=error)


def _write_all(opened: Sequence[LoadedFile | _Opened]) -> Iterator[LoadedFile]:
    """Write what is new in one session: opening and closing a warehouse takes longer than a file."""
    first = next((each for each in opened if isinstance(each, _Opened)), None)
    if first is None:
        yield from (each for each in opened if isinstance(each, LoadedFile))
        return
    with first.loader.session() as session:
        for each in opened:
            yield _write(session, each) if isinstance(each, _Opened) else each


def _write(session: LoadSession, opened: _Opened) -> LoadedFile:
    """Write the file as a batch; what became of it."""
    loader, found, delivery = opened.loader, opened.found, opened.delivery
    outcome = LoadedFile(
        delivery.source,
        delivery.raw_table,
        format=found.format,
        layout=found.layout,
        titles=found.reading.titles,
        columns=found.reading.columns,
    )
    reading = found.reading
    try:
        try:
            loader.write_one(session, Prepared(delivery, reading))
        except ReadAgain:
            loader.write_one(session, Prepared(delivery, reading.careful()))
    except BeingWrittenError as error:
        return replace(outcome, later=error.later.reason)
    except DatabankError as error:
        return replace(outcome, error=error)
    batches = loader.result().batches
    return replace(outcome, batch=batches[0] if batches else None)
