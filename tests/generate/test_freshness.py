"""A raw table is stale when its schedule should long have brought something."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from controlplane.generate.freshness import freshness_config, longest_gap
from controlplane.specs.etl import Schedule

if TYPE_CHECKING:
    from tests.generate.conftest import Built, MakeBuilt

DBT = Path(sys.executable).parent / "dbt"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("cron", "gap"),
    [
        ("* * * * *", MINUTE),
        ("*/7 * * * *", 7 * MINUTE),
        ("0 2 * * *", DAY),
        ("0 22,1 * * *", 21 * HOUR),
        ("0 9 * * 1-5", 3 * DAY),
        ("*/10 9-17 * * MON-FRI", 2 * DAY + 15 * HOUR + 10 * MINUTE),
        ("0 3 1 * *", 31 * DAY),
        ("0 0 31 * *", 61 * DAY),
        ("0 0 13 * 5", 7 * DAY),
        ("0 0 29 2 *", 2921 * DAY),  # 2100 is no leap year
    ],
)
def test_the_longest_gap_is_that_of_nights_weekends_and_months(cron: str, gap: timedelta) -> None:
    assert longest_gap(cron) == gap


def cron(expression: str, **fields: Any) -> Schedule:
    return Schedule(schedule_type="cron", cron_expression=expression, **fields)


@pytest.mark.parametrize(
    ("expression", "warn", "error"),
    [
        ("0 2 * * *", (2, "day"), (4, "day")),
        ("0 */4 * * *", (8, "hour"), (16, "hour")),
        ("*/40 9 * * *", (2800, "minute"), (5600, "minute")),
        # Sooner than half an hour nobody is called.
        ("*/5 * * * *", (30, "minute"), (1, "hour")),
    ],
)
def test_a_table_is_stale_after_two_periods_and_in_error_after_four(
    expression: str, warn: tuple[int, str], error: tuple[int, str]
) -> None:
    config = freshness_config(cron(expression))
    assert config["loaded_at_field"] == "_loaded_at"
    assert config["freshness"] == {
        "warn_after": {"count": warn[0], "period": warn[1]},
        "error_after": {"count": error[0], "period": error[1]},
    }


def test_what_nothing_is_due_for_is_never_stale() -> None:
    assert freshness_config(None) == {}
    assert freshness_config(Schedule(schedule_type="manual")) == {}
    assert freshness_config(cron("0 2 * * *", end_time="2030-01-01T00:00:00Z")) == {}


def test_dbt_tells_stale_tables_and_builds_them_all_the_same(
    make_built: MakeBuilt,
    make_spec: Callable[..., Any],
    make_schema: Callable[..., Any],
    settle: Callable[..., Any],
    each_target: str,
) -> None:
    """Also where the warehouse's clock is in another time zone than the times of loading."""
    built: Built = make_built(each_target)
    built.environment["TZ"] = "America/New_York"
    columns = make_schema({"id": "text"})
    for name, expression in (("fresh", "0 * * * *"), ("late", "0 */4 * * *"), ("old", "* * * * *")):
        schedule = {"schedule_type": "cron", "cron_expression": expression}
        spec = make_spec(name=name, type="extract", schedule=schedule)
        built.add(settle(spec, columns, path=f"specs/etl/{name}.yml"))
    built.add(settle(make_spec(name="by_hand", type="extract"), columns, path="specs/etl/b.yml"))
    now = datetime.now(UTC).replace(tzinfo=None)
    for name, age in (("fresh", HOUR), ("late", 9 * HOUR), ("old", 9 * HOUR), ("by_hand", DAY)):
        built.execute(
            f"insert into raw.{name} values ('1', 1, 'a.csv', 1, timestamp '{now - age}')"
        )
    told = freshness(built)
    assert told == {"fresh": "pass", "late": "warn", "old": "error"}
    assert built.build(), built.failures()
    assert built.results["raw_old"] == "success"


def freshness(built: Built) -> dict[str, str]:
    """The status of each source, by the name of its table."""
    done = subprocess.run(
        [str(DBT), "--show-all-deprecations", "source", "freshness"],
        cwd=built.root,
        env=built.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "deprecat" not in done.stdout.lower()
    found = json.loads((built.root / "target" / "sources.json").read_text(encoding="utf-8"))
    return {each["unique_id"].split(".")[-1]: each["status"] for each in found["results"]}
