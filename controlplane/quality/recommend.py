"""Plain sentences on what to do about what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from controlplane.quality.counting import Counts
from controlplane.quality.criteria import Criterion
from controlplane.quality.sampling import Broken

if TYPE_CHECKING:
    from controlplane.quality.masked import Masking

# What stands for nothing in the sources of this world.
_NOTHING = frozenset(
    {"n/a", "na", "null", "none", "nil", "-", "--", "?", "unknown", "nan", "#n/a", "."}
)
# A value that makes up so much of what breaks a rule is a cause by itself.
_FREQUENT = 0.2
_MOST = 0.5


def recommendations(
    checks: Sequence[Criterion],
    counts: Counts,
    broken: Mapping[str, Broken],
    unreadable: int,
    masking: Masking,
) -> list[str]:
    """What to do, the largest first."""
    failing = [each for each in checks if counts.by_check.get(each.name)]
    failing.sort(key=lambda each: (-counts.by_check[each.name], each.name))
    found = [
        sentence
        for each in failing
        for sentence in _of(each, counts, broken.get(each.name, Broken()), masking)
    ]
    if unreadable:
        found.append(
            f"{_records(unreadable)} of the source cannot be read: `databank rejects list` says why."
        )
    if counts.unexplained:
        found.append(
            f"{_records(counts.unexplained)} go to quarantine for reasons that no rule of the spec"
            " gives: the checked model was edited, so put its rule into the spec."
        )
    if counts.late:
        found.append(
            f"{_records(counts.late)} came later than the schedule allows: load more often, or ask"
            " the source to deliver earlier."
        )
    return found


def _of(criterion: Criterion, counts: Counts, broken: Broken, masking: Masking) -> Iterator[str]:
    wrong = counts.by_check[criterion.name]
    share = _percent(wrong, counts.records)
    subject = criterion.column or "a record"
    said = f"{subject} fails {criterion.name} in {share} of the records"
    if criterion.kind in ("not_null", "key"):
        yield (
            f"{subject} is missing in {share} of the records: ask the source for it, or give it a"
            " value with a cleaning rule of type default."
        )
        return
    if criterion.kind == "unique":
        yield f"{said}: deduplicate by {subject}, or correct the source."
        return
    value = broken.frequent
    if value is None or broken.frequent_records < max(2, _FREQUENT * wrong):
        yield f"{said}: {_general(criterion)}."
        return
    shown = masking.shown(criterion.column, value)
    most = f"{said}; the most frequent value is '{shown}' ({broken.frequent_records:,} times)"
    if value.strip().lower() in _NOTHING and not masking.hides(criterion.column):
        yield f"{most}: add a null_if cleaning rule."
    elif value != value.strip():
        yield f"{most}: add a trim cleaning rule."
    elif criterion.kind == "accepted_values" and broken.frequent_records >= _MOST * wrong:
        yield f"{most}: accept it, or replace it with a cleaning rule."
    else:
        yield f"{most}: {_general(criterion)}."


def _general(criterion: Criterion) -> str:
    match criterion.kind:
        case "type":
            return "correct the source, or declare another type"
        case "expression":
            return "look at the samples, and correct the source or the rule"
        case _:
            return "look at the samples, and clean the values or correct the rule"


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,} records"
