"""Findings made by hand, as short as they can be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from controlplane.discover.findings import (
    Additivity,
    Column,
    ColumnType,
    Findings,
    ForeignKey,
    Key,
    Role,
    Sentinel,
    Table,
    ValueType,
)

_TYPES: dict[str, ValueType] = {
    "integer": "integer",
    "decimal(12,2)": "decimal",
    "date": "date",
    "timestamp": "datetime",
    "boolean": "boolean",
}


def column(
    name: str,
    storage: str = "text",
    *,
    additivity: Additivity | None = None,
    form: str | None = None,
    sentinels: Sequence[Sentinel] = (),
    semantic: str | None = None,
) -> Column:
    kind = ColumnType(
        _TYPES.get(storage, "string"), semantic, form, 1.0, "", storage, tuple(sentinels)
    )
    return Column(name, kind, 0, 5, additivity=additivity)


def key(*columns: str, duplicates: int = 0, nulls: int = 0) -> Key:
    return Key(columns, 1.0, "", duplicates, nulls)


def to(
    table: str, columns: str | tuple[str, ...], there: str | tuple[str, ...], orphans: int = 0
) -> ForeignKey:
    mine = (columns,) if isinstance(columns, str) else columns
    other = (there,) if isinstance(there, str) else there
    return ForeignKey(mine, table, other, 1.0, "many-to-one", 1.0, orphans, 0, "")


def table(
    name: str,
    columns: Sequence[Column | str],
    primary: Key | str | None = None,
    *foreign: ForeignKey,
    role: Role | None = None,
    source: str | None = None,
    **more: Any,
) -> Table:
    listed = tuple(each if isinstance(each, Column) else column(each) for each in columns)
    unique = key(primary) if isinstance(primary, str) else primary
    return Table(
        name, source or f"{name}.csv", 5, listed, role, "", unique, (), tuple(foreign), **more
    )


def findings(*tables: Table) -> Findings:
    return Findings(tables)
