"""Counts what is in every column of a table: missing, distinct, smallest and largest values.

Values are compared in one form whatever their text is: `007` and `7` are one number, a midnight and
its date one time. That form is a column's domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import duckdb

from controlplane.discover.source import SourceTable
from controlplane.targets.base import quoted

Domain = Literal["integer", "decimal", "time", "text", "empty"]

# Tables of up to this many rows are counted exactly, column by column.
EXACT_ROWS = 20_000
SAMPLE_ROWS = 2_000
# An estimate of distinct values is this much off at most: nearer to the rows is counted exactly.
ESTIMATE_ERROR = 0.2
_AT_ONCE = 100
_NEARLY = 0.7
# What stands for a missing number or time; among texts it may be a code.
_MISSING = (
    "('NA', 'N/A', 'n/a', 'na', 'NULL', 'null', 'None', 'nan', 'NaN', '\\N', '-', '?', '#N/A')"
)


@dataclass(frozen=True)
class ColumnProfile:
    """A column's counts; `low` and `high` are of integers, lengths are in characters.

    `value` is the SQL for the value in the column's domain, null where it is missing.
    """

    table: str
    name: str
    position: int
    rows: int
    filled: int
    distinct: int
    is_exact: bool
    domain: Domain
    value: str
    shortest: int
    longest: int
    mean_length: float
    low: int | None = None
    high: int | None = None
    has_spaces: float = 0.0

    @property
    def nulls(self) -> int:
        """Rows without a value."""
        return self.rows - self.filled

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own, as counted and not estimated."""
        return self.is_exact and 0 < self.rows == self.filled == self.distinct

    @property
    def is_dense(self) -> bool:
        """Whether the integers leave no gap between the smallest and the largest."""
        if self.low is None or self.high is None:
            return False
        return self.high - self.low + 1 == self.distinct


@dataclass(frozen=True)
class TableProfile:
    """A table with the profiles of its columns, in their order."""

    table: SourceTable
    columns: tuple[ColumnProfile, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.table.rows

    def column(self, name: str) -> ColumnProfile:
        """The column with this name."""
        return next(column for column in self.columns if column.name == name)


def profile_table(reader: duckdb.DuckDBPyConnection, table: SourceTable) -> TableProfile:
    """The profile of a table, from all of its rows."""
    columns: list[ColumnProfile] = []
    for start in range(0, len(table.columns), _AT_ONCE):
        columns += _profile_columns(reader, table, start)
    return TableProfile(table, tuple(columns))


def _profile_columns(
    reader: duckdb.DuckDBPyConnection, table: SourceTable, start: int
) -> list[ColumnProfile]:
    """The profiles of some columns: counted in the domain that a sample suggests.

    Where not all rows are in that domain, all are asked for another, and the column is counted again.
    """
    names = table.columns[start : start + _AT_ONCE]
    sample = f"(from {table.relation} limit {SAMPLE_ROWS})"
    domains = dict(zip(names, _ask_domains(reader, sample, names), strict=True))
    counted = _counts(reader, table, domains)
    doubtful = [
        name for name, (all_fit, _) in counted.items() if table.rows > SAMPLE_ROWS and not all_fit
    ]
    if doubtful:
        known = _ask_domains(reader, table.relation, doubtful)
        counted |= _counts(reader, table, dict(zip(doubtful, known, strict=True)))
    codes = [name for name, (_, profile) in counted.items() if _may_be_code(profile)]
    if codes:
        as_text = _counts(reader, table, dict.fromkeys(codes, "text"))
        counted |= {name: each for name, each in as_text.items() if each[1].is_unique}
    return [replace(counted[name][1], position=start + offset) for offset, name in enumerate(names)]


def _may_be_code(profile: ColumnProfile) -> bool:
    """Whether decimals are nearly all different, so that their texts may be: `1987.1`, `1987.10`."""
    return (
        profile.domain == "decimal"
        and profile.is_exact
        and profile.filled == profile.rows
        and _NEARLY * profile.rows <= profile.distinct < profile.rows
    )


def _fits(column: str, domain: Domain) -> str:
    """SQL for what is null where a text may not be of the domain, as `_ask_domains` has it.

    The cast to a whole number alone is not enough: it rounds.
    """
    if domain == "empty":
        return "null"
    if domain == "text":
        return column
    value = _value(column, domain)
    if domain == "integer":
        return f"case when not contains({column}, '.') then {value} end"
    return f"case when contains({column}, '-') then {value} end" if domain == "time" else value


def _ask_domains(
    reader: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> list[Domain]:
    if not names:
        return []
    parts = []
    for name in names:
        column = quoted(name)
        number = f"try_cast({column} as double)"
        parts.append(
            f"count({column}), count({number}),"
            f" count(*) filter (where {number} = trunc({number})"
            f" and try_cast({column} as bigint) is not null),"
            f" count(case when contains({column}, '-') then try_cast({column} as timestamptz) end)"
        )
    row = _row(reader, f"select {', '.join(parts)} from {relation}")
    counts = {name: row[4 * index : 4 * index + 4] for index, name in enumerate(names)}
    # What stands for a missing number is looked for where most values are numbers.
    asked = [
        name for name, (filled, *fits) in counts.items() if 0 < max(fits) < filled < 2 * max(fits)
    ]
    missing = dict.fromkeys(names, 0)
    if asked:
        parts = [f"count(*) filter (where {quoted(name)} in {_MISSING})" for name in asked]
        row = _row(reader, f"select {', '.join(parts)} from {relation}")
        missing |= dict(zip(asked, row, strict=True))
    return [_domain(counts[name], missing[name]) for name in names]


def _domain(counts: tuple[int, ...], missing: int) -> Domain:
    filled, numbers, integers, times = counts
    known = filled - missing
    if not filled:
        return "empty"
    if known == integers:
        return "integer"
    if known == numbers:
        return "decimal"
    return "time" if known == times else "text"


def _value(column: str, domain: Domain) -> str:
    """The value of a column in its domain, as SQL; whole numbers may have a fraction of noughts."""
    if domain == "integer":
        return f"try_cast({column} as bigint)"
    if domain == "time":
        return f"epoch_us(try_cast({column} as timestamptz))"
    if domain == "decimal":
        return f"try_cast({column} as double)"
    return f"trim({column})"


def _counts(
    reader: duckdb.DuckDBPyConnection, table: SourceTable, domains: Mapping[str, Domain]
) -> dict[str, tuple[bool, ColumnProfile]]:
    """Whether all of each column fits its domain, and its profile there; positions are open."""
    exact = table.rows <= EXACT_ROWS
    parts = []
    for name, domain in domains.items():
        column = quoted(name)
        value = _value(column, domain)
        distinct = "count(distinct {})" if exact else "approx_count_distinct({})"
        if domain == "text":
            more = (
                f"min(length({column})), max(length({column})), avg(length({column})), null, null,"
                f" avg(cast(contains({column}, ' ') as integer))"
            )
        elif domain == "integer":
            more = f"null, null, null, min({value}), max({value}), null"
        else:
            more = "null, null, null, null, null, null"
        fits = f"count({column}) = count({_fits(column, domain)})"
        parts.append(f"{fits}, count({value}), {distinct.format(value)}, {more}")
    row = _row(reader, f"select {', '.join(parts)} from {table.relation}")
    found = {}
    for index, (name, domain) in enumerate(domains.items()):
        all_fit, filled, count, shortest, longest, mean, low, high, spaces = row[
            index * 9 : index * 9 + 9
        ]
        value = _value(quoted(name), domain)
        is_exact = exact
        if not exact and filled == table.rows and count >= (1 - ESTIMATE_ERROR) * table.rows:
            count = _row(reader, f"select count(distinct {value}) from {table.relation}")[0]
            is_exact = True
        profile = ColumnProfile(
            table=table.name,
            name=name,
            position=0,
            rows=table.rows,
            filled=filled,
            distinct=min(count, filled),
            is_exact=is_exact,
            domain=domain,
            value=value,
            shortest=shortest or 0,
            longest=longest or 0,
            mean_length=float(mean or 0),
            low=low,
            high=high,
            has_spaces=float(spaces or 0),
        )
        found[name] = (all_fit, profile)
    return found


def _row(reader: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = reader.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    return row
