"""Finds hierarchies: columns of which each determines a coarser one, in a table and across tables.

A column determines another when no two rows agree in the first and differ in the second. In few rows
that happens by accident: it counts where enough values of the finer column occur more than once.
Source: Huhtala et al., "TANE: an efficient algorithm for discovering functional and approximate
dependencies", The Computer Journal 42(2), 1999.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import duckdb

from controlplane.discover.findings import Hierarchy, Level, Table
from controlplane.discover.name_match import words
from controlplane.discover.personal import is_personal
from controlplane.discover.profile import ColumnProfile, TableProfile

_MOST_COLUMNS = 16
_MOST_ROWS = 200_000
_LEAST_REPEATED = 5
_SAMPLE_ROWS = 5_000
_LONGEST_TEXT = 40
# Two values of one letter say yes and no.
_FLAG_VALUES = 2
# So many finer values a coarser one has at least on average; fewer make two names of one thing.
_LEAST_CHILDREN = 1.3


def find_hierarchies(
    reader: duckdb.DuckDBPyConnection,
    profiles: Sequence[TableProfile],
    tables: Mapping[str, Table],
) -> dict[str, tuple[Hierarchy, ...]]:
    """The hierarchies of each table by its name; those across tables belong to the finest."""
    found: dict[str, list[Hierarchy]] = {}
    for profile in profiles:
        table = tables[profile.name]
        inside = [] if table.rows > _MOST_ROWS else _inside(reader, profile, table)
        found[profile.name] = inside + _across(table, tables)
    return {name: tuple(each) for name, each in found.items()}


def _inside(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, table: Table
) -> list[Hierarchy]:
    columns = _levels(profile, table)
    if len(columns) < 2:
        return []
    determines = _dependencies(reader, profile, columns)
    sizes = {column.name: column.distinct for column in columns}
    alike: dict[str, list[str]] = {}
    leaders: list[str] = []
    for name in sorted(sizes, key=lambda each: (sizes[each], each)):
        twin = next(
            (
                leader
                for leader in leaders
                if (name, leader) in determines and sizes[name] < _LEAST_CHILDREN * sizes[leader]
            ),
            None,
        )
        if twin is None:
            leaders.append(name)
        else:
            alike.setdefault(twin, []).append(name)
    hierarchies = []
    for chain in _chains(leaders, determines):
        siblings = {name: tuple(alike[name]) for name in chain if name in alike}
        levels = tuple(Level(table.name, name) for name in chain)
        hierarchies.append(Hierarchy(_named(chain), levels, siblings))
    return hierarchies


def _levels(profile: TableProfile, table: Table) -> list[ColumnProfile]:
    """The columns that group rows: few values, each of several rows.

    Measures, yes and no, and what is said of a person group none: that all Annas are women makes no
    level of a first name.
    """
    no_levels = {
        column.name
        for column in table.columns
        if column.additivity is not None
        or column.kind.type == "boolean"
        or is_personal(table, column)
    }
    found = [
        column
        for column in profile.columns
        if column.domain in ("text", "integer", "time")
        and column.name not in no_levels
        and (column.distinct > _FLAG_VALUES or column.longest > 1)
        and 1 < column.distinct <= 0.5 * profile.rows
        and column.filled >= 0.95 * profile.rows
        and column.mean_length <= _LONGEST_TEXT
    ]
    return found[:_MOST_COLUMNS]


def _dependencies(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, columns: Sequence[ColumnProfile]
) -> set[tuple[str, str]]:
    """The pairs of which the first column determines the second, with enough rows to show it."""
    pairs = [
        (fine, coarse)
        for fine, coarse in permutations(columns, 2)
        if fine.distinct > coarse.distinct
        or (fine.distinct == coarse.distinct and fine.position < coarse.position)
    ]
    found = set()
    for fine, coarse in _undisproved(reader, profile, columns, pairs):
        row = reader.execute(
            f"select count(*) filter (where low <> high), count(*) filter (where n > 1)"
            f" from (select count(*) as n, min({coarse.value}) as low,"
            f" max({coarse.value}) as high from {profile.table.relation}"
            f" where {fine.value} is not null group by {fine.value})"
        ).fetchone()
        if row and row[0] == 0 and row[1] >= _LEAST_REPEATED:
            found.add((fine.name, coarse.name))
    return found


def _undisproved(
    reader: duckdb.DuckDBPyConnection,
    profile: TableProfile,
    columns: Sequence[ColumnProfile],
    pairs: Sequence[tuple[ColumnProfile, ColumnProfile]],
) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """The pairs that a part of the rows does not speak against: that rules most of them out."""
    values = ", ".join(column.value for column in columns)
    rows = reader.execute(
        f"select {values} from {profile.table.relation} limit {_SAMPLE_ROWS}"
    ).fetchall()
    place = {column.name: index for index, column in enumerate(columns)}

    def holds(fine: int, coarse: int) -> bool:
        seen: dict[object, object] = {}
        return all(
            row[fine] is None or seen.setdefault(row[fine], row[coarse]) == row[coarse]
            for row in rows
        )

    return [(f, c) for f, c in pairs if holds(place[f.name], place[c.name])]


def _chains(names: Sequence[str], determines: set[tuple[str, str]]) -> list[list[str]]:
    """The longest chains from coarse to fine, each column in one of them at most."""
    best: dict[str, list[str]] = {}
    for name in names:
        before = [best[coarse] for coarse in best if (name, coarse) in determines]
        best[name] = [*max(before, key=len, default=[]), name]
    chains: list[list[str]] = []
    used: set[str] = set()
    for chain in sorted(best.values(), key=len, reverse=True):
        if len(chain) > 1 and not used & set(chain[1:]):
            chains.append(chain)
            used |= set(chain)
    return chains


def _across(table: Table, tables: Mapping[str, Table]) -> list[Hierarchy]:
    """The chains of references from a table of things upwards, by their names."""
    if table.role not in ("dimension", "lookup"):
        return []
    found = []
    for path in _paths(table, tables, (table.name,)):
        levels = tuple(Level(each, _label(tables[each])) for each in reversed(path))
        found.append(Hierarchy("_".join(reversed(path)).lower(), levels, {}))
    return found


def _paths(
    table: Table, tables: Mapping[str, Table], path: tuple[str, ...]
) -> list[tuple[str, ...]]:
    above = [
        tables[key.ref_table]
        for key in table.foreign_keys
        if key.ref_table not in path
        and key.cardinality == "many-to-one"
        and tables[key.ref_table].role in ("dimension", "lookup")
        and tables[key.ref_table].rows < table.rows
    ]
    longer = [each for parent in above for each in _paths(parent, tables, (*path, parent.name))]
    return longer or ([path] if len(path) > 1 else [])


def _label(table: Table) -> str:
    """The column that names a row of the table: its name or title, or its key."""
    for wanted in ("name", "title", "description"):
        for column in table.columns:
            if words(column.name)[-1:] == (wanted,) and column.kind.type == "string":
                return column.name
    if table.primary_key:
        return table.primary_key.columns[-1]
    return table.columns[0].name


def _named(chain: Sequence[str]) -> str:
    return "_".join((*words(chain[0]), "to", *words(chain[-1])))
