"""`databank schedule`: what is due, when, and running it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.__main__ import main
from controlplane.config import load_project
from controlplane.state.owner import current_owner
from controlplane.state.store import open_store

Databank = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a daily and an hourly process, and one without a schedule."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n"
    )
    specs = tmp_path / "specs" / "etl"
    specs.mkdir(parents=True)
    daily = {"cron_expression": "30 2 * * *", "timezone": "Europe/Berlin"}
    for name, schedule in (
        ("daily", {"schedule_type": "cron", **daily}),
        ("hourly", {"schedule_type": "cron", "cron_expression": "0 * * * *"}),
        ("by_hand", {"schedule_type": "manual"}),
    ):
        spec = {
            "name": name,
            "type": "full",
            "source_config": {"source_type": "csv", "path": "data/a.csv"},
            "schedule": schedule,
        }
        (specs / f"{name}.json").write_text(json.dumps(spec))
    monkeypatch.chdir(tmp_path)
    for name in ("DATABANK_STATE_URL", "DATABANK_TARGET", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def databank(capsys: pytest.CaptureFixture[str], root: Path) -> Databank:
    """Runs a command: its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output = capsys.readouterr()
        return int(str(ended.value.code)), output.out, output.err

    return run


def test_schedules_are_listed_with_their_next_and_last_run(databank: Databank) -> None:
    now = datetime.now(UTC)
    with open_store(load_project()) as store:
        store.begin_schedule("hourly", owner=current_owner(), now=now - timedelta(hours=2))
        job = store.claim_due(
            "hourly",
            now - timedelta(hours=1),
            after=now - timedelta(hours=2),
            type="run",
            params={},
            owner=current_owner(),
            now=now,
        )
    assert job is not None
    code, out, _ = databank("schedule", "list", "-o", "json")
    assert code == 0
    daily, hourly = json.loads(out)["schedules"]
    assert (daily["process"], daily["timezone"], daily["last_job"]) == (
        "daily",
        "Europe/Berlin",
        None,
    )
    assert (hourly["last_job"], hourly["last_status"]) == (job.id, "pending")
    assert timedelta(0) < datetime.fromisoformat(hourly["next_due"]) - now <= timedelta(hours=1.1)
    assert databank("schedule", "list")[1].splitlines()[1].startswith("daily")


def test_the_next_due_times_come_in_their_order(databank: Databank) -> None:
    due = json.loads(databank("schedule", "next", "-n", "3", "-o", "json")[1])["due"]
    assert len(due) == 3
    assert [item["due_at"] for item in due] == sorted(item["due_at"] for item in due)
    code, out, _ = databank("schedule", "next", "daily", "-n", "2")
    assert code == 0
    assert [line.split()[1][:5] for line in out.splitlines()[1:]] == ["02:30", "02:30"]


def test_a_name_without_a_schedule_is_refused_with_those_that_have_one(databank: Databank) -> None:
    code, _, err = databank("schedule", "next", "by_hand")
    assert code == 2
    assert "called 'by_hand' (has: daily, hourly)" in err


def test_once_runs_what_is_due_and_exits(databank: Databank) -> None:
    """The processes are seen for the first time, so nothing is due."""
    assert databank("schedule", "start", "--once") == (0, "", "")
    with open_store(load_project()) as store:
        assert set(store.last_claims()) == {"daily", "hourly"}


@pytest.mark.slow
def test_a_due_process_is_run_as_a_job_and_tried_again_as_its_policy_says(
    make_warehouse: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The real commands from end to end: the source is missing at first, then it is there."""
    warehouse = make_warehouse()
    monkeypatch.chdir(warehouse.project.root)
    for name in ("DATABANK_STATE_URL", "DATABANK_TARGET", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    retry_policy = {"max_retries": 1, "retry_interval": "0.01 seconds"}
    spec = {
        "name": "orders",
        "type": "full",
        "source_config": {"source_type": "csv", "path": "data/orders.csv"},
        "schedule": {
            "schedule_type": "cron",
            "cron_expression": "0 * * * *",
            "retry_policy": retry_policy,
        },
    }
    warehouse.file("specs/etl/orders.json", json.dumps(spec))
    source = warehouse.file("data/orders.csv", "id,total\n1,2.5\n2,3.5\n")

    def databank(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return int(str(ended.value.code))

    assert databank("generate") == 0
    source.unlink()
    with open_store(load_project()) as store:
        past = datetime.now(UTC) - timedelta(hours=2)
        store.begin_schedule("orders", owner=current_owner(), now=past)
    assert databank("schedule", "start", "--once") == 1
    source.write_text("id,total\n1,2.5\n2,3.5\n")
    assert databank("schedule", "start", "--once") == 0
    capsys.readouterr()
    assert databank("job", "show", "last", "-o", "json") == 0
    job = json.loads(capsys.readouterr().out)["job"]
    assert [attempt["status"] for attempt in job["attempts"]] == ["failed", "completed"]
    assert "orders.csv" in job["attempts"][0]["error"]
    assert (job["name"], job["status"], job["records_loaded"]) == ("orders", "completed", 2)
    assert job["scheduled_for"] is not None


def test_a_broken_spec_is_named_and_the_others_are_listed(databank: Databank, root: Path) -> None:
    (root / "specs" / "etl" / "broken.json").write_text("{")
    code, out, err = databank("schedule", "list")
    assert code == 0
    assert "hourly" in out
    assert err.startswith("not scheduled: specs/etl/broken.json")
