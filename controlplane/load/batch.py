"""Writes one batch: rows, rejects and the ledger's line, in one transaction or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import duckdb

from controlplane.errors import DatabankError, LoadError, SourceError, TargetError
from controlplane.load import gates, ledger
from controlplane.load.csv_split import ROW_NUMBER
from controlplane.load.reading import Reading
from controlplane.load.results import Batch
from controlplane.naming import RAW_SCHEMA
from controlplane.specs.etl import ErrorHandling
from controlplane.specs.source import SchemaDrift
from controlplane.targets import LoadSession
from controlplane.targets.base import literal

_SAMPLE_RECORDS = 100_000
_DISTINCT_SHARE = 0.5


class ReadAgain(Exception):  # noqa: N818 - a way to go on, not an error
    """DuckDB refuses the file; the careful way reads it. Nothing was kept."""


class OvertakenError(Exception):
    """Another loader wrote a batch of this source meanwhile. Nothing was kept."""


@dataclass(frozen=True)
class LoadOptions:
    """What all batches of one load share."""

    process: str
    handling: ErrorHandling
    job_id: str | None
    now: Callable[[], datetime]
    replaces: bool = False
    accept_empty: bool = False
    schema_drift: SchemaDrift = "freeze"


@dataclass(frozen=True)
class Delivery:
    """What is to become one batch.

    `check` is called when all is read, and raises when the source changed meanwhile. `expected` is
    the newest batch of the source that the delivery builds on, None for the first.
    """

    raw_table: str
    source: str
    fingerprint: str
    is_delivery: bool = True
    expected: int | None = None
    cursor_column: str | None = None
    cursor_value: str | None = None
    check: Callable[[], None] = lambda: None


def write_batch(
    session: LoadSession, delivery: Delivery, given: Reading, options: LoadOptions
) -> Batch:
    """The batch, now committed.

    Raises:
        LoadError: a gate stopped it, or it does not add up.
        SourceError: the source cannot be read, or changed while it was read.
        BatchSkipped: the spec's error handling leaves it out.
        ReadAgain: DuckDB cannot read it, but the careful way can.
        OvertakenError: another loader was faster.
    """
    source = delivery.source
    with _staged(session, delivery, given) as reading, session.transaction():
        ledger.create_tables(session)
        newest = ledger.newest_of_source(session, delivery.raw_table, source)
        if (newest.batch_id if newest else None) != delivery.expected:
            raise OvertakenError
        previous = ledger.newest_of_table(session, delivery.raw_table)
        drift = gates.Drift()
        if previous is not None and set(previous.columns) != set(reading.columns):
            drift = gates.find_drift(reading, ledger.column_sets(session, delivery.raw_table))
        gates.check_columns(source, previous, drift, options.schema_drift)
        left_out: list[str] = []
        if drift.new and options.schema_drift == "discard":
            reading = gates.leave_out(source, reading, drift.new)
            left_out = list(drift.new.values())
        if reading.rows is not None:
            gates.check_rejects(source, reading, options.handling)
        _ensure_table(session, delivery, reading)
        batch_id = ledger.next_batch_id(session)
        loaded_at = _utc(options.now())
        loaded = _append_rows(session, batch_id, delivery, reading, loaded_at)
        delivery.check()
        gates.check_rejects(source, reading, options.handling)
        if reading.rows is not None and loaded != reading.rows:
            raise LoadError(
                f"{source}: {reading.rows:,} records were read, but {loaded:,} written; nothing"
                " was kept",
                hint="this should not happen; report it with the file",
            )
        gates.check_size(
            source,
            newest,
            loaded,
            replaces=options.replaces and delivery.is_delivery,
            accept_empty=options.accept_empty,
        )
        rejected = _append_rejects(session, batch_id, delivery, reading, options, loaded_at)
        ledger.write(
            session,
            ledger.LedgerLine(
                batch_id=batch_id,
                process=options.process,
                raw_table=delivery.raw_table,
                source=source,
                fingerprint=delivery.fingerprint,
                rows_read=loaded + rejected,
                rows_loaded=loaded,
                rows_rejected=rejected,
                cursor_column=delivery.cursor_column,
                cursor_value=delivery.cursor_value,
                source_columns=json.dumps([*reading.titles, *left_out], ensure_ascii=False),
                raw_columns=json.dumps(reading.columns),
                schema_hash=ledger.schema_hash(reading.columns),
                is_delivery=delivery.is_delivery,
                job_id=options.job_id,
                loaded_at=loaded_at,
            ),
        )
    return Batch(
        batch_id=batch_id,
        raw_table=delivery.raw_table,
        source=source,
        fingerprint=delivery.fingerprint,
        rows_read=loaded + rejected,
        rows_loaded=loaded,
        rows_rejected=rejected,
        cursor_value=delivery.cursor_value,
        is_delivery=delivery.is_delivery,
        notes=drift.notes(delivery.raw_table, options.schema_drift),
    )


@contextmanager
def _staged(session: LoadSession, delivery: Delivery, reading: Reading) -> Iterator[Reading]:
    """The reading from a copy that all threads have made and can read, where that is faster.

    The records of a table that was made by one statement are numbered from 0 in their order. Within
    the transaction DuckDB would read the copy with one thread.
    """
    if session.copies_text or not reading.unnumbered or "rowid" in reading.columns:
        yield reading
        return
    with _reading(delivery, reading):
        session.reader.execute(f"create or replace temp table staged as {reading.unnumbered}")
    select = f"select {', '.join(reading.columns)}, rowid + 1 as {ROW_NUMBER} from staged"
    try:
        yield replace(reading, select=select, unnumbered="", is_staged=True)
    finally:
        # After a full disk DuckDB may refuse everything; what happened then is already being said.
        with suppress(duckdb.Error):
            session.reader.execute("drop table if exists staged")


def _ensure_table(session: LoadSession, delivery: Delivery, reading: Reading) -> None:
    """Make the raw table, or add the columns that it does not have yet."""
    present = session.column_names(RAW_SCHEMA, delivery.raw_table)
    table = f"{RAW_SCHEMA}.{delivery.raw_table}"
    if present:
        for name in reading.columns:
            if name not in present:
                session.query(f"alter table {table} add column {name} text")
        return
    of_their_own = _mostly_distinct(session, reading)
    try:
        session.query(_create_table(table, reading.columns, of_their_own))
    except TargetError:
        if not of_their_own:
            raise
        # A file in a newer format of DuckDB has another method, which tries both at once.
        session.query(_create_table(table, reading.columns, frozenset()))
    if not delivery.is_delivery:
        # Increments look up the records of the last batches.
        session.index_batches(delivery.raw_table)


def _create_table(table: str, columns: Sequence[str], distinct: Collection[str]) -> str:
    kinds = (
        f"{name} text using compression fsst" if name in distinct else f"{name} text"
        for name in columns
    )
    return (
        f"create table {table} ({', '.join(kinds)}, _batch_id bigint not null, _source_file text,"
        " _row_number bigint not null, _loaded_at timestamp not null)"
    )


def _mostly_distinct(session: LoadSession, reading: Reading) -> frozenset[str]:
    """The columns of a staged copy whose values are mostly distinct, as its first records tell.

    DuckDB compresses such a column with FSST anyway (Boncz, Neumann and Leis, PVLDB 13(11), 2020),
    but tries a dictionary first, which takes a fifth of the time of writing.
    """
    if not reading.is_staged:
        return frozenset()
    shares = ", ".join(
        f"approx_count_distinct({name}) > {_DISTINCT_SHARE} * count({name})"
        for name in reading.columns
    )
    (found,) = session.query(
        f"select {shares} from (from staged limit {_SAMPLE_RECORDS}) as sample"
    )
    pairs = zip(reading.columns, found, strict=True)
    return frozenset(name for name, is_distinct in pairs if is_distinct)


def _append_rows(
    session: LoadSession,
    batch_id: int,
    delivery: Delivery,
    reading: Reading,
    loaded_at: datetime,
) -> int:
    names = ", ".join(reading.columns)
    batch, moment = f"cast({batch_id} as bigint)", f"timestamp '{loaded_at}'"
    if session.copies_text:
        # Printing a timestamp for every row takes as long as reading the row.
        batch, moment = f"'{batch_id}'", f"'{loaded_at}'"
    select = (
        f"select {names}, {batch}, {literal(delivery.source)}, {ROW_NUMBER}, {moment}"
        f" from ({reading.select}) as records"
    )
    with _reading(delivery, reading):
        return session.append(
            f"{RAW_SCHEMA}.{delivery.raw_table}",
            [*reading.columns, *ledger.SYSTEM_COLUMNS],
            select,
        )


@contextmanager
def _reading(delivery: Delivery, reading: Reading) -> Iterator[None]:
    """Turns what DuckDB raises while it reads the source into ours."""
    try:
        yield
    except duckdb.Error as error:
        # A source that is gone or changed explains whatever DuckDB made of it.
        delivery.check()
        if isinstance(error, duckdb.InvalidInputException) and reading.again:
            raise ReadAgain from error
        raise read_error(delivery.source, error) from error


def _append_rejects(
    session: LoadSession,
    batch_id: int,
    delivery: Delivery,
    reading: Reading,
    options: LoadOptions,
    rejected_at: datetime,
) -> int:
    if reading.rejects is None or not reading.rejects.count:
        return 0
    written = session.append(
        ledger.REJECTS,
        ledger.REJECT_COLUMNS,
        f"select cast({batch_id} as bigint), {literal(options.process)},"
        f" {literal(delivery.raw_table)}, {literal(delivery.source)}, line_number, byte_offset,"
        f" raw_text, reason, timestamp '{rejected_at}' from ({reading.rejects.select()}) as given",
    )
    if written != reading.rejects.count:
        raise LoadError(
            f"{delivery.source}: {reading.rejects.count:,} records were rejected, but {written:,}"
            " written; nothing was kept"
        )
    return written


def read_error(source: str, error: duckdb.Error) -> DatabankError:
    """Our error for one that DuckDB raised while it read a source into the warehouse."""
    from controlplane.targets.duckdb import is_full

    text = str(error)
    first = text.splitlines()[0] if text else type(error).__name__
    if is_full(text):
        return LoadError(
            f"{source}: the disk is full ({first}); nothing of it was kept",
            hint="free some space and run the same command again; nothing was lost",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return LoadError(f"{source}: does not fit into memory ({first}); nothing of it was kept")
    return SourceError(f"{source}: cannot be read: {first}")


def _utc(moment: datetime) -> datetime:
    """The moment in UTC, without a time zone, as all timestamps in the warehouse are."""
    if moment.tzinfo is None:
        return moment

    return moment.astimezone(UTC).replace(tzinfo=None)
