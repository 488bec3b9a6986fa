"""The statements of a replay: rejects out of `raw._rejects`, rows into raw tables, a line of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from controlplane.load.batch import read_error
from controlplane.load.csv_split import plain_row
from controlplane.load.ledger import (
    LEDGER,
    REJECTS,
    REPLAYS,
    SYSTEM_COLUMNS,
    LedgerLine,
    Query,
)
from controlplane.load.reading import from_spool
from controlplane.load.spool import disk_errors
from controlplane.naming import RAW_SCHEMA
from controlplane.targets import LoadSession, Target
from controlplane.targets.base import literal

Place = tuple[int, int]
_AT_ONCE = 500


@dataclass(frozen=True)
class Stored:
    """A reject as it is kept; `rank` counts those of its batch from 1, in the order of the source."""

    rank: int
    line: int
    offset: int | None
    text: str
    reason: str

    @property
    def at(self) -> Place:
        """Where it stands in its source."""
        return self.line, -1 if self.offset is None else self.offset


def batches_with_rejects(target: Target, raw_table: str, process: str) -> list[int]:
    """The batches of a process that have rejects, oldest first."""
    rows = target.query(
        f"select distinct batch_id from {REJECTS} where raw_table = ? and process = ?"
        " order by batch_id",
        (raw_table, process),
    )
    return [int(batch_id) for (batch_id,) in rows]


def some_rejects(query: Query, batch_id: int, skip: int, limit: int) -> list[Stored]:
    """Rejects of a batch in the order of the source, after the first `skip`."""
    rows = query(
        f"select line_number, byte_offset, raw_text, reason from {REJECTS} where batch_id = ?"
        " order by line_number, coalesce(byte_offset, -1), raw_text, reason"
        f" limit {int(limit)} offset {int(skip)}",
        (batch_id,),
    )
    return [Stored(rank, *row) for rank, row in enumerate(rows, start=skip + 1)]


def create_table(session: LoadSession) -> None:
    """Make the ledger of replays, where it is missing."""
    session.query(
        f"create table if not exists {REPLAYS} (replay_id bigint primary key,"
        " batch_id bigint not null, process text not null, raw_table text not null,"
        " source text not null, rejects bigint not null, rows_loaded bigint not null,"
        " job_id text, replayed_at timestamp not null)"
    )


def free_numbers(session: LoadSession, line: LedgerLine) -> tuple[dict[int, int], int]:
    """The place among the records of each reject's rank, and the last place that is taken.

    All that was read was numbered, rejects too, so that they are what is missing. Where they are
    not as many as there are rejects, nothing is known of their places.
    """
    table = f"{RAW_SCHEMA}.{line.raw_table}"
    bounds = [
        (int(first), int(last))
        for first, last in session.query(
            "select previous + 1, number - 1 from (select _row_number as number,"
            " coalesce(lag(_row_number) over (order by _row_number), 0) as previous"
            f" from {table} where _batch_id = ?) as numbered where number > previous + 1"
            " order by number",
            (line.batch_id,),
        )
    ]
    [(highest,)] = session.query(
        f"select coalesce(max(_row_number), 0) from {table} where _batch_id = ?", (line.batch_id,)
    )
    last = max(int(highest), line.rows_read)
    bounds.append((int(highest) + 1, last))
    if sum(end - start + 1 for start, end in bounds) != line.rows_rejected:
        return {}, last
    missing = itertools.chain.from_iterable(range(start, end + 1) for start, end in bounds)
    return dict(enumerate(missing, start=1)), last


def append_rows(
    session: LoadSession,
    line: LedgerLine,
    titles: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str | None]]],
    folder: Path,
) -> int:
    """How many rows were written into the raw table, as rows of the batch.

    `titles` name the values of a row; those that the batch left out are left out again.
    """
    good, longest = folder / "replayed.csv", 0
    kept_titles = tuple(line.titles[: len(line.columns)])
    kept = list(range(len(titles)))
    if len(titles) != len(kept_titles):
        kept = [titles.index(title) for title in kept_titles]
    with disk_errors(folder), good.open("wb") as out:
        for number, values in rows:
            chosen = (values[index] for index in kept)
            row = plain_row(number, [None if each is None else each.encode() for each in chosen])
            longest = max(longest, len(row))
            out.write(row)
    reading = from_spool(kept_titles, tuple(line.columns), good, len(rows), longest, None)
    try:
        return session.append(
            f"{RAW_SCHEMA}.{line.raw_table}",
            [*line.columns, *SYSTEM_COLUMNS],
            f"select {', '.join(line.columns)}, '{line.batch_id}', {literal(line.source)},"
            f" _row_number, '{line.loaded_at}' from ({reading.select}) as records",
        )
    except duckdb.Error as error:
        raise read_error(line.source, error) from error


def delete(session: LoadSession, batch_id: int, rejects: Sequence[Stored]) -> int:
    """How many rejects left, of those that stand in these places."""
    count = f"select count(*) from {REJECTS} where batch_id = ?"
    before = session.query(count, (batch_id,))[0][0]
    places = sorted({reject.at for reject in rejects})
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        listed = ", ".join(f"({line}, {offset})" for line, offset in some)
        session.query(
            f"delete from {REJECTS} where batch_id = {batch_id}"
            f" and (line_number, coalesce(byte_offset, -1)) in ({listed})"
        )
    return int(before - session.query(count, (batch_id,))[0][0])


def note(
    session: LoadSession,
    line: LedgerLine,
    rejects: int,
    rows: int,
    job_id: str | None,
    replayed_at: datetime,
) -> None:
    """Count so many rejects of the batch as so many rows, and keep that it was done."""
    session.query(
        f"update {LEDGER} set rows_read = rows_read + ?, rows_loaded = rows_loaded + ?,"
        " rows_rejected = rows_rejected - ? where batch_id = ?",
        (rows - rejects, rows, rejects, line.batch_id),
    )
    [(number,)] = session.query(f"select coalesce(max(replay_id), 0) + 1 from {REPLAYS}")
    session.query(
        f"insert into {REPLAYS} (replay_id, batch_id, process, raw_table, source, rejects,"
        " rows_loaded, job_id, replayed_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            line.batch_id,
            line.process,
            line.raw_table,
            line.source,
            rejects,
            rows,
            job_id,
            replayed_at,
        ),
    )
