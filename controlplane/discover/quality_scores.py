"""The quality of discovered data as values: five scores, and the rows that speak against each.

Every score is a share from 0 to 1, or None where there is nothing that it could be said of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Example:
    """A row that speaks against a score, counted from 1 without the header.

    `value` is None where it is missing, or not shown because it looks personal.
    """

    row: int
    value: str | None = None


@dataclass(frozen=True)
class Against:
    """One reason against a score: `rows` have it, the first of which are the examples."""

    reason: str
    rows: int
    examples: tuple[Example, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The reason as `databank discover --quality` prints it."""
        return {
            "reason": self.reason,
            "rows": self.rows,
            "examples": [{"row": each.row, "value": each.value} for each in self.examples],
        }


@dataclass(frozen=True)
class Score:
    """A share from 0 to 1, and what keeps it from being 1."""

    score: float | None
    against: tuple[Against, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The score as `databank discover --quality` prints it."""
        return {
            "score": None if self.score is None else rounded(self.score),
            "rows": sum(each.rows for each in self.against),
            "against": [each.to_dict() for each in self.against],
        }


NOTHING = Score(None)


@dataclass(frozen=True)
class ColumnQuality:
    """The scores of a column.

    completeness: the share of the rows that have a value; white space and what stands for a missing
    value are none. uniqueness: the share of the values that no earlier row has, of a column that is
    expected to tell rows apart. validity: the share of the values that are what the column was found
    to be. consistency: the share of the values that are written like the others, and whose reference
    leads somewhere.
    """

    name: str
    completeness: Score
    uniqueness: Score
    validity: Score
    consistency: Score

    @property
    def scores(self) -> Mapping[str, Score]:
        """The scores by their names."""
        return {
            "completeness": self.completeness,
            "uniqueness": self.uniqueness,
            "validity": self.validity,
            "consistency": self.consistency,
        }

    def to_dict(self) -> dict[str, Any]:
        """The scores as `databank discover --quality` prints them."""
        return {name: score.to_dict() for name, score in self.scores.items()}


@dataclass(frozen=True)
class Timeliness:
    """How old the newest time of a table is.

    The score is 1 while the newest time in `column` is no older than the usual distance between two
    days that have rows (`interval_days`, at least one day), and after that the share of that
    distance in the age: data of every day that end ten days ago have 0.1.
    """

    score: float
    column: str
    newest: datetime
    age_days: float
    interval_days: float
    against: tuple[Against, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The score as `databank discover --quality` prints it."""
        return {
            **Score(self.score, self.against).to_dict(),
            "column": self.column,
            "newest": self.newest.isoformat(),
            "age_days": round(self.age_days, 2),
            "interval_days": round(self.interval_days, 2),
        }


@dataclass(frozen=True)
class TableQuality:
    """The scores of a table, and those of its columns in their order.

    completeness, validity and consistency: the share of the cells, over all columns that have that
    score. uniqueness: the share of the rows that are no copy of an earlier one, or the lowest
    uniqueness of a column where that is lower. timeliness: None where the table has no times.
    """

    name: str
    completeness: Score
    uniqueness: Score
    validity: Score
    consistency: Score
    timeliness: Timeliness | None
    columns: tuple[ColumnQuality, ...]

    @property
    def scores(self) -> Mapping[str, Score]:
        """The scores by their names, without timeliness."""
        return {
            "completeness": self.completeness,
            "uniqueness": self.uniqueness,
            "validity": self.validity,
            "consistency": self.consistency,
        }

    def column(self, name: str) -> ColumnQuality:
        """The scores of the column with this name."""
        return next(column for column in self.columns if column.name == name)

    def to_dict(self) -> dict[str, Any]:
        """The scores of the table alone, as `databank discover --quality` prints them."""
        return {
            **{name: score.to_dict() for name, score in self.scores.items()},
            "timeliness": self.timeliness.to_dict() if self.timeliness else None,
        }


def rounded(score: float) -> float:
    """The score with five digits, and 1 for nothing but 1."""
    return 1.0 if score == 1 else min(round(score, 5), 0.99999)
