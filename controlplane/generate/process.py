"""An ETL process with nothing left open: all that its models are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane import naming
from controlplane.sql import Column, ExpressionError, find_column

LOAD_COLUMNS = ("_batch_id", "_source_file", "_row_number", "_loaded_at")
# What tells one record of a process from another, and when it came.
CARRIED = ("_batch_id", "_row_number", "_loaded_at")
SURVIVOR = ("_survivor_batch_id", "_survivor_row_number")
HISTORY_COLUMNS = ("valid_from", "valid_to", "is_current")


@dataclass(frozen=True)
class Table:
    """A model that other models may read: its columns, and what tells its rows apart."""

    model: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    has_history: bool = False

    def has(self, name: str) -> bool:
        """Whether a spec may name a column so."""
        try:
            find_column(name, self.columns)
        except ExpressionError:
            return False
        return True


@dataclass(frozen=True)
class Step:
    """One change to a record: a filter's condition, or a column's new value.

    `reads` is the portable type that the text of the column is read as, by a checked cast;
    `renames` is what the column was called until then.
    """

    name: str
    cte: str
    description: str
    expression: str
    column: str | None
    columns_before: tuple[Column, ...]
    reads: str | None = None
    renames: str | None = None

    @property
    def is_filter(self) -> bool:
        """Whether the step decides on records instead of changing them."""
        return self.column is None

    @property
    def verdict(self) -> str:
        """The column that says whether a record passes the filter."""
        return f"_passes_{self.cte}"


@dataclass(frozen=True)
class Rule:
    """One validation rule: `violation` is the SQL that is true for a record that breaks it."""

    name: str
    description: str
    severity: str
    column: str | None
    violation: str | None
    test: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "expression"


@dataclass(frozen=True)
class Deduplication:
    """Records alike in `keys` are one: the first in `order` stays."""

    name: str
    cte: str
    description: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Aggregation:
    """A gold model: one function over the groups of a silver model."""

    model: str
    description: str
    reads: Table
    groups: tuple[tuple[str, Column], ...]
    expression: str
    column: Column
    having: str | None


@dataclass(frozen=True)
class Side:
    """One side of a join: what the condition calls it, and the model that it reads."""

    name: str
    table: Table
    raw: str | None = None


@dataclass(frozen=True)
class Join:
    """A silver model that joins the process's records with another table."""

    description: str
    kind: str
    left: Side
    right: Side
    condition: str
    right_names: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Partitioning:
    """How the silver table is divided."""

    strategy: str
    columns: tuple[str, ...]
    partitions: int | None
    auto_partition: bool

    @property
    def settings(self) -> dict[str, Any]:
        """What the model's `meta` says for the macros."""
        settings: dict[str, Any] = {"strategy": self.strategy, "columns": list(self.columns)}
        if self.partitions is not None:
            settings["partitions"] = self.partitions
        if self.auto_partition:
            settings["auto_partition"] = True
        return settings


@dataclass(frozen=True)
class Process:
    """An ETL process, settled."""

    spec_path: str
    name: str
    slug: str
    kind: str
    description: str
    table: str
    schema: str | None
    strategy: str
    key: tuple[str, ...]
    order_column: Column | None
    source_columns: tuple[Column, ...]
    columns: tuple[Column, ...]
    descriptions: Mapping[str, str]
    source_description: str
    source_is_files: bool
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    deduplications: tuple[Deduplication, ...]
    aggregations: tuple[Aggregation, ...]
    joins: tuple[Join, ...]
    error_action: str
    error_threshold: int
    partitioning: Partitioning | None
    reads_model: str | None = None
    # The dbt config that says when the raw table counts as stale.
    freshness: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bronze(self) -> str:
        """The name of the bronze model."""
        return naming.bronze_model(self.table)

    @property
    def checked(self) -> str:
        """The name of the model with every record judged."""
        return naming.checked_model(self.table)

    @property
    def quarantine(self) -> str:
        """The name of the quarantine model."""
        return naming.quarantine_model(self.table)

    @property
    def outcomes(self) -> str:
        """The name of the model that says where each source record ended."""
        return naming.outcomes_model(self.table)

    @property
    def raw_table(self) -> str:
        """The raw table, as the load ledger names it."""
        return naming.raw_table(self.slug)

    @property
    def current_only(self) -> bool:
        """Whether only the newest delivery of each source counts."""
        return self.strategy == "replace" and self.reads_model is None

    @property
    def may_repeat(self) -> bool:
        """Whether a file that is delivered again may bring records that are appended already."""
        return self.strategy == "append" and self.source_is_files

    @property
    def is_incremental(self) -> bool:
        """Whether silver can be brought up to date from new batches alone.

        A deduplication over other columns than the key can bring an old record back when a newer
        one changes, so silver is then built from all checked records.
        """
        return self.strategy != "replace" and not self.deduplications

    @property
    def judges_batch_by_batch(self) -> bool:
        """Whether what a new batch brings changes nothing about the records before it.

        Where batches may be skipped, a record that came again counts as the first if the batch of
        the first one was skipped: then all batches are judged together.
        """
        skips = self.error_action == "skip"
        return self.strategy != "replace" and not (skips and self.may_repeat)

    @property
    def silver(self) -> Table:
        """The silver model as other models see it."""
        key = self.key if self.strategy in ("upsert", "scd2", "replace") else ()
        return Table(self.table, self.columns, key, has_history=self.strategy == "scd2")

    @property
    def newest_first(self) -> tuple[str, ...]:
        """The order in which the newest record of a key comes first."""
        column = self.order_column
        order = [descending(column)] if column else []
        return (*order, "_batch_id desc", "_row_number desc")


def descending(column: Column) -> str:
    """The column as a term of `order by`, the largest value first and nothing last."""
    return f"{ordered(column)} desc nulls last"


def ordered(column: Column) -> str:
    """The column as it is compared: text by its characters' codes, alike on every target."""
    return f'{column.name} collate "C"' if column.type == "text" else column.name


def comparable(column: Column) -> str:
    """The column as it is tested for equality; PostgreSQL has none for JSON."""
    return f"cast({column.name} as text)" if column.type == "json" else column.name


def names(columns: Sequence[Column]) -> list[str]:
    """The columns' names."""
    return [column.name for column in columns]


def sentence(text: str | None) -> str:
    """`text` as one line that ends like a sentence."""
    line = " ".join((text or "").split())
    return line if not line or line[-1] in ".!?:" else f"{line}."
