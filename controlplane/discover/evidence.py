"""What the choice of a type starts from and ends in: values without gaps, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controlplane.discover import sentinels
from controlplane.discover.column_names import ColumnName
from controlplane.discover.findings import ValueType
from controlplane.discover.numbers import Numbers
from controlplane.discover.times import Times

# Exceptions that are words are slips; those with digits rather say that all are texts.
_MOST_WORDS, _MOST_DIGITS = 0.2, 0.03


@dataclass(frozen=True)
class Choice:
    """What a column seems to be, from its sample; `sentinels` are values with their reasons."""

    type: ValueType
    semantic: str | None
    format: str | None
    confidence: float
    reason: str
    sentinels: Mapping[str, str] = field(default_factory=dict)
    matched: frozenset[str] = frozenset()
    numbers: Numbers | None = None
    times: Times | None = None


@dataclass(frozen=True)
class Evidence:
    """The values that are left without words for missing ones."""

    name: ColumnName
    counts: Mapping[str, int]
    rows: int
    missing: Mapping[str, str]

    @property
    def distinct(self) -> int:
        """How many values there are."""
        return len(self.counts)

    @property
    def is_constant(self) -> bool:
        """Whether all rows have the same value."""
        return self.distinct == 1 and self.rows > 1


def fit(evidence: Evidence, matched: frozenset[str]) -> tuple[float, dict[str, str]] | None:
    """How much the exceptions take from the confidence, and which are sentinels; None: too many."""
    exceptions = {v: count for v, count in evidence.counts.items() if v not in matched}
    if len(matched) == 0:
        return None
    if not exceptions:
        return 1.0, {}
    odd = sentinels.odd_words(exceptions, evidence.rows)
    left = {value: count for value, count in exceptions.items() if value not in odd}
    rows = evidence.rows
    digits = sum(n for value, n in left.items() if any(map(str.isdigit, value))) / rows
    words = sum(n for value, n in left.items() if not any(map(str.isdigit, value))) / rows
    named = sum(exceptions[value] for value in odd) / rows
    if digits > _MOST_DIGITS or words > _MOST_WORDS or named > 0.9:
        return None
    if len(odd) > 8 or sum(evidence.counts[value] for value in matched) < 2:
        return None
    return max(0.5, 1 - 4 * digits - 2 * words - 0.1 * named), odd


def exceptions_in(evidence: Evidence, matched: frozenset[str], odd: Mapping[str, str]) -> str:
    """What a reason says of the values that do not match; nothing where all do."""
    rows = sum(n for v, n in evidence.counts.items() if v not in matched and v not in odd)
    return f", but not {rows:,} of {evidence.rows:,} in the sample" if rows else ""
