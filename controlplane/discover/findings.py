"""What was found out about data that nobody described: values, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from controlplane.discover.quality_scores import TableQuality

# What a value is, in the few words that every engine has.
ValueType = Literal[
    "integer", "decimal", "boolean", "date", "datetime", "time", "year", "string", "empty"
]
Role = Literal["fact", "dimension", "bridge", "lookup"]
Cardinality = Literal["many-to-one", "one-to-one"]
Additivity = Literal["additive", "semi-additive", "non-additive"]


@dataclass(frozen=True)
class Sentinel:
    """A value that stands for a missing one; `rows` have it."""

    value: str
    rows: int
    reason: str


@dataclass(frozen=True)
class Written:
    """How the values of a column are written, as far as type and format do not say it.

    `decimal` and `group` are the marks before decimals and between thousands, `sign` the currency or
    `%`, `scale` the most digits behind the mark and `digits` the most of all; `words` are the names of
    months; `doubt` says why the same values could mean others, where nothing decides it.
    """

    decimal: str = "."
    group: str = ","
    sign: str = ""
    scale: int = 0
    digits: int = 0
    words: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class ColumnType:
    """What the values of a column are.

    `format` is a strptime pattern of dates and times; `storage` the type that a spec declares, such
    as `decimal(12,2)`; `confidence` the share of such answers that are right, 0 to 1; `pattern` how
    most values are written, such as `9+-9+-9+` or `A+9+`. `by_itself` is type and semantic as they
    were found, where a correction gave others. `storage_without` is the type that a spec could
    declare if the sentinels that are none of it were null.
    """

    type: ValueType
    semantic: str | None
    format: str | None
    confidence: float
    reason: str
    storage: str = "text"
    sentinels: tuple[Sentinel, ...] = ()
    pattern: str = ""
    by_itself: tuple[ValueType, str | None] | None = None
    written: Written | None = None
    storage_without: str = "text"


@dataclass(frozen=True)
class Column:
    """A column as its source names it."""

    name: str
    kind: ColumnType
    nulls: int
    # Exact, or an estimate where the table is large; an estimate confirms no key.
    distinct: int
    is_exact: bool = True
    # How a number adds up, where it is something that is measured.
    additivity: Additivity | None = None


@dataclass(frozen=True)
class Key:
    """Columns that identify a row; `duplicates` and `nulls` are the rows that speak against it."""

    columns: tuple[str, ...]
    confidence: float
    reason: str
    duplicates: int = 0
    nulls: int = 0


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values are a key of another table, or of the same.

    `orphans` counts the rows whose value the other table does not have, `nulls` those without a
    value; `coverage` is the share of the rows with a value that are no orphans.
    """

    columns: tuple[str, ...]
    ref_table: str
    ref_columns: tuple[str, ...]
    confidence: float
    cardinality: Cardinality
    coverage: float
    orphans: int
    nulls: int
    reason: str


@dataclass(frozen=True)
class Level:
    """A column of a hierarchy; of another table when `table` says so."""

    table: str
    column: str


@dataclass(frozen=True)
class Hierarchy:
    """Levels of which each determines the one before it, from the coarsest to the finest."""

    name: str
    levels: tuple[Level, ...]
    # Columns that are as fine as a level of it: a code beside its name.
    siblings: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Table:
    """A table; `source` is the path of its file, or its schema and name in a database."""

    name: str
    source: str
    rows: int
    columns: tuple[Column, ...]
    role: Role | None = None
    role_reason: str = ""
    primary_key: Key | None = None
    candidate_keys: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()

    def column(self, name: str) -> Column:
        """The column with this name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Findings:
    """All tables of a source, and the notes that a person should read.

    `quality` has the scores of each table by its name, where they were asked for.
    """

    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    quality: Mapping[str, TableQuality] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table with this name."""
        return next(table for table in self.tables if table.name == name)

    def to_dict(self) -> dict[str, Any]:
        """The findings as `databank discover --output json` prints them."""
        tables = [_table(table) for table in self.tables]
        for table in tables:
            if quality := self.quality.get(table["name"]):
                table["quality"] = quality.to_dict()
                for column, scores in zip(table["columns"], quality.columns, strict=True):
                    column["quality"] = scores.to_dict()
        return {"tables": tables, "notes": list(self.notes)}


def _table(table: Table) -> dict[str, Any]:
    key = table.primary_key
    return {
        "name": table.name,
        "source": table.source,
        "rows": table.rows,
        "role": table.role,
        "role_reason": table.role_reason,
        "primary_key": None if key is None else _key(key),
        "candidate_keys": [_key(each) for each in table.candidate_keys],
        "foreign_keys": [_foreign_key(each) for each in table.foreign_keys],
        "columns": [_column(column, table.rows) for column in table.columns],
        "hierarchies": [_hierarchy(each, table.name) for each in table.hierarchies],
    }


def _key(key: Key) -> dict[str, Any]:
    return {
        "columns": list(key.columns),
        "confidence": round(key.confidence, 3),
        "duplicates": key.duplicates,
        "nulls": key.nulls,
        "reason": key.reason,
    }


def _foreign_key(key: ForeignKey) -> dict[str, Any]:
    return {
        "columns": list(key.columns),
        "ref_table": key.ref_table,
        "ref_columns": list(key.ref_columns),
        "confidence": round(key.confidence, 3),
        "cardinality": key.cardinality,
        "coverage": round(key.coverage, 5),
        "orphans": key.orphans,
        "nulls": key.nulls,
        "reason": key.reason,
    }


def _column(column: Column, rows: int) -> dict[str, Any]:
    kind = column.kind
    return {
        "name": column.name,
        "type": kind.type,
        "semantic": kind.semantic,
        "format": kind.format,
        "confidence": round(kind.confidence, 3),
        "reason": kind.reason,
        "nullable": column.nulls > 0 or rows == 0,
        "nulls": column.nulls,
        "distinct": column.distinct,
        "distinct_is_exact": column.is_exact,
        "pattern": kind.pattern,
        "storage": kind.storage,
        "additivity": column.additivity,
        "sentinels": [
            {"value": each.value, "rows": each.rows, "reason": each.reason}
            for each in kind.sentinels
        ],
    }


def _hierarchy(hierarchy: Hierarchy, table: str) -> dict[str, Any]:
    return {
        "name": hierarchy.name,
        "levels": [
            level.column if level.table == table else f"{level.table}.{level.column}"
            for level in hierarchy.levels
        ],
        "siblings": {level: list(columns) for level, columns in hierarchy.siblings.items()},
    }
