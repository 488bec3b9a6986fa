"""When a cron expression is due, also on the days on which clocks change.

A schedule that runs in every hour follows elapsed time: the hour that comes twice has its times
twice, the one that is left out has none. A schedule that names hours follows the clock on the wall:
in the hour that comes twice it is due in the first, and times that are left out are due together at
the moment the clock jumps. So each due time comes once, and none is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

from controlplane.specs.etl import Schedule

# How far back to look first for the last due time: most schedules are found in the first.
_WINDOWS = (timedelta(hours=2), timedelta(days=2), timedelta(days=40), timedelta(days=400))


def due_times(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    """The due times later than `after` and not later than `until`, in UTC, first to last."""
    return list(takewhile(lambda moment: moment <= until, instants(schedule, after)))


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due time later than `after`; None when there is none any more."""
    return next(instants(schedule, after), None)


def latest_due(schedule: Schedule, after: datetime, until: datetime) -> datetime | None:
    """The last due time later than `after` and not later than `until`; quick after a long pause."""
    if schedule.end_time is not None:
        until = min(until, schedule.end_time)
    for window in _WINDOWS:
        if until - window <= after:
            break
        if found := due_times(schedule, until - window, until):
            return found[-1]
    found = due_times(schedule, after, until)
    return found[-1] if found else None


def instants(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The due times later than `after` within the schedule's window, in UTC, without end."""
    if schedule.cron_expression is None:
        return
    last = after
    if schedule.start_time is not None:
        last = max(after, schedule.start_time - timedelta(microseconds=1))
    for moment in _clock_times(schedule.cron_expression, ZoneInfo(schedule.timezone), last):
        if schedule.end_time is not None and moment > schedule.end_time:
            return
        if moment > last:
            last = moment
            yield moment


def _clock_times(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments at which the clock on the wall fits the expression, from about `after` on."""
    local = after.astimezone(zone)
    wall = local.replace(tzinfo=None, fold=0)
    first, second = _offsets(wall, zone)
    # In the hour that comes twice, times that the clock passed before come once more.
    cron = croniter(expression, wall - abs(first - second))
    every_hour = cron.expanded[1] == ["*"] or set(cron.expanded[1]) == set(range(24))
    again: list[datetime] = []
    while True:
        try:
            wall = cron.get_next(datetime)
        except CroniterBadDateError:
            yield from again
            return
        first, second = _offsets(wall, zone)
        if second < first:  # comes twice
            yield _utc(wall, first)
            if every_hour:
                again.append(_utc(wall, second))
            continue
        yield from again
        again = []
        if first == second:
            yield _utc(wall, first)
        elif not every_hour:
            yield _jump(wall, zone)


def _offsets(wall: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """The zone's offsets at a clock time, before and after the change it may be in (PEP 495)."""
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    return before or timedelta(0), after or timedelta(0)


def _utc(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def _jump(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock jumps over a clock time that is left out."""
    before, after = _offsets(wall, zone)
    early, late = _utc(wall, after), _utc(wall, before)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)
