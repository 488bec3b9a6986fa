"""A planned process is checked and listed; no command does anything for it, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.__main__ import main

ORDERS = """\
name: shop_orders
type: full
source_config: {source_type: csv, path: data/orders.csv}
target_config: {target_type: duckdb}
schedule: {schedule_type: cron, cron_expression: "0 * * * *"}
"""
WEATHER = """\
name: Weather
type: extract
status: planned
description: What the sky was like.
source_config: {source_type: rest}
target_config: {table_name: weather_readings}
schedule: {schedule_type: cron, cron_expression: "0 5 * * *"}
"""
SAID = (
    "the ETL process 'weather' is planned, and nothing is done for it yet (specs/etl/weather.yml:3)"
)
Databank = Callable[..., tuple[int, str, str]]


@pytest.fixture
def planned_root(make_warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a process at work and a planned one."""
    warehouse = make_warehouse()
    warehouse.file("data/orders.csv", "id,amount\n1,10\n2,20\n")
    warehouse.file("specs/etl/shop_orders.yml", ORDERS)
    warehouse.file("specs/etl/weather.yml", WEATHER)
    root: Path = warehouse.project.root
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def databank(planned_root: Path, capsys: pytest.CaptureFixture[str]) -> Databank:
    """Runs a command in the project: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        output = capsys.readouterr()
        return int(str(ended.value.code or 0)), output.out, output.err

    return run


def test_it_is_validated_and_listed_as_planned(databank: Databank, planned_root: Path) -> None:
    assert databank("validate") == (0, "2 specs are valid\n", "")
    code, text, _ = databank("etl", "list")
    assert code == 0
    assert [line.split()[-2] for line in text.splitlines() if "specs/etl" in line] == [
        "active",
        "planned",
    ]
    listed = json.loads(databank("etl", "list", "-o", "json")[1])["specs"]
    assert [spec["status"] for spec in listed] == ["active", "planned"]
    broken = WEATHER.replace("0 5 * * *", "at dawn")
    (planned_root / "specs/etl/weather.yml").write_text(broken, encoding="utf-8")
    code, _, errors = databank("validate")
    assert code == 2
    assert "specs/etl/weather.yml:7: schedule.cron_expression" in errors


def test_a_planned_process_takes_no_name_of_another(databank: Databank, planned_root: Path) -> None:
    """Or it could never be put to work."""
    taken = WEATHER.replace("weather_readings", "shop_orders")
    (planned_root / "specs/etl/weather.yml").write_text(taken, encoding="utf-8")
    code, _, errors = databank("validate")
    assert code == 2
    assert "raw_shop_orders" in errors or "shop_raw_orders" in errors


def test_nothing_is_generated_loaded_built_or_due_for_it(
    databank: Databank, planned_root: Path
) -> None:
    code, text, errors = databank("generate")
    assert code == 0, errors
    assert text.splitlines()[-1].startswith("1 process")
    # The second call takes the process at work from its cache, and finds nothing to do.
    assert databank("generate", "--check")[0] == 0
    code, text, errors = databank("plan")
    assert code == 0, errors
    assert "weather" not in text
    code, text, errors = databank("run", "-o", "json")
    assert code == 0, errors
    assert [load["process"] for load in json.loads(text)["loads"]] == ["shop_orders"]
    assert not [path for path in planned_root.glob("**/*weather*") if path.suffix == ".sql"]
    assert not (planned_root / "specs/.generated/weather.json").exists()
    listed = json.loads(databank("schedule", "list", "-o", "json")[1])["schedules"]
    assert [each["process"] for each in listed] == ["shop_orders"]


@pytest.mark.parametrize(
    "command",
    [
        ("run", "weather"),
        ("run", "shop_orders", "Weather"),
        ("run", "--dry-run", "weather_readings"),
        ("ingest", "weather"),
        ("ingest", "--dry-run", "weather"),
        ("plan", "weather"),
        ("schedule", "next", "weather"),
    ],
)
def test_who_names_it_is_told(databank: Databank, command: tuple[str, ...]) -> None:
    code, text, errors = databank(*command)
    assert (code, text) == (2, "")
    assert SAID in errors
    assert "take 'status: planned' out of its spec" in errors


def test_what_was_generated_goes_when_a_process_is_put_off(
    databank: Databank, planned_root: Path
) -> None:
    assert databank("generate")[0] == 0
    spec = planned_root / "specs/etl/shop_orders.yml"
    spec.write_text(ORDERS.replace("type: full", "type: full\nstatus: planned"), encoding="utf-8")
    code, text, _ = databank("generate")
    assert code == 0
    assert "delete   models/silver/shop_orders.sql" in text
    assert not list((planned_root / "models").rglob("*orders*.sql"))
    spec.write_text(ORDERS, encoding="utf-8")
    assert databank("generate")[0] == 0
    assert list((planned_root / "models").rglob("*orders*.sql"))
