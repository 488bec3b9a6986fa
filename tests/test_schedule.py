"""When a schedule is due: every time once and none lost, also on days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.schedule.calendar import due_times, instants, latest_due, next_due
from controlplane.specs.etl import Schedule

BERLIN = "Europe/Berlin"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def cron(expression: str, timezone: str = "UTC", **values: Any) -> Schedule:
    return Schedule.model_validate(
        {
            "schedule_type": "cron",
            "cron_expression": expression,
            "timezone": timezone,
            **values,
        }
    )


def local_times(schedule: Schedule, first: str, last: str) -> list[str]:
    """The due times after one local time and up to another, as local times with their offset."""
    zone = ZoneInfo(schedule.timezone)
    after = datetime.fromisoformat(first).replace(tzinfo=zone)
    until = datetime.fromisoformat(last).replace(tzinfo=zone)
    return [f"{moment.astimezone(zone):%d %H:%M%z}" for moment in due_times(schedule, after, until)]


def test_a_daily_time_that_clocks_skip_in_spring_comes_when_they_jump() -> None:
    assert local_times(cron("30 2 * * *", BERLIN), "2026-03-28 00:00", "2026-03-31 00:00") == [
        "28 02:30+0100",
        "29 03:00+0200",
        "30 02:30+0200",
    ]


def test_a_daily_time_that_comes_twice_in_autumn_is_due_once() -> None:
    assert local_times(cron("30 2 * * *", BERLIN), "2026-10-24 00:00", "2026-10-27 00:00") == [
        "24 02:30+0200",
        "25 02:30+0200",
        "26 02:30+0100",
    ]


def test_several_times_that_clocks_skip_are_due_together() -> None:
    assert local_times(cron("0,30 2,3 * * *", BERLIN), "2026-03-29 00:00", "2026-03-29 12:00") == [
        "29 03:00+0200",
        "29 03:30+0200",
    ]


def test_a_schedule_of_every_hour_follows_elapsed_time_in_spring() -> None:
    assert local_times(cron("*/30 * * * *", BERLIN), "2026-03-29 01:00", "2026-03-29 04:00") == [
        "29 01:30+0100",
        "29 03:00+0200",
        "29 03:30+0200",
        "29 04:00+0200",
    ]


def test_a_schedule_of_every_hour_follows_elapsed_time_in_autumn() -> None:
    assert local_times(cron("*/30 * * * *", BERLIN), "2026-10-25 01:30", "2026-10-25 03:00") == [
        "25 02:00+0200",
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
        "25 03:00+0100",
    ]


def test_a_change_by_half_an_hour_is_met() -> None:
    """Lord Howe Island: on 5 April 2026 the clock goes from 02:00 back to 01:30."""
    lord_howe = cron("*/15 * * * *", "Australia/Lord_Howe")
    assert local_times(lord_howe, "2026-04-05 01:15", "2026-04-05 02:00") == [
        "05 01:30+1100",
        "05 01:45+1100",
        "05 01:30+1030",
        "05 01:45+1030",
        "05 02:00+1030",
    ]
    daily = cron("45 1 * * *", "Australia/Lord_Howe")
    assert local_times(daily, "2026-04-05 00:00", "2026-04-06 00:00") == ["05 01:45+1100"]


def test_counting_may_start_within_the_hour_that_comes_twice() -> None:
    every_hour = cron("0 * * * *", BERLIN)
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert list(islice(instants(every_hour, first_half_past_two), 2)) == [
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 0, tzinfo=UTC),
    ]
    daily = cron("30 2 * * *", BERLIN)
    assert next_due(daily, first_half_past_two) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_a_schedule_of_every_hour_is_due_at_each_minute_whose_clock_time_fits(zone: str) -> None:
    """Compared with looking at every minute of a year's days on which clocks change."""
    schedule = cron("7,37 * * * *", zone)
    place = ZoneInfo(zone)
    for month, day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1)):
        start = datetime(2026, month, day, tzinfo=UTC) - timedelta(hours=14)
        minutes = [start + timedelta(minutes=count) for count in range(1, 40 * 60)]
        fitting = [item for item in minutes if item.astimezone(place).minute in {7, 37}]
        assert due_times(schedule, start, minutes[-1]) == fitting


@settings(max_examples=150, deadline=None)
@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    month=st.sampled_from([3, 4, 10, 11]),
)
def test_a_daily_schedule_is_due_once_on_every_day(
    hour: int, minute: int, zone: str, month: int
) -> None:
    place = ZoneInfo(zone)
    start = datetime(2026, month, 1, tzinfo=place) - timedelta(seconds=1)
    until = datetime(2026, month, 30, tzinfo=place) - timedelta(seconds=1)
    due = due_times(cron(f"{minute} {hour} * * *", zone), start, until)
    assert [moment.astimezone(place).day for moment in due] == list(range(1, 30))


@settings(max_examples=100, deadline=None)
@given(
    start=st.integers(0, 365 * 24 * 60).map(lambda minute: NEW_YEAR + timedelta(minutes=minute)),
    hours=st.lists(st.integers(0, 200), min_size=1, max_size=6),
    expression=st.sampled_from(["*/20 * * * *", "30 2 * * *", "0 1-4 * * *", "15 */3 * * 1"]),
)
def test_looking_in_steps_finds_what_looking_at_once_finds(
    start: datetime, hours: list[int], expression: str
) -> None:
    """However a scheduler's looks are spread, each due time is seen by exactly one of them."""
    schedule = cron(expression, BERLIN)
    found: list[datetime] = []
    seen_until = start
    for step in hours:
        now = seen_until + timedelta(hours=step)
        found += due_times(schedule, seen_until, now)
        seen_until = now
    assert found == due_times(schedule, start, seen_until)
    assert found == sorted(set(found))
    assert latest_due(schedule, start, seen_until) == (found[-1] if found else None)


def test_the_window_of_a_schedule_holds_both_its_ends() -> None:
    schedule = cron(
        "0 0 * * *", BERLIN, start_time="2026-05-02T00:00:00", end_time="2026-05-04T00:00:00"
    )
    assert local_times(schedule, "2026-01-01 00:00", "2026-12-31 00:00") == [
        "02 00:00+0200",
        "03 00:00+0200",
        "04 00:00+0200",
    ]
    late = datetime(2027, 1, 1, tzinfo=UTC)
    assert next_due(schedule, late) is None
    assert latest_due(schedule, late, late + timedelta(days=3)) is None
    assert latest_due(schedule, datetime(2026, 1, 1, tzinfo=UTC), late) == datetime(
        2026, 5, 3, 22, tzinfo=UTC
    )


def test_the_last_of_many_missed_times_is_found_without_walking_through_all() -> None:
    every_minute = cron("* * * * *")
    years_ago, now = datetime(2006, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert latest_due(every_minute, years_ago, now) == now
    assert latest_due(cron("0 0 29 2 *"), years_ago, now) == datetime(2024, 2, 29, tzinfo=UTC)


def test_a_manual_schedule_is_never_due() -> None:
    manual = Schedule.model_validate({"schedule_type": "manual"})
    assert next_due(manual, datetime(2026, 1, 1, tzinfo=UTC)) is None
