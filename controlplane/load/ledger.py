"""The load ledger `raw._loads`: which batches the warehouse holds, one line each.

A line is written in the transaction that writes the batch's rows and rejects, so the ledger and the
raw tables never disagree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from controlplane.naming import (
    LEDGER_TABLE,
    RAW_SCHEMA,
    REJECTS_TABLE,
    REPLAYED,
    REPLAYS_TABLE,
)
from controlplane.targets import LoadSession, MissingRelationError, Target

LEDGER = f"{RAW_SCHEMA}.{LEDGER_TABLE}"
REJECTS = f"{RAW_SCHEMA}.{REJECTS_TABLE}"
REPLAYS = f"{RAW_SCHEMA}.{REPLAYS_TABLE}"
REJECT_COLUMNS = (
    "batch_id",
    "process",
    "raw_table",
    "source",
    "line_number",
    "byte_offset",
    "raw_text",
    "reason",
    "rejected_at",
)
SYSTEM_COLUMNS = ("_batch_id", "_source_file", "_row_number", "_loaded_at")


Query = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class LedgerLine:
    """One batch; the fields are the ledger's columns, in their order."""

    batch_id: int
    process: str
    raw_table: str
    source: str
    fingerprint: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    cursor_column: str | None
    cursor_value: str | None
    source_columns: str
    raw_columns: str
    schema_hash: str
    is_delivery: bool
    job_id: str | None
    loaded_at: datetime

    @property
    def titles(self) -> list[str]:
        """The header as the source had it; columns that were left out stand at the end."""
        return list(json.loads(self.source_columns))

    @property
    def columns(self) -> list[str]:
        """The raw table's columns that the batch filled."""
        return list(json.loads(self.raw_columns))


@dataclass(frozen=True)
class ColumnSet:
    """Columns that batches of a raw table had, and the oldest and newest batch that had just them.

    `titles` are the names of the source by the raw table's.
    """

    titles: Mapping[str, str]
    oldest: int
    newest: int


_COLUMNS = ", ".join(item.name for item in fields(LedgerLine))


def schema_hash(columns: Sequence[str]) -> str:
    """Equal for two batches with the same raw columns in the same order."""
    return hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()


def create_tables(session: LoadSession) -> None:
    """Make the schema `raw`, the ledger and the rejects, where they are missing."""
    if all(session.column_names(RAW_SCHEMA, name) for name in (LEDGER_TABLE, REJECTS_TABLE)):
        return
    session.query(f"create schema if not exists {RAW_SCHEMA}")
    session.query(
        f"create table if not exists {LEDGER} (batch_id bigint primary key, process text not null,"
        " raw_table text not null, source text not null, fingerprint text not null,"
        " rows_read bigint not null, rows_loaded bigint not null, rows_rejected bigint not null,"
        " cursor_column text, cursor_value text, source_columns text not null,"
        " raw_columns text not null, schema_hash text not null, is_delivery boolean not null,"
        " job_id text, loaded_at timestamp not null)"
    )
    session.query(
        f"create table if not exists {REJECTS} (batch_id bigint not null, process text not null,"
        " raw_table text not null, source text not null, line_number bigint, byte_offset bigint,"
        " raw_text text, reason text not null, rejected_at timestamp not null)"
    )


def next_batch_id(session: LoadSession) -> int:
    """The id of the next batch; only true until the transaction ends."""
    return int(session.query(f"select coalesce(max(batch_id), 0) + 1 from {LEDGER}")[0][0])


def write(session: LoadSession, line: LedgerLine) -> None:
    """Add a line."""
    marks = ", ".join("?" for _ in fields(LedgerLine))
    session.query(f"insert into {LEDGER} ({_COLUMNS}) values ({marks})", astuple(line))


def newest_of_table(session: LoadSession, raw_table: str) -> LedgerLine | None:
    """The newest batch of a raw table, whichever source it came from."""
    rows = session.query(
        f"select {_COLUMNS} from {LEDGER} where raw_table = ? order by batch_id desc limit 1",
        (raw_table,),
    )
    return LedgerLine(*rows[0]) if rows else None


def column_sets(session: LoadSession, raw_table: str) -> list[ColumnSet]:
    """Every set of columns that a batch of the raw table had."""
    rows = session.query(
        "select raw_columns, source_columns, min(batch_id), max(batch_id)"
        f" from {LEDGER} where raw_table = ? group by raw_columns, source_columns",
        (raw_table,),
    )
    return [
        ColumnSet(
            # Titles of columns that were left out have no raw column, and stand at the end.
            dict(zip(json.loads(columns), json.loads(titles), strict=False)),
            int(oldest),
            int(newest),
        )
        for columns, titles, oldest, newest in rows
    ]


def line_of(query: Query, batch_id: int) -> LedgerLine:
    """The line of a batch that is there."""
    return LedgerLine(*query(f"select {_COLUMNS} from {LEDGER} where batch_id = ?", (batch_id,))[0])


def newest_of_source(session: LoadSession, raw_table: str, source: str) -> LedgerLine | None:
    """The newest batch of one source of a raw table."""
    rows = session.query(
        f"select {_COLUMNS} from {LEDGER} where raw_table = ? and source = ?"
        " order by batch_id desc limit 1",
        (raw_table, source),
    )
    return LedgerLine(*rows[0]) if rows else None


NewestBatches = dict[tuple[str, str], LedgerLine]


def newest_by_source(target: Target, process: str) -> NewestBatches:
    """The newest batch of every raw table and source of a process."""
    return newest_by_process(target).get(process, {})


def newest_by_process(target: Target) -> dict[str, NewestBatches]:
    """The newest batch of every raw table and source, by process, in one query."""
    try:
        rows = target.query(
            f"select {_COLUMNS} from {LEDGER} where batch_id in (select max(batch_id)"
            f" from {LEDGER} group by process, raw_table, source)"
        )
    except MissingRelationError:
        return {}
    newest: dict[str, NewestBatches] = {}
    for row in rows:
        line = LedgerLine(*row)
        newest.setdefault(line.process, {})[line.raw_table, line.source] = line
    return newest


def current_batches(target: Target) -> dict[str, str]:
    """The newest batch of every raw table, in one query: its id, and when it was loaded.

    After a backup was restored the same id may come again, for another batch. Where rejects were
    replayed, the newest replay follows, for it adds records to batches that are there.
    """
    try:
        rows = target.query(
            f"select raw_table, batch_id, loaded_at, (select count(*) from"
            " information_schema.tables where table_schema = ? and table_name = ?)"
            f" from {LEDGER} where batch_id in (select max(batch_id) from {LEDGER}"
            " group by raw_table)",
            (RAW_SCHEMA, REPLAYS_TABLE),
        )
    except MissingRelationError:
        return {}
    has_replays = any(row[3] for row in rows)
    replays = _newest_replays(target) if has_replays else {}
    return {
        str(table): f"{batch} {loaded_at.isoformat()}{replays.get(table, '')}"
        for table, batch, loaded_at, _ in rows
    }


def _newest_replays(target: Target) -> dict[str, str]:
    rows = target.query(
        f"select raw_table, replay_id, replayed_at from {REPLAYS} where replay_id in"
        f" (select max(replay_id) from {REPLAYS} group by raw_table)"
    )
    return {str(table): f"{REPLAYED}{number} {at.isoformat()}" for table, number, at in rows}
