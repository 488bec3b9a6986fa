"""Writes what lies beyond the cursor, in batches that follow the incremental key.

Nothing is lost and nothing comes twice, although the key need not be unique: a load reads from the
last loaded value on, including it, and leaves out as many copies of each record with that value as
the raw table has already. A crash between two batches is a load that ended early.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import duckdb

from controlplane.load import ledger
from controlplane.load.batch import Delivery, LoadOptions, ReadAgain, read_error, write_batch
from controlplane.load.csv_split import ROW_NUMBER
from controlplane.load.extract import Extract
from controlplane.load.ledger import LedgerLine
from controlplane.load.reading import Reading
from controlplane.load.results import Batch
from controlplane.naming import RAW_SCHEMA
from controlplane.targets import LoadSession, Target
from controlplane.targets.base import literal

_STAGED, _FRESH, _BOUNDARY = "databank_staged", "databank_fresh", "databank_boundary"


@dataclass(frozen=True)
class Increment:
    """What was read from the last loaded value on; `previous` is the batch that ended there."""

    extract: Extract
    raw_table: str
    source: str
    key: str
    previous: LedgerLine | None
    batch_size: int

    @property
    def cursor(self) -> str | None:
        """The last loaded value of the key."""
        return self.previous.cursor_value if self.previous else None


def write_increment(
    session: LoadSession, increment: Increment, options: LoadOptions
) -> Iterator[Batch]:
    """Each batch as soon as it is committed; none where nothing is new.

    Raises:
        OvertakenError: another loader wrote a batch of this source since it was read.
        ReadAgain: DuckDB cannot read the extract, but the careful way can.
    """
    reading = increment.extract.reading
    total = _stage(session, increment)
    expected = increment.previous.batch_id if increment.previous else None
    cursor = increment.cursor
    start = 1
    while start <= total or (start == 1 and reading.rejected):
        end = min(start + increment.batch_size - 1, total)
        if end >= start:
            cursor = _key_at(session, increment.key, end)
        part = f"{increment.extract.fingerprint}:{start}-{end}"
        delivery = Delivery(
            raw_table=increment.raw_table,
            source=increment.source,
            fingerprint=hashlib.sha256(part.encode()).hexdigest(),
            is_delivery=False,
            expected=expected,
            cursor_column=increment.key,
            cursor_value=cursor,
        )
        piece = Reading(
            titles=reading.titles,
            columns=reading.columns,
            select=f"select {', '.join(reading.columns)}, {ROW_NUMBER} - {start - 1} as"
            f" {ROW_NUMBER} from {_FRESH} where {ROW_NUMBER} between {start} and {end}",
            rows=max(0, end - start + 1),
            # The rejects of the whole extract go with its first batch.
            rejects=reading.rejects if start == 1 else None,
        )
        batch = write_batch(session, delivery, piece, options)
        expected = batch.batch_id
        start = end + 1 if end >= start else start + 1
        yield batch


def _stage(session: LoadSession, increment: Increment) -> int:
    """How many records are new; they are then in a temporary table, numbered from 1."""
    reading = increment.extract.reading
    names = ", ".join(reading.columns)
    table = _FRESH if increment.previous is None else _STAGED
    try:
        session.reader.execute(f"create or replace temp table {table} as {reading.select}")
    except duckdb.Error as error:
        if isinstance(error, duckdb.InvalidInputException) and reading.again:
            raise ReadAgain from error
        raise read_error(increment.source, error) from error
    if increment.previous is not None:
        _pull_boundary(session, increment)
        same = " and ".join(f"n.{name} is not distinct from b.{name}" for name in reading.columns)
        cursor = "null" if increment.cursor is None else literal(increment.cursor)
        session.reader.execute(
            f"create or replace temp table {_FRESH} as with new as (select *, row_number() over"
            f" (partition by {names} order by {ROW_NUMBER}) as copy from {_STAGED}"
            f" where {increment.key} is not distinct from {cursor}),"
            f" known as (select {names}, count(*) as copies from {_BOUNDARY} group by all),"
            f" again as (select n.{ROW_NUMBER} from new as n join known as b on {same}"
            " where n.copy <= b.copies)"
            f" select {names}, row_number() over () as {ROW_NUMBER} from {_STAGED}"
            f" where {ROW_NUMBER} not in (select {ROW_NUMBER} from again)"
        )
    row = session.reader.execute(f"select count(*) from {_FRESH}").fetchone()
    return int(row[0]) if row else 0


def _pull_boundary(session: LoadSession, increment: Increment) -> None:
    """Fetch the loaded records whose key is the cursor."""
    present = set(session.column_names(RAW_SCHEMA, increment.raw_table))
    select = _boundary(increment, present)
    session.pull(_BOUNDARY, increment.extract.reading.columns, select)


def _boundary(increment: Increment, present: set[str]) -> str:
    """The query for the loaded records whose key is the cursor.

    All of them are in batches that ended there, which saves looking through the whole raw table.
    """
    values = ", ".join(
        name if name in present else f"cast(null as text) as {name}"
        for name in increment.extract.reading.columns
    )
    at_cursor = "is null" if increment.cursor is None else f"= {literal(increment.cursor)}"
    return (
        f"select {values} from {RAW_SCHEMA}.{increment.raw_table} where {increment.key} {at_cursor}"
        f" and _batch_id in (select batch_id from {ledger.LEDGER}"
        f" where raw_table = {literal(increment.raw_table)}"
        f" and source = {literal(increment.source)} and cursor_value {at_cursor})"
    )


def has_news(target: Target, increment: Increment) -> bool:
    """Whether writing the increment would add anything; nothing is written."""
    reading = increment.extract.reading
    cursor = "null" if increment.cursor is None else literal(increment.cursor)
    names = ", ".join(reading.columns)
    with closing(duckdb.connect()) as reader:
        records = f"({reading.select}) as records"
        try:
            if increment.previous is None:
                return bool(reader.execute(f"select 1 from {records} limit 1").fetchone())
            beyond = f"select 1 from {records} where {increment.key} is distinct from {cursor}"
            if reader.execute(f"{beyond} limit 1").fetchone():
                return True
            here = reader.execute(f"select {names} from {records}").fetchall()
        except duckdb.InvalidInputException:
            # Records that cannot be read are news as well.
            return True
    present = {name for name, _ in target.columns(RAW_SCHEMA, increment.raw_table)}
    return bool(Counter(here) - Counter(target.query(_boundary(increment, present))))


def _key_at(session: LoadSession, key: str, number: int) -> str | None:
    """The key of the record with this number."""
    row = session.reader.execute(
        f"select {key} from {_FRESH} where {ROW_NUMBER} = {number}"
    ).fetchone()
    return None if row is None or row[0] is None else str(row[0])
