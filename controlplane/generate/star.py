"""A star schema with nothing left open: all that its models are written from."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.sql import Column

# The row to which facts point whose own dimension row is missing or not known.
UNKNOWN_KEY = "{{ unknown_key() }}"
UNKNOWN_TEXT = "(unknown)"
UNKNOWN_DATE = "0"
# What tells the records of a table without a key apart.
RECORD_KEY = (Column("_batch_id", "bigint"), Column("_row_number", "bigint"))


@dataclass(frozen=True)
class Joined:
    """A relation that a model is joined with: what it is called there, and what it has to match.

    `on` has pairs of SQL that are equal for rows that belong together.
    """

    name: str
    relation: str
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Attribute:
    """A column of a dimension or a fact, with the SQL that gives it."""

    column: Column
    sql: str
    description: str
    is_key: bool = False


@dataclass(frozen=True)
class Reference:
    """A column with the surrogate key of a dimension's row, or of its unknown member.

    `found` is SQL for the key, null where there is no such row.
    """

    name: str
    dimension: str
    key: str
    found: str
    kind: str
    description: str


@dataclass(frozen=True)
class DimensionModel:
    """A dimension: its silver model, what is joined to it, and its columns."""

    spec_path: str
    name: str
    model: str
    description: str
    surrogate_key: str
    key: tuple[Attribute, ...]
    joins: tuple[Joined, ...]
    attributes: tuple[Attribute, ...]
    outriggers: tuple[Reference, ...]
    hierarchies: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def relations(self) -> tuple[str, ...]:
        """The silver models that it reads, each once."""
        return tuple(dict.fromkeys((self.model, *(join.relation for join in self.joins))))


@dataclass(frozen=True)
class MeasureColumn:
    """A number of a fact, and how it adds up."""

    attribute: Attribute
    source_column: str
    additivity: str


@dataclass(frozen=True)
class FactModel:
    """A fact or a bridge: as many rows as its silver model."""

    spec_path: str
    name: str
    model: str
    description: str
    is_bridge: bool
    key: tuple[Attribute, ...]
    has_own_key: bool
    joins: tuple[Joined, ...]
    references: tuple[Reference, ...]
    degenerate: tuple[Attribute, ...]
    measures: tuple[MeasureColumn, ...]

    @property
    def relations(self) -> tuple[str, ...]:
        """The models that it reads, each once."""
        return tuple(dict.fromkeys((self.model, *(join.relation for join in self.joins))))


@dataclass(frozen=True)
class CalendarModel:
    """The dimension of days, with the silver models and columns whose dates it covers."""

    spec_path: str
    name: str
    covers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class StarModels:
    """All models of one star."""

    calendar: CalendarModel | None
    dimensions: tuple[DimensionModel, ...]
    facts: tuple[FactModel, ...]
