"""How much is sold on which day, in which channel and region: the curves that a forecast looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from controlplane.demo.places import CHANNEL_SHARES, CHANNELS, REGIONS, STORE
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Floats

# Monday first. Shops live from Saturday, the web from Sunday evening and Monday.
WEEK: dict[str, tuple[float, ...]] = {
    "store": (0.90, 0.88, 0.94, 1.02, 1.22, 1.52, 0.52),
    "web": (1.16, 1.04, 0.98, 0.94, 0.88, 0.86, 1.14),
    "mobile": (1.06, 0.98, 0.96, 0.96, 0.96, 1.00, 1.08),
    "marketplace": (1.10, 1.04, 1.00, 0.98, 0.94, 0.92, 1.02),
}
# Share of a channel's baskets in each hour from midnight.
HOURS: dict[str, tuple[int, ...]] = {
    "store": (0, 0, 0, 0, 0, 0, 0, 0, 2, 6, 9, 11, 12, 10, 10, 11, 12, 12, 9, 5, 1, 0, 0, 0),
    "web": (2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 5, 5, 5, 5, 6, 7, 9, 10, 9, 6, 4),
    "mobile": (3, 2, 1, 1, 1, 1, 3, 6, 6, 4, 4, 4, 6, 5, 4, 4, 5, 6, 7, 8, 9, 9, 7, 5),
    "marketplace": (2, 1, 1, 1, 1, 1, 2, 3, 5, 5, 5, 5, 6, 5, 5, 5, 5, 6, 7, 8, 8, 7, 5, 3),
}
# The year: two waves, the first with its top at the end of November, and a fortnight before Christmas.
_YEAR_WAVES = ((0.16, 330), (0.06, 150))
_ADVENT = (340, 357, 0.35)
TREND_A_YEAR = 0.18
_NOISE = 0.035
_YEAR = 365.25


@dataclass(frozen=True)
class Calendar:
    """Weights of sales: `cells` is days by channels by regions.

    The others are a factor a day, all of which are in the cells, as are the days of the week.
    """

    cells: Floats
    year: Floats
    trend: Floats
    noise: Floats

    @property
    def level(self) -> Floats:
        """How much is sold on each day, but for the day of the week."""
        return self.year * self.trend * self.noise

    def true_parameters(self) -> dict[str, Any]:
        """The curves as they were put in."""
        return {
            "weekly": {name: list(week) for name, week in WEEK.items()},
            "yearly": {
                "waves": [
                    {"amplitude": size, "peak_day_of_year": peak, "per_year": number}
                    for number, (size, peak) in enumerate(_YEAR_WAVES, start=1)
                ],
                "advent": {"from_day": _ADVENT[0], "to_day": _ADVENT[1], "uplift": _ADVENT[2]},
            },
            "trend_a_year": TREND_A_YEAR,
            "noise_deviation": _NOISE,
            "channel_shares": dict(zip(CHANNELS, CHANNEL_SHARES, strict=True)),
        }


def make_calendar(scope: Scope) -> Calendar:
    """The weights of each day, channel and region."""
    stream = scope.stream("calendar")
    dates = [scope.date_of(day) for day in range(scope.days)]
    year = np.asarray([yearly(one.timetuple().tm_yday) for one in dates])
    trend = np.asarray([(1 + TREND_A_YEAR) ** (day / _YEAR) for day in range(scope.days)])
    noise = 1 + _NOISE * stream.normal(scope.days)
    weekday = np.asarray([one.weekday() for one in dates])
    week = np.stack([np.asarray(WEEK[name])[weekday] for name in CHANNELS], axis=1)
    channels = (year * trend * noise)[:, None] * week * np.asarray(CHANNEL_SHARES)
    # A region without stores sells through the other channels; the stores' sales are the others'.
    regions = np.asarray([[one.share] * len(CHANNELS) for one in REGIONS]).T.copy()
    regions[STORE, [number for number, one in enumerate(REGIONS) if not one.stores]] = 0.0
    regions /= regions.sum(axis=1, keepdims=True)
    return Calendar(
        cells=np.round(channels[:, :, None] * regions[None], 12),
        year=year,
        trend=trend,
        noise=noise,
    )


def yearly(day_of_year: int) -> float:
    """The level of a day of the year, around 1."""
    level = 1.0
    for number, (size, peak) in enumerate(_YEAR_WAVES, start=1):
        level += size * math.cos(2 * math.pi * number * (day_of_year - peak) / _YEAR)
    first, last, uplift = _ADVENT
    if first <= day_of_year <= last:
        level *= 1 + uplift
    return level
