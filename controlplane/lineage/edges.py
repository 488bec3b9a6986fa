"""The values of lineage: which column of which table is made of which, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Raised when the same SQL gives other edges than before: all models are traced anew then.
VERSION = 1
Relation = tuple[str, str]  # schema and name


class Kind(StrEnum):
    """What happens to a value on its way; of several steps the one that stands last here counts."""

    CONSTANT = "constant"
    COPY = "copy"
    RENAME = "rename"
    CAST = "cast"
    EXPRESSION = "expression"
    WINDOW = "window"
    AGGREGATION = "aggregation"
    # Not of a column: the table is read, for whatever it is needed.
    TABLE = "table"
    # Not an edge: the model that made the table is gone.
    REMOVED = "removed"


STRENGTH = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True)
class ColumnEdge:
    """One source of one column.

    `source` is None for a constant; `source_column` is None where rows count and not their values,
    as for `count(*)`. `logic` is the SQL of the step that gave the edge its kind, empty for a copy.
    """

    column: str
    source: Relation | None
    source_column: str | None
    kind: Kind
    logic: str


@dataclass(frozen=True)
class Edge:
    """An edge as it is loaded; without a source and a column it says that a model reads nothing."""

    model: str
    checksum: str
    source_table: str | None
    source_column: str | None
    target_table: str
    target_column: str | None
    transformation_type: str
    transformation_logic: str | None
    layer_transition: str | None


def shown(relation: Relation) -> str:
    """How a table is called in the lineage: `silver.customers`."""
    return ".".join(relation)


def removed_edge(model: str, table: str) -> Edge:
    """What takes the edges of a model back that is gone, and was in this table."""
    return Edge(model, "", None, None, table, None, str(Kind.REMOVED), None, None)
