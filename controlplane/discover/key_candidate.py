"""Columns that could be the key of their table."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.discover.profile import ColumnProfile

# Longer texts are no keys; columns with so many values of their own are nearly one.
LONGEST_KEY = 64
NEARLY_UNIQUE = 0.98


@dataclass(frozen=True)
class KeyCandidate:
    """Columns that are unique and never null; `score` is the log-odds that they are the key."""

    table: str
    columns: tuple[str, ...]
    profiles: tuple[ColumnProfile, ...]
    score: float
    is_sequence: bool = False
    is_declared: bool = False

    @property
    def is_single(self) -> bool:
        """Whether one column is enough."""
        return len(self.columns) == 1
