"""Scores the quality of discovered data, from all rows: one scan for what a value alone can show.

What needs other rows or tables (copies, spellings, orphans) is asked only of the columns where it can
be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from controlplane.discover.findings import Column, Findings, Table
from controlplane.discover.personal import is_personal
from controlplane.discover.quality_related import (
    MOST_EXAMPLES,
    Count,
    copies,
    expects_unique,
    orphans,
    present,
    repeated,
    spellings,
    text_of,
)
from controlplane.discover.quality_scores import (
    NOTHING,
    Against,
    ColumnQuality,
    Example,
    Score,
    TableQuality,
    Timeliness,
)
from controlplane.discover.quality_tests import value_test
from controlplane.discover.source import SourceTable
from controlplane.discover.timeliness import find_timeliness
from controlplane.targets.base import quoted

# Conditions of one query: more of them make it slow to plan.
_AT_ONCE = 100
# What one row alone can have against it: a value is missing, or is not valid.
_LETTERS = {"completeness": "m", "validity": "v"}


def find_quality(
    reader: duckdb.DuckDBPyConnection,
    source_tables: Sequence[SourceTable],
    findings: Findings,
    now: datetime,
) -> dict[str, TableQuality]:
    """The quality of each table, by its name.

    Args:
        reader: the scratch DuckDB that has the tables.
        source_tables: the tables as they were read.
        findings: what was found out about them: types, keys and references.
        now: against which the age of the newest rows is counted, with a time zone.
    """
    relations = {each.name: each.relation for each in source_tables}
    return {
        table.name: _TableScores(reader, table, findings, relations, now).result()
        for table in findings.tables
        if table.name in relations
    }


@dataclass(frozen=True)
class _Cells:
    """What one scan says of a column: rows without a value, and values that are wrong by themselves."""

    missing: Count
    invalid: Count
    odd: Count


class _TableScores:
    """The scores of one table as they are put together."""

    def __init__(
        self,
        reader: duckdb.DuckDBPyConnection,
        table: Table,
        findings: Findings,
        relations: Mapping[str, str],
        now: datetime,
    ) -> None:
        self._reader = reader
        self._table = table
        self._relation = relations[table.name]
        self._now = now
        self._tests = {each.name: value_test(reader, each) for each in table.columns}
        self._cells = self._scan()
        self._orphans = orphans(reader, table, findings, relations)
        self._spellings = {
            each.name: spellings(reader, self._relation, each, self._filled(each))
            for each in table.columns
        }
        referred = {
            key.ref_columns
            for other in findings.tables
            for key in other.foreign_keys
            if key.ref_table == table.name
        }
        self._repeated = {
            each.name: repeated(reader, self._relation, each, self._filled(each))
            for each in table.columns
            if expects_unique(table, each, self._filled(each), referred)
        }

    def result(self) -> TableQuality:
        table = self._table
        columns = [self._column(each) for each in table.columns]
        columns = self._with_values(columns)
        filled = {each.name: self._filled(each) for each in table.columns}
        cells = dict.fromkeys(filled, table.rows)
        whole = copies(self._reader, self._relation, table)
        uniqueness = [_score(whole, table.rows, "copies of earlier rows")]
        uniqueness += [each.uniqueness for each in columns if each.uniqueness.score is not None]
        return TableQuality(
            name=table.name,
            completeness=self._overall("completeness", columns, cells, "a value is missing"),
            uniqueness=_without_values(
                min(uniqueness, key=lambda each: 2.0 if each.score is None else each.score)
            ),
            validity=self._overall("validity", columns, filled, "a value is not of its type"),
            consistency=self._overall("consistency", columns, filled, ""),
            timeliness=self._timeliness(),
            columns=tuple(columns),
        )

    def _filled(self, column: Column) -> int:
        return self._table.rows - self._cells[column.name].missing.rows

    def _scan(self) -> dict[str, _Cells]:
        """All that values show by themselves, in one scan for a hundred columns."""
        asked = [
            (column.name, letter, said)
            for column in self._table.columns
            for letter, said in self._conditions(column).items()
        ]
        found: dict[tuple[str, str], Count] = {}
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            counts = self._count([said for _, _, said in part])
            found |= {
                (name, letter): count for (name, letter, _), count in zip(part, counts, strict=True)
            }
        return {
            column.name: _Cells(*(found.get((column.name, each), Count()) for each in "mvo"))
            for column in self._table.columns
        }

    def _conditions(self, column: Column) -> dict[str, str]:
        """SQL that is true for a row without a value, with a wrong one, with an odd one."""
        test, text, has = self._tests[column.name], text_of(column.name), present(column)
        found = {"m": f"not ({has})"}
        for letter, said in (("v", test.invalid), ("o", test.odd)):
            if said is not None and said != "false":
                found[letter] = f"({has}) and ({said.replace('{c}', text)})"
        return found

    def _count(self, conditions: Sequence[str]) -> list[Count]:
        """How many rows meet each condition, and the first of them."""
        flags = ", ".join(f"{said} as f{index}" for index, said in enumerate(conditions))
        terms = ", ".join(
            f"count(*) filter (where f{index}), min(position, {MOST_EXAMPLES}) filter (where f{index})"
            for index in range(len(conditions))
        )
        row = self._reader.execute(
            f"select {terms} from (select rowid as position, {flags} from {self._relation})"
        ).fetchone()
        values: Sequence[Any] = row or ()
        return [
            Count(int(values[2 * index]), tuple(values[2 * index + 1] or ()))
            for index in range(len(conditions))
        ]

    def _either(self, letter: str, columns: Sequence[ColumnQuality], name: str) -> Count:
        """The rows that have something against any of the columns."""
        against = [each for each in columns if each.scores[name].against]
        said = [self._conditions(self._table.column(each.name))[letter] for each in against]
        return self._count([" or ".join(f"({each})" for each in said)])[0] if said else Count()

    def _column(self, column: Column) -> ColumnQuality:
        cells, test, filled = (
            self._cells[column.name],
            self._tests[column.name],
            self._filled(column),
        )
        validity, consistency = NOTHING, []
        wrong = cells.invalid.rows + cells.odd.rows
        believed = filled - wrong >= test.least * filled
        if test.invalid is not None and believed:
            validity = _score(cells.invalid, filled, test.reason)
        if test.odd is not None and believed:
            consistency.append((cells.odd, test.odd_reason))
        spelled = self._spellings[column.name]
        if spelled is not None:
            consistency.append(
                (spelled, "differs from a more frequent value in case or white space")
            )
        for key, count in self._orphans:
            if column.name in key.columns:
                there = f"{key.ref_table}.{', '.join(key.ref_columns)}"
                consistency.append((count, f"not in {there}"))
        again = self._repeated.get(column.name)
        return ColumnQuality(
            name=column.name,
            completeness=_score(cells.missing, self._table.rows, "without a value"),
            uniqueness=NOTHING
            if again is None
            else _score(again, filled, "repeats an earlier row's"),
            validity=validity,
            consistency=_scored(consistency, filled),
        )

    def _overall(
        self, name: str, columns: Sequence[ColumnQuality], cells: Mapping[str, int], reason: str
    ) -> Score:
        """The share of the cells of all columns that have this score."""
        having = [each for each in columns if each.scores[name].score is not None]
        whole = sum(cells[each.name] for each in having)
        if not whole:
            return NOTHING
        good = sum((each.scores[name].score or 0.0) * cells[each.name] for each in having)
        against: tuple[Against, ...] = ()
        if name in _LETTERS:
            count = self._either(_LETTERS[name], having, name)
            if count.rows:
                against = (_against(count, reason),)
        else:
            against = tuple(
                Against(f"{each.name}: {one.reason}", one.rows, _plain(one.examples))
                for each in having
                for one in each.scores[name].against
            )
        return Score(1.0 if not against else min(good / whole, 1.0), against)

    def _timeliness(self) -> Timeliness | None:
        return find_timeliness(self._reader, self._relation, self._table, self._now)

    def _with_values(self, columns: Sequence[ColumnQuality]) -> list[ColumnQuality]:
        """The scores with the values of their examples, where these may be shown."""
        shown = {c.name for c in self._table.columns if not is_personal(self._table, c)}
        wanted: dict[str, set[int]] = {}
        for column in columns:
            for name, score in column.scores.items():
                if column.name in shown and name != "completeness":
                    rows = {each.row for one in score.against for each in one.examples}
                    if rows:
                        wanted.setdefault(column.name, set()).update(rows)
        if not wanted:
            return list(columns)
        values = self._read(wanted)
        return [
            ColumnQuality(
                column.name,
                **{
                    name: Score(
                        score.score, tuple(_valued(a, column.name, values) for a in score.against)
                    )
                    for name, score in column.scores.items()
                },
            )
            for column in columns
        ]

    def _read(self, wanted: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], str]:
        rows = sorted({row for each in wanted.values() for row in each})
        names = ", ".join(quoted(name) for name in wanted)
        found = self._reader.execute(
            f"select rowid + 1, {names} from {self._relation}"
            f" where rowid in ({', '.join(str(row - 1) for row in rows)})"
        ).fetchall()
        return {
            (name, row): text
            for row, *texts in found
            for name, text in zip(wanted, texts, strict=True)
            # An address in a column of something else is personal all the same.
            if text is not None and "@" not in text
        }


def _valued(against: Against, column: str, values: Mapping[tuple[str, int], str]) -> Against:
    examples = tuple(
        Example(each.row, _short(values.get((column, each.row)))) for each in against.examples
    )
    return Against(against.reason, against.rows, examples)


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= 60 else text[:59] + "…"


def _against(count: Count, reason: str) -> Against:
    return Against(reason, count.rows, tuple(Example(each + 1) for each in count.positions))


def _plain(examples: Iterable[Example]) -> tuple[Example, ...]:
    return tuple(Example(each.row) for each in examples)


def _without_values(score: Score) -> Score:
    return Score(
        score.score,
        tuple(Against(each.reason, each.rows, _plain(each.examples)) for each in score.against),
    )


def _score(count: Count, whole: int, reason: str) -> Score:
    return _scored([(count, reason)], whole)


def _scored(counts: Sequence[tuple[Count, str]], whole: int) -> Score:
    """One minus the share of what speaks against it; None where nothing is asked or there."""
    if not counts or not whole:
        return NOTHING
    rows = sum(count.rows for count, _ in counts)
    return Score(
        max(0.0, 1 - rows / whole),
        tuple(_against(count, reason) for count, reason in counts if count.rows),
    )
