"""Finds the columns that identify a row together, and judges which of such sets somebody chose.

Uniqueness is always counted over all rows; the first rows rule out most sets.
Source of the search: Heise et al., "Scalable Discovery of Unique Column Combinations", PVLDB 7(4),
2013; of the signs: Jiang and Naumann, "Holistic primary key and foreign key detection" (HoPF), Journal
of Intelligent Information Systems 54, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import duckdb

from controlplane.discover.key_candidate import LONGEST_KEY, NEARLY_UNIQUE, KeyCandidate
from controlplane.discover.lexicon import DESCRIBING, LINES
from controlplane.discover.name_match import TableNames
from controlplane.discover.profile import ESTIMATE_ERROR, EXACT_ROWS, ColumnProfile, TableProfile

# Of wide tables so many columns are tried together, and so many sets are counted.
_MOST_COLUMNS = 14
_MOST_COUNTED = 80
_MOST_TRIED = 200
_WIDEST = 4
_SAMPLE_ROWS = 20_000
# Where so few pairs of rows would be alike by accident, and rows are so few, uniqueness says little.
_TELLING_PAIRS = 3
_FEW_ROWS = 150
# From here on no wider set is a better key.
_CLEAR = 0.8
# Lines are numbered so, too: there is room between them.
_STEPS = (5, 10, 100, 1000)


def composite_keys(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, names: TableNames | None
) -> list[KeyCandidate]:
    """The smallest sets of two to four columns that are unique together."""
    usable = [
        c
        for c in profile.columns
        if c.domain in ("integer", "text", "time")
        and c.filled == c.rows
        and c.distinct > 1
        and not c.is_unique
        and c.longest <= LONGEST_KEY
    ]
    usable.sort(key=lambda c: (c.has_spaces > 0.3, c.position))
    usable = sorted(usable[:_MOST_COLUMNS], key=lambda c: c.position)
    found: list[KeyCandidate] = []
    unique: list[set[str]] = []
    counted = 0
    for width in range(2, min(_WIDEST, len(usable)) + 1):
        sets = [
            columns
            for columns in combinations(usable, width)
            if not any(each <= {column.name for column in columns} for each in unique)
            and _may_be_unique(columns, profile.rows)
        ]
        sets.sort(key=lambda each: sum(column.position for column in each))
        open_sets = _unique_so_far(reader, profile, sets[:_MOST_TRIED])
        judged = [
            _composite(reader, profile, _with_all_called_keys(columns, usable, names), names)
            for columns in open_sets
        ]
        order = sorted(range(len(judged)), key=lambda index: -judged[index].score)
        for index in order:
            counted += 1
            # Of a large table the likeliest set that is unique is enough.
            if counted > _MOST_COUNTED or (found and profile.rows > EXACT_ROWS):
                break
            if _is_unique(reader, profile, open_sets[index]):
                unique.append({column.name for column in open_sets[index]})
                found.append(judged[index])
        enough = 0.0 if profile.rows > EXACT_ROWS else _CLEAR
        if found and max(each.score for each in found) > enough:
            break
    return found


def _with_all_called_keys(
    columns: tuple[ColumnProfile, ...],
    usable: Sequence[ColumnProfile],
    names: TableNames | None,
) -> tuple[ColumnProfile, ...]:
    """The columns, and all others that are called keys where the few rows show too little.

    So many pairs of rows would be alike if the columns had nothing to do with each other; where that
    is hardly one, that there is none says nothing.
    """
    possible = 1.0
    for column in columns:
        possible *= column.distinct
    pairs = columns[0].rows ** 2 / (2 * possible)
    if names is None or pairs >= _TELLING_PAIRS or columns[0].rows > _FEW_ROWS:
        return columns
    wider = tuple(c for c in usable if c in columns or names.columns[c.name].says_key)
    return wider if len(wider) <= _WIDEST else columns


def _unique_so_far(
    reader: duckdb.DuckDBPyConnection,
    profile: TableProfile,
    sets: Sequence[tuple[ColumnProfile, ...]],
) -> list[tuple[ColumnProfile, ...]]:
    """The sets that are unique in the first rows: neighbours are alike, so that most show there."""
    if not sets:
        return []
    counts = ", ".join(f"count(distinct hash({_values(columns)}))" for columns in sets)
    row = reader.execute(
        f"select count(*), {counts} from (from {profile.table.relation} limit {_SAMPLE_ROWS})"
    ).fetchone()
    total, *distinct = row or (0,)
    # Of so few rows two have one hash by accident in one table of a hundred billion; what is left is
    # counted by its values.
    return [columns for columns, count in zip(sets, distinct, strict=True) if count == total]


def _values(columns: Sequence[ColumnProfile]) -> str:
    return ", ".join(column.value for column in columns)


def _may_be_unique(columns: Sequence[ColumnProfile], rows: int) -> bool:
    most = 1.0
    for column in columns:
        most *= column.distinct if column.is_exact else 1.2 * column.distinct
    return most >= rows


def _is_unique(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, columns: Sequence[ColumnProfile]
) -> bool:
    relation = profile.table.relation
    if profile.rows > EXACT_ROWS:
        row = reader.execute(
            f"select approx_count_distinct(hash({_values(columns)})) from {relation}"
        ).fetchone()
        if row and row[0] < (1 - ESTIMATE_ERROR) * profile.rows:
            return False
    row = reader.execute(
        f"select count(*) from (select 1 from {relation} group by {_values(columns)})"
    ).fetchone()
    return bool(row and row[0] == profile.rows)


def _composite(
    reader: duckdb.DuckDBPyConnection,
    profile: TableProfile,
    columns: Sequence[ColumnProfile],
    names: TableNames | None,
) -> KeyCandidate:
    width = len(columns)
    score = -0.6 - 0.7 * (width - 2)
    if [c.position for c in columns] == list(range(width)):
        score += 2.2
    elif columns[0].position == 0:
        score += 1.0
    score -= min(0.7, 0.12 * max(0, columns[-1].position - width + 1))
    for column in columns:
        score += _member_score(column, names)
    if any(column.distinct >= NEARLY_UNIQUE * column.rows for column in columns):
        # Beside a column that is nearly unique any other makes a unique set.
        score -= 3.0
    if names is not None and sum(_says_when(names, column) for column in columns) > 1:
        # A day and a time of day say when, and not what.
        score -= 1.5
    is_sequence = _numbers_within(reader, profile, columns)
    if is_sequence:
        score += 2.0
    return KeyCandidate(
        profile.name, tuple(c.name for c in columns), tuple(columns), score, is_sequence
    )


def _says_when(names: TableNames, column: ColumnProfile) -> bool:
    return bool(set(names.columns[column.name].full) & {"date", "time"})


def _member_score(column: ColumnProfile, names: TableNames | None) -> float:
    score = 0.0
    if column.domain == "text":
        score += -0.8 if column.has_spaces > 0.3 else 0.2
    if column.distinct <= 3 and column.rows > 30:
        score -= 0.5
    if names is not None:
        name = names.columns[column.name]
        score += 0.7 if name.says_key else 0.4 if set(name.full[-1:]) & LINES else -0.3
        if set(name.full) & DESCRIBING:
            score -= 1.0
    return score


def _numbers_within(
    reader: duckdb.DuckDBPyConnection, profile: TableProfile, columns: Sequence[ColumnProfile]
) -> bool:
    """Whether one column counts 1, 2, 3 … within the groups of the others, as line numbers do."""
    for column in columns:
        if column.domain != "integer" or column.low is None:
            continue
        # From 0 or 1 on, or in steps such as 10, 20, 30.
        step = max(column.low, 1)
        if not (column.is_dense if column.low in (0, 1) else column.low in _STEPS):
            continue
        others = [c.value for c in columns if c is not column]
        row = reader.execute(
            f"select count(*) filter (where lines > 1),"
            f" count(*) filter (where lines > 1 and top = {column.low} + {step} * (lines - 1))"
            f" from (select count(*) as lines, max({column.value}) as top"
            f" from (from {profile.table.relation} limit {_SAMPLE_ROWS})"
            f" group by {', '.join(others)})"
        ).fetchone()
        if row and row[0] >= 3 and row[1] >= 0.9 * row[0]:
            return True
    return False
