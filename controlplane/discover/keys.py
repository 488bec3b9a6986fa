"""Finds the columns that identify a row, alone or together.

Uniqueness is always counted over all rows. Which of several unique columns is the key that somebody
chose is judged by what such keys look like: they come first, are short, are called a key.
"""

from __future__ import annotations

import duckdb

from controlplane.discover.composite_keys import composite_keys
from controlplane.discover.key_candidate import LONGEST_KEY, NEARLY_UNIQUE, KeyCandidate
from controlplane.discover.name_match import TableNames, matches
from controlplane.discover.profile import ColumnProfile, TableProfile

_FEWEST_ROWS = 50
_FEW_SPACES = 0.1
# From here on a single column is the key whatever others there may be.
GOOD_SINGLE = 2.0


def find_keys(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, names: TableNames | None
) -> list[KeyCandidate]:
    """The sets of columns that could be the table's key, the likeliest first.

    Sets of several columns are looked for where no single column is a good key.

    Args:
        reader: holds the table.
        profile: its counts.
        names: the words of its names; None where names say nothing.
    """
    if not profile.rows:
        return []
    singles = [
        KeyCandidate(profile.name, (c.name,), (c,), single_score(c, names))
        for c in profile.columns
        if c.is_unique and c.domain != "decimal" and c.longest <= 4 * LONGEST_KEY
    ]
    singles.sort(key=lambda each: -each.score)
    found = singles
    if not singles or singles[0].score < GOOD_SINGLE:
        found = [*singles, *composite_keys(reader, profile, names)]
    return sorted(found, key=lambda each: -each.score)


def single_score(column: ColumnProfile, names: TableNames | None) -> float:
    """The log-odds that a unique column is its table's key."""
    score = (2.2, 0.3, -0.5, -1.0)[min(column.position, 3)]
    if column.domain == "integer":
        score += 1.2
        if column.is_dense and column.low in (0, 1):
            score += 1.5
    elif column.domain == "time":
        score -= 2.0
    elif column.domain == "text":
        score += _text_score(column)
    if names is not None:
        score += _name_score(column, names)
    return score


def _text_score(column: ColumnProfile) -> float:
    if column.has_spaces > 0.1:
        return -2.5 if column.mean_length <= LONGEST_KEY / 2 else -4.0
    if column.mean_length > 45:
        return -3.0
    return 0.8 if column.shortest == column.longest else 0.0


def _name_score(column: ColumnProfile, names: TableNames) -> float:
    name = names.columns[column.name]
    if name.says_key:
        if not name.core:
            return 2.5
        own = max(matches(name.core, names.table), matches(names.table, name.core))
        return 2.5 * own if own > 0.4 else 0.3
    if matches(name.core, names.table) > 0.9:
        return 0.8
    return -1.0


def almost_keys(profile: TableProfile) -> list[ColumnProfile]:
    """Columns of which nearly every row has a value of its own: keys but for a few rows."""
    return [
        column
        for column in profile.columns
        if profile.rows >= _FEWEST_ROWS
        and column.is_exact
        and not column.is_unique
        and column.domain in ("integer", "text")
        and column.has_spaces < _FEW_SPACES
        and column.distinct >= NEARLY_UNIQUE * profile.rows
    ]
