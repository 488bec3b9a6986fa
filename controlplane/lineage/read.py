"""Reads the lineage that the warehouse holds: what a table or a column is made of, and what of it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from controlplane.errors import DatabankError
from controlplane.targets import MissingRelationError, Target

TABLE = "metadata.neural_data_lineage"
_COLUMNS = (
    "source_table",
    "source_column",
    "target_table",
    "target_column",
    "transformation_type",
    "transformation_logic",
    "layer_transition",
)


class Direction(StrEnum):
    """Towards where something comes from, or towards what is made of it."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True)
class Link:
    """A row of the lineage, with how many steps it is away from what was asked for."""

    direction: Direction
    distance: int
    source_table: str | None
    source_column: str | None
    target_table: str
    target_column: str | None
    transformation_type: str
    transformation_logic: str | None
    layer_transition: str | None


@dataclass(frozen=True)
class Lineage:
    """What was asked for (None for everything), and the rows that answer it."""

    table: str | None
    column: str | None
    links: tuple[Link, ...]


def read_lineage(target: Target, name: str | None, directions: Sequence[Direction]) -> Lineage:
    """The lineage of a table or a column at any distance; every edge of tables without a name.

    Args:
        target: the warehouse.
        name: `table`, `schema.table`, `table.column` or `schema.table.column`.
        directions: where to look.

    Raises:
        DatabankError: there is no lineage yet, or nothing of that name in it.
    """
    rows = _rows(target)
    if name is None:
        every = (Link(Direction.UPSTREAM, 1, *row) for row in rows if row[3] is None)
        return Lineage(None, None, tuple(every))
    table, column = _find(name, rows)
    links = [link for each in directions for link in _follow(rows, table, column, each)]
    return Lineage(table, column, tuple(links))


_Row = tuple[str | None, str | None, str, str | None, str, str | None, str | None]


def _rows(target: Target) -> list[_Row]:
    order = ", ".join(f"coalesce({name}, '')" for name in ("target_table", "target_column"))
    try:
        rows = target.query(
            f"select {', '.join(_COLUMNS)} from {TABLE}"  # noqa: S608
            f" order by {order}, coalesce(source_table, ''), coalesce(source_column, '')"
        )
    except MissingRelationError:
        rows = []
    if not rows:
        raise DatabankError(
            f"the warehouse has no lineage yet ({TABLE})",
            hint="`databank run` traces it, where the project has the model neural_data_lineage",
        )
    return [tuple(row) for row in rows]


def _find(name: str, rows: Sequence[_Row]) -> tuple[str, str | None]:
    """The table, and the column if one is named."""
    columns: dict[str, dict[str, None]] = {}
    for source, source_column, table, column, *_ in rows:
        columns.setdefault(table, {})
        if column:
            columns[table][column] = None
        if source:
            columns.setdefault(source, {})
            if source_column:
                columns[source][source_column] = None
    found = _tables(name, columns)
    column = None
    if not found and "." in name:
        owner, _, column = name.rpartition(".")
        found = _tables(owner, columns)
    if not found:
        near = difflib.get_close_matches(name, [*columns, *_short(columns)], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DatabankError(
            f"the lineage has no table '{name}'.{hint}",
            hint="`databank lineage` lists all of its tables",
        )
    if len(found) > 1:
        listed = " or ".join(sorted(found))
        raise DatabankError(f"'{name}' may be {listed}", hint="name the schema as well")
    table = found[0]
    if column is not None and column not in columns[table]:
        known = ", ".join(columns[table]) or "none"
        raise DatabankError(f"the lineage has no column '{column}' of {table} (has: {known})")
    return table, column


def _tables(name: str, columns: Mapping[str, object]) -> list[str]:
    if name in columns:
        return [name]
    return [table for table in columns if table.partition(".")[2] == name]


def _short(columns: Mapping[str, object]) -> list[str]:
    return [table.partition(".")[2] for table in columns]


def _follow(
    rows: Sequence[_Row], table: str, column: str | None, direction: Direction
) -> list[Link]:
    """The edges on all ways from a table or a column, nearest first."""
    near, far = ((2, 3), (0, 1)) if direction is Direction.UPSTREAM else ((0, 1), (2, 3))
    edges: dict[tuple[str | None, str | None], list[_Row]] = {}
    for row in rows:
        if (row[3] is None) == (column is None):
            edges.setdefault((row[near[0]], row[near[1]]), []).append(row)
    links: list[Link] = []
    seen = {(table, column)}
    waiting = [(table, column)]
    distance = 0
    while waiting:
        distance += 1
        following: list[tuple[str, str | None]] = []
        for place in waiting:
            for row in edges.get(place, ()):
                links.append(Link(direction, distance, *row))
                other = row[far[0]]
                beyond = (other or "", row[far[1]])
                # Where rows count and not their values, no column leads on.
                ends = other is None or (column is not None and beyond[1] is None)
                if not ends and beyond not in seen:
                    seen.add(beyond)
                    following.append(beyond)
        waiting = following
    return links
