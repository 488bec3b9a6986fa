"""What is asked for: how much, over which days, in how many deliveries. Everything follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from controlplane.demo.streams import Ints, Stream
from controlplane.errors import DatabankError

DEFAULT_END = date(2025, 6, 30)
SECONDS = 86_400
EPOCH = date(1970, 1, 1)
# At scale 1 over a year.
_TRANSACTIONS = 100_000
_YEAR = 365
_FEWEST_DAYS, _MOST_DAYS = 14, 3660
# Half a gigabyte of memory for each million.
_MOST_TRANSACTIONS = 10_000_000


@dataclass(frozen=True)
class Scope:
    """The arguments of a run, checked.

    Raises:
        DatabankError: one of them cannot be used.
    """

    scale: float = 1.0
    days: int = _YEAR
    seed: int = 1
    end: date = DEFAULT_END
    deliveries: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise DatabankError(
                f"--scale: found {self.scale:g}, expected a number above 0",
                hint="1 is about 100,000 transactions a year",
            )
        if not _FEWEST_DAYS <= self.days <= _MOST_DAYS:
            raise DatabankError(
                f"--days: found {self.days}, expected {_FEWEST_DAYS} to {_MOST_DAYS}"
            )
        if self.seed < 0:
            raise DatabankError(f"--seed: found {self.seed}, expected 0 or more")
        if not date(1990, 1, 1) <= self.end <= date(2100, 12, 31):
            raise DatabankError(
                f"--end: found {self.end}, expected a date from 1990-01-01 to 2100-12-31"
            )
        if self.deliveries is not None and not 1 <= self.deliveries <= self.days:
            raise DatabankError(
                f"--deliveries: found {self.deliveries}, expected 1 to {self.days}, one a day"
            )
        if self.transactions > _MOST_TRANSACTIONS:
            raise DatabankError(
                f"--scale {self.scale:g} over {self.days} days is about {self.transactions:,}"
                f" transactions, at most {_MOST_TRANSACTIONS:,} can be made at once",
                hint="take a smaller --scale, or fewer --days",
            )

    def stream(self, name: str) -> Stream:
        """The random numbers of this purpose."""
        return Stream(self.seed, name)

    @property
    def transactions(self) -> int:
        """About how many sales there are: in proportion to scale and days."""
        return max(round(_TRANSACTIONS * self.scale * self.days / _YEAR), 200)

    @property
    def customers(self) -> int:
        """How many customers: with the scale to the power of 0.8."""
        return max(round(8_000 * math.pow(self.scale, 0.8)), 60)

    @property
    def products(self) -> int:
        """How many products: with the square root of the scale."""
        return max(round(400 * math.sqrt(self.scale)), 48)

    @property
    def campaigns(self) -> int:
        """How many campaigns: with the days, and with the fourth root of the scale."""
        return max(round(30 * math.sqrt(math.sqrt(self.scale)) * self.days / _YEAR), 4)

    @cached_property
    def start(self) -> date:
        """The first day."""
        return self.end - timedelta(days=self.days - 1)

    @cached_property
    def first_day(self) -> int:
        """The first day, counted from 1970."""
        return (self.start - EPOCH).days

    @property
    def length(self) -> int:
        """The period in seconds."""
        return self.days * SECONDS

    def date_of(self, day: int) -> date:
        """The date of a day of the period, which counts from 0."""
        return self.start + timedelta(days=int(day))

    def since_1970(self, seconds: Ints) -> Ints:
        """Seconds of the period as seconds since 1970."""
        return seconds + self.first_day * SECONDS

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """The first day of each delivery: the calendar months', or equal parts if so many are set."""
        if self.deliveries is not None:
            return tuple(part * self.days // self.deliveries for part in range(self.deliveries))
        return tuple(day for day in range(self.days) if day == 0 or self.date_of(day).day == 1)

    def delivery_of(self, seconds: Ints) -> Ints:
        """The delivery that each second of the period lies in; what was before, is in the first."""
        found = np.searchsorted(np.asarray(self.cuts) * SECONDS, seconds, side="right") - 1
        return np.maximum(found, 0).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """The arguments, as they can be given again."""
        return {
            "scale": self.scale,
            "days": self.days,
            "seed": self.seed,
            "end": self.end.isoformat(),
            "deliveries": self.deliveries,
        }
