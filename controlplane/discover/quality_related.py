"""Counts the rows that other rows speak against: copies, repeated keys, spellings and orphans."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from controlplane.discover.column_names import read_name
from controlplane.discover.findings import Column, Findings, ForeignKey, Table
from controlplane.targets.base import literal, quoted

# How many rows are named for each reason.
MOST_EXAMPLES = 5
# A column of fewer different values than this is not expected to tell rows apart.
_NEARLY_UNIQUE = 0.9
# Beyond this many different values a column is prose or an identifier; where more of the values than
# this share differ in case alone, case means something.
_MOST_SPELLINGS = 200_000
_MEANT = 0.2
_WHITE = literal(" \t\r\n\u00a0")
_BLANK = literal("[\\s\u00a0]*")
_UNSPELLED = frozenset(("text", "json", "url", "uuid", "duration", "geo", "embedded_number"))


@dataclass(frozen=True)
class Count:
    """How many rows, and the positions of the first of them, counted from 0."""

    rows: int = 0
    positions: tuple[int, ...] = ()


def text_of(name: str) -> str:
    """SQL for a column's text without spaces at its ends."""
    return f"trim({quoted(name)})"


def present(column: Column) -> str:
    """SQL that says whether a row has a value: white space and stand-ins for a missing one are none."""
    # Several times as fast as to trim and compare.
    said = f"coalesce(not regexp_full_match({quoted(column.name)}, {_BLANK}), false)"
    words = ", ".join(literal(each.value.strip()) for each in column.kind.sentinels)
    return f"{said} and {text_of(column.name)} not in ({words})" if words else said


def expects_unique(
    table: Table, column: Column, filled: int, referred: Collection[tuple[str, ...]]
) -> bool:
    """Whether the values are there to tell rows apart: a key, or nearly one by name and count."""
    alone = (column.name,)
    keys = [table.primary_key, *table.candidate_keys]
    if any(key is not None and key.columns == alone for key in keys) or alone in referred:
        return True
    if any(column.name in key.columns for key in table.foreign_keys):
        return False
    # An estimate of different values may be a fifth off.
    enough = _NEARLY_UNIQUE if column.is_exact else _NEARLY_UNIQUE - 0.2
    name = read_name(column.name)
    named = column.kind.semantic in ("identifier", "uuid", "email") or name.last in ("id", "key")
    return named and filled > 2 and column.distinct >= enough * filled


def repeated(
    reader: duckdb.DuckDBPyConnection, relation: str, column: Column, filled: int
) -> Count:
    """The rows whose value an earlier row has."""
    if column.is_exact and column.distinct == filled:
        return Count()
    return _grouped(reader, relation, text_of(column.name), present(column))


def copies(reader: duckdb.DuckDBPyConnection, relation: str, table: Table) -> Count:
    """The rows that are copies of an earlier one: in their key if there is one, else in everything."""
    key = table.primary_key
    if key is not None and not key.duplicates:
        return Count()
    if not table.columns:
        return Count()
    names = key.columns if key is not None else tuple(each.name for each in table.columns)
    return _grouped(reader, relation, f"hash({', '.join(map(quoted, names))})", "true")


def _grouped(reader: duckdb.DuckDBPyConnection, relation: str, value: str, condition: str) -> Count:
    row = reader.execute(
        f"select coalesce(sum(n - 1), 0), min(last, {MOST_EXAMPLES}) from"
        f" (select count(*) as n, max(rowid) as last from {relation} where {condition}"
        f" group by {value} having n > 1)"
    ).fetchone()
    rows, positions = row or (0, None)
    return Count(int(rows), tuple(positions or ()))


def spellings(
    reader: duckdb.DuckDBPyConnection, relation: str, column: Column, filled: int
) -> Count | None:
    """The rows whose text is another's but for case and white space, and less frequent than it.

    None for a column whose texts are not compared.
    """
    kind = column.kind
    if kind.type != "string" or kind.semantic in _UNSPELLED or kind.storage != "text" or not filled:
        return None
    if column.distinct > _MOST_SPELLINGS:
        return None
    name = quoted(column.name)
    made = f"lower(regexp_replace(trim({name}, {_WHITE}), '\\s+', ' ', 'g'))"
    # White space at the ends is a spelling of its own, of whatever width.
    reader.execute(
        f"create or replace temp table spelled as select {name} as own, {made} as made,"
        f" count(*) as n, min(rowid) as position from {relation} where {present(column)} group by all"
    )
    row = reader.execute(
        "select count(*), coalesce(sum(n) filter (where place > 1), 0),"
        f" count(*) filter (where place > 1), min(position, {MOST_EXAMPLES}) filter (where place > 1)"
        " from (select *, row_number() over (partition by made order by n desc, position) as place"
        " from spelled)"
    ).fetchone()
    values, rows, others, positions = row or (0, 0, 0, None)
    if others > max(_MEANT * values, 1) and values > 10:
        return Count()
    return Count(int(rows), tuple(positions or ()))


def orphans(
    reader: duckdb.DuckDBPyConnection,
    table: Table,
    findings: Findings,
    relations: Mapping[str, str],
) -> list[tuple[ForeignKey, Count]]:
    """For each reference the rows whose value the other table does not have."""
    found = []
    for key in table.foreign_keys:
        if not key.orphans or key.ref_table not in relations:
            found.append((key, Count()))
            continue
        other = findings.table(key.ref_table)
        mine, theirs = [], []
        for own, there in zip(key.columns, key.ref_columns, strict=True):
            kinds = {table.column(own).kind.type, other.column(there).kind.type}
            mine.append(_comparable(own, kinds))
            theirs.append(_comparable(there, kinds))
        has = " and ".join(f"({present(table.column(name))})" for name in key.columns)
        pairs = " and ".join(f"m{i} = t{i}" for i in range(len(mine)))
        own_values = ", ".join(f"{value} as m{i}" for i, value in enumerate(mine))
        their_values = ", ".join(f"{value} as t{i}" for i, value in enumerate(theirs))
        row = reader.execute(
            f"select count(*), min(position, {MOST_EXAMPLES}) from"
            f" (select rowid as position, {own_values} from {relations[table.name]} where {has})"
            f" anti join (select {their_values} from {relations[key.ref_table]}) on {pairs}"
        ).fetchone()
        rows, positions = row or (0, None)
        found.append((key, Count(int(rows), tuple(positions or ()))))
    return found


def _comparable(name: str, kinds: Collection[str]) -> str:
    """SQL for a value as references compare it: numbers by their value, times by their moment."""
    if set(kinds) <= {"integer", "decimal", "year"}:
        return f"try_cast({text_of(name)} as double)"
    if set(kinds) <= {"date", "datetime"}:
        moment = f"cast(try_cast({text_of(name)} as timestamptz) as varchar)"
        return f"coalesce({moment}, {text_of(name)})"
    return text_of(name)
