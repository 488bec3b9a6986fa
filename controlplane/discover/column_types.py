"""Finds what the columns of a table are, from their text alone.

A sample is looked at value by value; what is chosen from it is then held against all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from controlplane.discover.column_checks import Checked, check_columns, read_exceptions
from controlplane.discover.column_samples import Sample, pattern_of, read_samples
from controlplane.discover.corrections import Corrections
from controlplane.discover.evidence import Choice
from controlplane.discover.findings import ColumnType, Sentinel
from controlplane.discover.type_choice import choose
from controlplane.discover.written import how_written


def find_column_types(
    reader: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    *,
    corrections: Corrections | None = None,
    table: str = "",
) -> list[ColumnType]:
    """The type of each column, in the order of `columns`.

    Args:
        reader: a connection that can read the relation.
        relation: the quoted name of a table or view whose columns are texts, null where missing.
        columns: the names of the columns.
        corrections: what people corrected before.
        table: the table's name, as corrections have it.
    """
    samples = read_samples(reader, relation, columns)
    choices, preferred = _choose_all(samples)
    found = list(choices)
    if corrections is not None:
        choices = [
            _corrected(sample, choice, corrections, table)
            for sample, choice in zip(samples, choices, strict=True)
        ]
    asked = {
        sample.column: choice
        for sample, choice in zip(samples, choices, strict=True)
        if _is_open(sample, choice)
    }
    checked = check_columns(reader, relation, asked)
    again = {}
    for index, (sample, choice) in enumerate(zip(samples, choices, strict=True)):
        answer = checked.get(sample.column)
        if answer is None or sample.of == 1.0:
            continue
        second = _second_choice(reader, relation, sample, choice, answer, preferred)
        if second is not None:
            if choice is found[index] or second.reason != choice.reason:
                found[index] = second
            if corrections is not None:
                second = _corrected(sample, second, corrections, table)
            choices[index] = again[sample.column] = second
    if again:
        checked |= check_columns(reader, relation, again)
    return [
        _column_type(sample, choice, checked.get(sample.column), own)
        for sample, choice, own in zip(samples, choices, found, strict=True)
    ]


def _choose_all(samples: Sequence[Sample]) -> tuple[list[Choice], Mapping[str, str]]:
    """The choice of each column, and the order of day and month by separator.

    Columns that leave day and month open follow their neighbours.
    """
    choices = [choose(sample) for sample in samples]
    preferred: dict[str, str] = {}
    for choice in choices:
        times = choice.times
        if times and times.rival is None and times.order in ("dmY", "mdY", "dmy", "mdy", "ymd"):
            preferred.setdefault(times.separator, times.order)
            preferred.setdefault("", times.order)
    if preferred:
        for index, choice in enumerate(choices):
            if choice.times is not None and choice.times.rival:
                choices[index] = choose(samples[index], preferred)
    return choices, preferred


def _corrected(sample: Sample, choice: Choice, corrections: Corrections, table: str) -> Choice:
    vote = corrections.vote(
        table, sample.column, choice.type, choice.semantic, pattern_of(sample.counts)
    )
    if vote is None:
        return choice
    are_numbers = vote.type in ("integer", "decimal", "year")
    are_times = vote.type == choice.type or vote.format is None
    return replace(
        choice,
        numbers=choice.numbers if are_numbers else None,
        times=choice.times if are_times and vote.type in ("date", "datetime", "time") else None,
        type=vote.type,
        semantic=vote.semantic,
        format=vote.format or (choice.format if vote.type == choice.type else None),
        confidence=vote.confidence,
        reason=f"{vote.reason}; by itself: {choice.type}, {choice.reason}",
        sentinels={} if vote.type == "string" else choice.sentinels,
    )


def _is_open(sample: Sample, choice: Choice) -> bool:
    """Whether all rows have to be asked; a text that was seen whole has nothing left to say."""
    if choice.type == "empty" or (choice.type == "string" and choice.semantic in ("uuid", "json")):
        return True
    return choice.type != "string" or (
        sample.of > 1.0 and (bool(choice.sentinels) or choice.semantic == "constant")
    )


def _second_choice(
    reader: duckdb.DuckDBPyConnection,
    relation: str,
    sample: Sample,
    choice: Choice,
    answer: Checked,
    preferred: Mapping[str, str],
) -> Choice | None:
    """Another choice, where all rows show what the sample did not; None where it stands."""
    is_broken = choice.semantic == "constant" and not answer.is_constant
    if not (answer.exceptions or is_broken or (choice.type == "empty" and answer.rows)):
        return None
    others = read_exceptions(reader, relation, sample.column, choice)
    if not others.keys() - sample.counts.keys():
        return replace(choice, semantic=None) if is_broken else None
    counts = Counter(
        {value: max(1, round(count * sample.of)) for value, count in sample.counts.items()}
    )
    # Counted in all rows, these are exact.
    for value, count in others.items():
        counts[value] = count
    return choose(Sample(sample.column, counts, counts.total(), 1.0), preferred)


def _column_type(
    sample: Sample, choice: Choice, checked: Checked | None, found: Choice
) -> ColumnType:
    reason = choice.reason
    rows: Mapping[str, int] = checked.sentinels if checked else {**sample.counts, **sample.blanks}
    if checked and checked.exceptions:
        reason += f"; {checked.exceptions:,} of {checked.rows:,} rows are not"
    return ColumnType(
        type=choice.type,
        semantic=choice.semantic,
        format=choice.format,
        confidence=round(choice.confidence, 3),
        reason=reason,
        storage=checked.storage if checked else "text",
        storage_without=checked.storage_without if checked else "text",
        sentinels=tuple(
            Sentinel(value, rows.get(value, 0), why)
            for value, why in sorted(choice.sentinels.items())
        ),
        pattern=pattern_of(sample.counts),
        by_itself=None if choice is found else (found.type, found.semantic),
        written=how_written(choice),
    )
