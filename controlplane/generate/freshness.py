"""How long a raw table may stay as it is before dbt says that its source is stale.

`dbt source freshness` compares the newest `_loaded_at` with the clock. What is normal follows from
the schedule alone, so that the same spec always gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from typing import Any

from controlplane.specs.etl import Schedule

# A schedule of minutes says how soon to look, and not that there is something at any time.
_SOONEST = {"warn_after": timedelta(minutes=30), "error_after": timedelta(hours=1)}
_PERIODS = {"warn_after": 2, "error_after": 4}
_UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
}
# Due days that are looked at: more than two years of a daily schedule.
_DAYS = 800
_MIDNIGHT = datetime(2024, 1, 1)  # noqa: DTZ001 - of a clock, wherever it hangs
_TOMORROW = _MIDNIGHT + timedelta(days=1)


def freshness_config(schedule: Schedule | None) -> dict[str, Any]:
    """The dbt config of a raw table that is loaded by the schedule; empty where nothing is due.

    It warns after two periods and fails after four; a period is the longest time between two due
    times, so that a schedule for working days is not stale on a Monday. A schedule that ends says
    nothing: its table would be stale for ever after.
    """
    if schedule is None or schedule.cron_expression is None or schedule.end_time is not None:
        return {}
    period = longest_gap(schedule.cron_expression)
    return {
        "loaded_at_field": "_loaded_at",
        "freshness": {
            name: _amount(max(times * period, _SOONEST[name])) for name, times in _PERIODS.items()
        },
    }


@lru_cache(maxsize=256)
def longest_gap(cron: str) -> timedelta:
    """The longest time between two due times of a cron expression, by the clock."""
    minute, hour, *days = cron.split()
    times = list(takewhile(lambda moment: moment < _TOMORROW, _due(f"{minute} {hour} * * *")))
    dates = islice(_due(f"0 0 {' '.join(days)}"), _DAYS)
    overnight = max(after - before for before, after in pairwise(dates)) - (times[-1] - times[0])
    return max([overnight, *(after - before for before, after in pairwise(times))])


def _due(cron: str) -> Iterator[datetime]:
    """The due times of an expression, from a midnight on."""
    from croniter import croniter

    due = croniter(cron, _MIDNIGHT - timedelta(minutes=1), max_years_between_matches=100)
    return iter(lambda: due.get_next(datetime), None)


def _amount(length: timedelta) -> dict[str, Any]:
    """As dbt writes it: whole units of the largest kind."""
    unit, one = next((unit, one) for unit, one in _UNITS.items() if length % one == timedelta())
    return {"count": length // one, "period": unit}
