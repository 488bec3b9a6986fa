"""Finds columns whose values are values of a key: where a reference could be.

A sample of each column's values rules out most pairs; what is left is counted over all rows.
Source of the idea: De Marchi et al., "Unary and n-ary inclusion dependency discovery in relational
databases", Journal of Intelligent Information Systems 32, 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.profile import ColumnProfile, TableProfile
from controlplane.targets.base import quoted

_SAMPLE_ROWS = 400
# A column with fewer of its values in a key does not refer to it.
NEAR = 0.5
_AT_ONCE = 100
# So many numbers are looked at here sooner than they are asked for.
_FEW_NUMBERS = 1000
LONGEST_REFERENCE = 64
# A reference may have orphans, but most of its rows have a parent.
LEAST_COVERAGE = 0.6


@dataclass(frozen=True)
class Inclusion:
    """How many values and rows of the child's columns are in the parent's key.

    `density` is of whole numbers: the share of the numbers from the child's smallest to its largest
    that the key has. Where it is 1, being in the key says little.
    """

    child: tuple[ColumnProfile, ...]
    parent: KeyCandidate
    distinct: int
    matched_distinct: int
    rows: int
    matched_rows: int
    density: float = 1.0

    @property
    def coverage(self) -> float:
        """The share of rows with a value that have a parent, 0 to 1."""
        return self.matched_rows / self.rows if self.rows else 0.0


class Values:
    """The distinct values of columns, counted once each."""

    def __init__(self, reader: duckdb.DuckDBPyConnection, profiles: Sequence[TableProfile]) -> None:
        self._reader = reader
        self._relations = {profile.name: profile.table.relation for profile in profiles}
        self._made: dict[tuple[str, ...], tuple[str, int]] = {}
        self._numbers: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._densities: dict[tuple[str, str, int, int], float] = {}
        self._eligible = [
            column for profile in profiles for column in profile.columns if is_eligible(column)
        ]
        self._sampled = self._sample(profiles)

    def near(self, parent: ColumnProfile) -> list[ColumnProfile]:
        """The columns of which at least half of the sampled values are in this one."""
        return [column for column, share in self.shares(parent) if share >= NEAR]

    def shares(self, parent: ColumnProfile) -> list[tuple[ColumnProfile, float]]:
        """The columns that share sampled values with this one, and the share of theirs."""
        relation = self._relations[parent.table]
        rows = self._reader.execute(
            f"select s.owner, count(*) from sample_{parent.domain} as s where s.value in"
            f" (select {parent.value} from {relation}) group by s.owner"
        ).fetchall()
        return [
            (self._eligible[owner], count / self._sampled[owner])
            for owner, count in rows
            if self._eligible[owner] is not parent
        ]

    def included(self, child: ColumnProfile, parent: KeyCandidate) -> Inclusion:
        """How much of a column is in a key of one column."""
        key = parent.profiles[0]
        if key.is_dense and child.domain == "integer" and _within(child, key):
            return Inclusion(
                (child,), parent, child.distinct, child.distinct, child.filled, child.filled
            )
        if key.is_dense and child.domain == "integer" and child.distinct <= _FEW_NUMBERS:
            return self._between(child, parent)
        table, distinct = self._distinct((child,))
        row = self._reader.execute(
            f"select count(*), coalesce(sum(n), 0) from {table} where v0 in"
            f" (select {key.value} from {self._relations[parent.table]})"
        ).fetchone()
        matched, rows = row or (0, 0)
        density = self._density(child, key)
        return Inclusion((child,), parent, distinct, matched, child.filled, int(rows), density)

    def _density(self, child: ColumnProfile, key: ColumnProfile) -> float:
        """How much of the range of a column of whole numbers the key has."""
        ends = (child.low, child.high, key.low, key.high)
        if child.domain != "integer" or key.is_dense or None in ends:
            return 1.0
        low, high = max(child.low or 0, key.low or 0), min(child.high or 0, key.high or 0)
        if low > high:
            return 1.0
        place = (key.table, key.name, low, high)
        if place not in self._densities:
            table, _ = self._distinct((key,))
            row = self._reader.execute(
                f"select count(*) from {table} where v0 between {low} and {high}"
            ).fetchone()
            self._densities[place] = (row[0] if row else 0) / (high - low + 1)
        return self._densities[place]

    def _between(self, child: ColumnProfile, parent: KeyCandidate) -> Inclusion:
        """How much of a column lies between the ends of a key without gaps."""
        place = (child.table, child.name)
        if place not in self._numbers:
            table, _ = self._distinct((child,))
            self._numbers[place] = self._reader.execute(f"select v0, n from {table}").fetchall()
        low, high = parent.profiles[0].low or 0, parent.profiles[0].high or 0
        counts = [count for value, count in self._numbers[place] if low <= value <= high]
        distinct = len(self._numbers[place])
        return Inclusion((child,), parent, distinct, len(counts), child.filled, sum(counts))

    def together(self, children: tuple[ColumnProfile, ...], parent: KeyCandidate) -> Inclusion:
        """How much of several columns together is in a key of as many."""
        table, distinct = self._distinct(children)
        pairs = " and ".join(
            f"c.v{index} = p.{quoted(f'v{index}')}" for index in range(len(children))
        )
        values = ", ".join(f"{c.value} as v{index}" for index, c in enumerate(parent.profiles))
        row = self._reader.execute(
            f"select count(*), coalesce(sum(c.n), 0),"
            f" (select coalesce(sum(n), 0) from {table}) from {table} as c"
            f" semi join (select {values} from {self._relations[parent.table]}) as p on {pairs}"
        ).fetchone()
        matched, rows, filled = row or (0, 0, 0)
        return Inclusion(children, parent, distinct, matched, int(filled), int(rows))

    def _distinct(self, columns: tuple[ColumnProfile, ...]) -> tuple[str, int]:
        """A table with the distinct values `v0`, `v1` … and their rows `n`, and how many."""
        owner = (columns[0].table, *(column.name for column in columns))
        if owner not in self._made:
            name = f"d{len(self._made)}"
            values = ", ".join(f"{column.value} as v{i}" for i, column in enumerate(columns))
            present = " and ".join(f"v{i} is not null" for i in range(len(columns)))
            self._reader.execute(
                f"create or replace temp table {name} as select *, count(*) as n from"
                f" (select {values} from {self._relations[columns[0].table]})"
                f" where {present} group by all"
            )
            row = self._reader.execute(f"select count(*) from {name}").fetchone()
            self._made[owner] = (name, row[0] if row else 0)
        return self._made[owner]

    def _sample(self, profiles: Sequence[TableProfile]) -> dict[int, int]:
        """Fill a table of sampled values per domain; how many each column has in it."""
        kinds = {"integer": "bigint", "text": "varchar", "time": "bigint"}
        for domain, kind in kinds.items():
            self._reader.execute(
                f"create or replace temp table sample_{domain} (owner integer, value {kind})"
            )
        owners: dict[str, list[int]] = {}
        for index, column in enumerate(self._eligible):
            owners.setdefault(column.table, []).append(index)
        for profile in profiles:
            mine = owners.get(profile.name, [])
            for domain in kinds:
                chosen = [index for index in mine if self._eligible[index].domain == domain]
                for start in range(0, len(chosen), _AT_ONCE):
                    self._sample_of(profile, domain, chosen[start : start + _AT_ONCE])
        sampled: dict[int, int] = {}
        for domain in kinds:
            sampled |= dict(
                self._reader.execute(
                    f"select owner, count(*) from sample_{domain} group by owner"
                ).fetchall()
            )
        return sampled

    def _sample_of(self, profile: TableProfile, domain: str, chosen: Sequence[int]) -> None:
        lists = ", ".join(
            f"{{'owner': {index}, 'values': list(distinct {self._eligible[index].value})}}"
            for index in chosen
        )
        self._reader.execute(
            f"insert into sample_{domain} select owner, value from (select"
            f" unnest([{lists}], recursive := true) from (from {profile.table.relation}"
            f" using sample reservoir({_SAMPLE_ROWS} rows) repeatable (1))) as found,"
            ' unnest("values") as each(value) where value is not null'
        )


def is_eligible(column: ColumnProfile) -> bool:
    """Whether the column may refer to something."""
    return (
        column.domain in ("integer", "text", "time")
        and column.distinct > 0
        and column.mean_length <= LONGEST_REFERENCE
    )


def _within(child: ColumnProfile, parent: ColumnProfile) -> bool:
    return (
        child.low is not None
        and child.high is not None
        and parent.low is not None
        and parent.high is not None
        and parent.low <= child.low
        and child.high <= parent.high
    )
