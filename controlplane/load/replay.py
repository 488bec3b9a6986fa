"""Reads rejects again, under the spec as it is now, and moves those that can be read to the raw table.

A record that is read at last belongs to the batch that brought it: it gets that batch's number and
its own place in the source, as if it had been read at once. So the newest delivery stays the newest,
a later record of the same key is not replaced by an earlier one, and the file is as loaded as it was.
`raw._replays` says what was replayed; models that look for new batches are made anew because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import ConfigError, LoadError
from controlplane.load import ledger, replays
from controlplane.load.original import Original, UnreadableError, original
from controlplane.load.reparse import Row, read_again
from controlplane.load.replays import Place, Stored
from controlplane.load.results import BatchReplay, ReplayResult
from controlplane.load.spool import spool_folder
from controlplane.naming import raw_table
from controlplane.specs.etl import EtlProcess
from controlplane.targets import LoadSession, MissingRelationError, Target
from controlplane.targets.base import OnWait

# So many rejects are read again and written in one transaction.
AT_ONCE = 1000
REPLAYED_TYPES = ("csv", "tsv", "json", "jsonl")


@dataclass(frozen=True)
class _Readable:
    """A reject with the records that it is made of."""

    reject: Stored
    rows: list[Row]


def replay_rejects(
    process: EtlProcess,
    project: Project,
    target: Target,
    *,
    job_id: str | None,
    now: Callable[[], datetime],
    batch: int | None = None,
    dry_run: bool = False,
    holder: str | None = None,
    wait: bool = True,
    on_wait: OnWait | None = None,
    on_batch: Callable[[BatchReplay], None] | None = None,
) -> ReplayResult:
    """Read the rejects of a process again; those that are records now go to the raw table.

    Up to `AT_ONCE` rejects of a batch are one transaction: the rows, the rejects that leave, the
    ledger's counts and the line in `raw._replays`. What fails leaves nothing behind.

    Args:
        process: the process, as its spec is now.
        project: the project that it belongs to.
        target: the warehouse.
        job_id: the job that the replay is recorded under.
        now: the clock.
        batch: only the rejects of this batch.
        dry_run: only say what could be read.
        holder: what those who wait for us are told.
        wait: whether to wait for another writer.
        on_wait: is told once who is waited for.
        on_batch: is told what became of each batch.

    Raises:
        ConfigError: rejects of its kind of source are not read again, or the batch has none.
        SourceError: a file is there and cannot be read.
        LockBusyError: somebody else is writing, and `wait` is false.
    """
    check_replayable(process)
    table = raw_table(process.slug)
    try:
        ids = replays.batches_with_rejects(target, table, process.slug)
    except MissingRelationError:
        ids = []
    if batch is not None and batch not in ids:
        listed = ", ".join(map(str, ids)) or "none"
        raise ConfigError(
            f"batch {batch} of raw.{table} has no reject (those that have: {listed})",
            hint="databank rejects list says which batches have some",
        )
    found = []
    with spool_folder(project.ensure_state_dir()) as spool:
        for batch_id in ids if batch is None else [batch]:
            folder = spool / str(batch_id)
            folder.mkdir()
            # Looking at the file takes a while, and is done before anybody has to wait.
            one = _Batch(process, project, target, batch_id, folder, job_id, now)
            if dry_run:
                done = one.try_out(target)
            else:
                name = holder or f"databank rejects replay {process.slug}"
                with target.load_session(name, folder, wait=wait, on_wait=on_wait) as session:
                    done = one.carry_out(session)
            found.append(done)
            if on_batch:
                on_batch(done)
    return ReplayResult(process.slug, table, tuple(found))


def check_replayable(process: EtlProcess) -> None:
    """Raises `ConfigError` where rejects of the process's kind of source are not read again."""
    kind = process.source_config.source_type
    if kind in REPLAYED_TYPES:
        return
    raise ConfigError(
        f"{process.slug}: rejects of source_type {kind} are not replayed, only those of"
        f" {', '.join(REPLAYED_TYPES)}",
        hint="correct the source: a file that changed is loaded again by the next run",
    )


class _Batch:
    """Reads the rejects of one batch again."""

    def __init__(
        self,
        process: EtlProcess,
        project: Project,
        target: Target,
        batch_id: int,
        folder: Path,
        job_id: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._id = batch_id
        self._folder = folder
        self._job_id = job_id
        self._now = now
        line = ledger.line_of(target.query, batch_id)
        self._source = line.source
        self._known: Original | str
        try:
            self._known = original(
                line, process.source_config, project.root, project.ensure_state_dir(), folder
            )
        except UnreadableError as error:
            self._known = str(error)
        self._titles = self._known.titles if isinstance(self._known, Original) else ()

    def try_out(self, target: Target) -> BatchReplay:
        """What would become of them."""
        done = BatchReplay(self._id, self._source)
        seen = 0
        while rejects := replays.some_rejects(target.query, self._id, seen, AT_ONCE):
            _count(done, *_read(self._known, rejects))
            seen += len(rejects)
        return done

    def carry_out(self, session: LoadSession) -> BatchReplay:
        """What became of them; each part in a transaction of its own."""
        done = BatchReplay(self._id, self._source)
        seen = 0
        while True:
            rejects = replays.some_rejects(session.query, self._id, seen, AT_ONCE)
            if not rejects:
                return done
            readable, staying = _read(self._known, rejects)
            if readable and not self._write(session, rejects, readable, seen):
                seen, done.remaining = 0, Counter()  # somebody else took some of them
                continue
            _count(done, readable, staying)
            seen += len(rejects) - len(readable)

    def _write(
        self,
        session: LoadSession,
        rejects: Sequence[Stored],
        readable: Sequence[_Readable],
        seen: int,
    ) -> bool:
        """Move the records to the raw table; False if the rejects are no longer the same."""
        with session.transaction():
            if replays.some_rejects(session.query, self._id, seen, AT_ONCE) != rejects:
                return False
            replays.create_table(session)
            line = ledger.line_of(session.query, self._id)
            numbered = _numbered(readable, *replays.free_numbers(session, line))
            moved = len(readable)
            rows = replays.append_rows(session, line, self._titles, numbered, self._folder)
            gone = replays.delete(session, self._id, [each.reject for each in readable])
            if (rows, gone) != (len(numbered), moved):
                raise LoadError(
                    f"{line.source}: {moved} rejects were read again as {len(numbered)} records,"
                    f" but {rows} written and {gone} removed; nothing was changed"
                )
            moment = self._now().astimezone(UTC).replace(tzinfo=None)
            replays.note(session, line, moved, len(numbered), self._job_id, moment)
        return True


def _read(
    known: Original | str, rejects: Sequence[Stored]
) -> tuple[list[_Readable], list[tuple[Place, str]]]:
    """Those that are records now, and the others with why they are not."""
    readable: list[_Readable] = []
    staying: list[tuple[Place, str]] = []
    for reject in rejects:
        if isinstance(known, str):
            staying.append((reject.at, known))
            continue
        try:
            rows = read_again(known, reject.text, reject.offset, reject.reason)
        except UnreadableError as error:
            staying.append((reject.at, str(error)))
        else:
            readable.append(_Readable(reject, rows))
    # Elements of an array in one line have the same place: those of a line stay or go together.
    kept = {place for place, _ in staying}
    apart = [each for each in readable if each.reject.at not in kept]
    reason = "cannot be told from a record of the same line that is still none"
    staying += [(each.reject.at, reason) for each in readable if each.reject.at in kept]
    return apart, staying


def _numbered(
    readable: Sequence[_Readable], free: Mapping[int, int], last: int
) -> list[tuple[int, Row]]:
    """Each record with its number: the first of a reject has its place, further ones come last."""
    numbered: list[tuple[int, Row]] = []
    for each in readable:
        for position, row in enumerate(each.rows):
            number = free.get(each.reject.rank) if position == 0 else None
            if number is None:
                last = number = last + 1
            numbered.append((number, row))
    return numbered


def _count(
    done: BatchReplay, readable: Sequence[_Readable], staying: Sequence[tuple[Place, str]]
) -> None:
    done.replayed += len(readable)
    done.rows += sum(len(each.rows) for each in readable)
    done.remaining.update(reason for _, reason in staying)
