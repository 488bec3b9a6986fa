"""Reads a sample of a table's columns: the same rows every time, all of them of a small table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import duckdb

from controlplane.targets.base import quoted

# How many cells are looked at one by one; of what is more, only counts are taken.
_CELLS = 30_000
_MOST_ROWS, _FEWEST_ROWS = 3_000, 400
# Of so many values the pattern is taken.
_PATTERNS = 300
# A large table is looked at in places that are spread evenly, the first rows among them.
_BLOCKS = 8
# Longer texts are cut: no type that is more than text is as long.
_LONGEST = 2_000


@dataclass(frozen=True)
class Sample:
    """The values of a column without white space at their ends, as they come, with their rows.

    `rows` is the number of rows with a value in the sample; `of` how many rows the table has for
    each row of the sample; `blanks` are texts of nothing but white space, with their rows.
    """

    column: str
    counts: Mapping[str, int]
    rows: int
    of: float
    blanks: Mapping[str, int] = field(default_factory=dict)


def read_samples(
    reader: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]
) -> list[Sample]:
    """A sample of each column, from the first rows and from rows spread over the table.

    Rows are taken by their position, so that the same table gives the same sample.
    """
    if not columns:
        return []
    found = reader.execute(f"select count(*) from {relation}").fetchone()
    total = int(found[0]) if found else 0
    wanted = min(max(_CELLS // len(columns), _FEWEST_ROWS), _MOST_ROWS)
    names = ", ".join(f"left({quoted(name)}, {_LONGEST})" for name in columns)
    if total <= wanted:
        rows = reader.execute(f"select {names} from {relation}").fetchall()
    elif _is_table(reader, relation):
        length = wanted // _BLOCKS
        rows = []
        for block in range(_BLOCKS):
            start = block * (total - length) // (_BLOCKS - 1)
            rows += reader.execute(
                f"select {names} from {relation}"
                f" where rowid >= {start} and rowid < {start + length}"
            ).fetchall()
    else:
        # A view may read a file, which is done once.
        half = wanted // 2
        rows = reader.execute(
            f"select {names} from (select *, row_number() over () as databank_position"
            f" from {relation}) where databank_position <= {half}"
            f" or databank_position % {max(total // half, 1)} = 0"
        ).fetchall()
    of = total / len(rows) if rows else 1.0
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return [_sample(name, values, of) for name, values in zip(columns, by_column, strict=True)]


def _is_table(reader: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Whether any row can be jumped to."""
    try:
        reader.execute(f"select rowid from {relation} limit 0")
    except duckdb.Error:
        return False
    return True


def _sample(name: str, values: Sequence[str | None], of: float) -> Sample:
    counts: Counter[str] = Counter()
    blanks: Counter[str] = Counter()
    for value, count in Counter(values).items():
        if value is None:
            continue
        if text := value.strip():
            counts[text] += count
        elif value:
            blanks[value] += count
    return Sample(name, counts, counts.total(), of, blanks)


def pattern_of(counts: Mapping[str, int]) -> str:
    """The pattern that most rows have: `9+` for digits, `A+` and `a+` for letters."""
    patterns: Counter[str] = Counter()
    for value, count in islice(counts.items(), _PATTERNS):
        patterns[_pattern(value)] += count
    return patterns.most_common(1)[0][0] if patterns else ""


def _pattern(value: str) -> str:
    made = []
    last = ""
    for each in value[:40]:
        kind = (
            "9" if each.isdigit() else ("A" if each.isupper() else "a") if each.isalpha() else each
        )
        if kind != last or kind not in "9Aa":
            made.append(f"{kind}+" if kind in "9Aa" else kind)
        last = kind
    return "".join(made)
