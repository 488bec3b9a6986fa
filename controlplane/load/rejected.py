"""Reads what loads could not: the records in `raw._rejects`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane.errors import ConfigError
from controlplane.load.ledger import REJECTS
from controlplane.targets import MissingRelationError, Target
from controlplane.targets.base import literal


@dataclass(frozen=True)
class Summary:
    """How many records of a source were rejected for a reason, in which batches."""

    raw_table: str
    source: str
    reason: str
    records: int
    first_batch: int
    last_batch: int


@dataclass(frozen=True)
class Rejected:
    """A record that was rejected: its place in the source, its text, and why.

    `byte_offset` is None where the source was converted before it was read.
    """

    batch_id: int
    source: str
    line_number: int
    byte_offset: int | None
    raw_text: str
    reason: str
    rejected_at: datetime


def summaries(target: Target) -> list[Summary]:
    """The rejects of each raw table and source by reason, the most frequent first."""
    return [
        Summary(*row)
        for row in _rows(
            target,
            "select raw_table, source, reason, count(*), min(batch_id), max(batch_id)"
            f" from {REJECTS} group by raw_table, source, reason"
            " order by raw_table, source, count(*) desc, reason",
        )
    ]


def rejected(target: Target, raw_table: str, limit: int) -> list[Rejected]:
    """The newest rejects of a raw table, in the order of their batches and lines.

    Raises:
        ConfigError: it has none.
    """
    rows = _rows(
        target,
        "select batch_id, source, line_number, byte_offset, raw_text, reason, rejected_at"
        f" from {REJECTS} where raw_table = {literal(raw_table.removeprefix('raw.'))}"
        f" order by batch_id desc, line_number limit {int(limit)}",
    )
    if not rows:
        tables = sorted({found.raw_table for found in summaries(target)})
        raise ConfigError(
            f"{raw_table}: has no rejected record",
            hint=f"those that have: {', '.join(tables)}" if tables else "no table has any",
        )
    return sorted((Rejected(*row) for row in rows), key=lambda row: (row.batch_id, row.line_number))


def _rows(target: Target, sql: str) -> list[tuple[Any, ...]]:
    try:
        return target.query(sql)
    except MissingRelationError:
        return []
