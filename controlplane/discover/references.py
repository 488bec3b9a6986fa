"""References between tables as they are judged, and the schema that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.discover.inclusion import Inclusion
from controlplane.discover.key_candidate import KeyCandidate

Keys = Mapping[str, tuple[KeyCandidate, float]]


@dataclass(frozen=True)
class Reference:
    """A reference with its log-odds and, once the parents have competed, its probability.

    `said` is how well the names say it, 0 to 1; None where names say nothing.
    """

    inclusion: Inclusion
    score: float
    probability: float = 0.0
    said: float | None = None
    is_declared: bool = False

    @property
    def child(self) -> tuple[str, tuple[str, ...]]:
        """The table and columns that refer."""
        columns = self.inclusion.child
        return columns[0].table, tuple(column.name for column in columns)


@dataclass(frozen=True)
class Schema:
    """The key of each table, with its probability, and the references between tables."""

    keys: Keys
    candidates: Mapping[str, Sequence[KeyCandidate]]
    references: tuple[Reference, ...]
