"""`databank plan` says what a run would load and build, and why, and writes nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.__main__ import main

SPEC = """\
name: shop_orders
type: full
source_config:
  source_type: csv
  path: data/orders.csv
  columns: [{name: id, type: integer}, {name: amount, type: integer}]
target_config: {target_type: duckdb, unique_key: [id]}
"""
Databank = Callable[..., tuple[int, str, str]]


@pytest.fixture
def planned_root(make_warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one process that is generated, and was never run."""
    warehouse = make_warehouse()
    warehouse.file("data/orders.csv", "id,amount\n1,10\n2,20\n")
    warehouse.file("specs/etl/shop_orders.yml", SPEC)
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

    code, _, errors = run("generate")
    assert code == 0, errors
    return run


def test_a_plan_names_what_would_be_loaded_and_built_and_writes_no_warehouse(
    databank: Databank, planned_root: Path
) -> None:
    code, text, _ = databank("plan", "--detailed-exitcode")
    assert code == 3
    lines = text.splitlines()
    assert lines[0] == "load   shop_orders: data/orders.csv"
    assert lines[-1].startswith("1 to load, ")
    assert lines[-1].endswith(" to build, 0 unchanged.")
    assert any(
        line.split()[:4] == ["build", "silver", "model", "shop_orders"]
        and line.endswith("never built here")
        for line in lines
    )
    assert not (planned_root / "warehouse.duckdb").exists()
    assert databank("plan")[0] == 0


def test_a_plan_after_a_run_is_empty_and_after_new_data_names_what_reads_them(
    databank: Databank, planned_root: Path
) -> None:
    code, _, errors = databank("run")
    assert code == 0, errors
    code, text, _ = databank("plan", "--detailed-exitcode")
    assert code == 0
    assert text.splitlines()[-1].startswith("0 to load, 0 to build, ")

    (planned_root / "data/orders.csv").write_text("id,amount\n1,10\n3,30\n", encoding="utf-8")
    code, text, _ = databank("plan", "--detailed-exitcode", "-o", "json")
    assert code == 3
    document = json.loads(text)
    assert document["version"] == 1
    assert document["loads"][0]["process"] == "shop_orders"
    assert document["loads"][0]["new"] == [
        {"raw_table": "shop_orders", "source": "data/orders.csv"}
    ]
    nodes = {node["name"]: node for node in document["nodes"]}
    assert nodes["raw_shop_orders"]["action"] == "skip"
    assert nodes["raw_shop_orders"]["reason"] == (
        "source raw.shop_orders has new data to load, which a view shows by itself"
    )
    assert nodes["shop_orders"]["action"] == "build"
    assert nodes["shop_orders"]["cause"] == "data"
    assert document["summary"]["to_build"] == sum(
        node["action"] == "build" for node in document["nodes"]
    )


def test_a_plan_takes_the_options_of_a_run(databank: Databank) -> None:
    assert databank("run")[0] == 0
    code, text, _ = databank("plan", "--select", "shop_orders", "--rebuild", "-o", "json")
    assert code == 0
    nodes = json.loads(text)["nodes"]
    model = next(node for node in nodes if node["name"] == "shop_orders")
    assert (model["cause"], model["reason"]) == ("requested", "--rebuild")
    assert {node["resource_type"] for node in nodes if node["name"] != "shop_orders"} <= {
        "test",
        "unit_test",
    }


def test_an_argument_that_is_not_dbts_to_have_is_refused(databank: Databank) -> None:
    code, text, errors = databank("plan", "--", "--target", "postgres")
    assert (code, text) == (2, "")
    assert "--target cannot be handed on to dbt\n  give --target before `--`" in errors


def test_a_name_that_is_no_process_is_refused(databank: Databank) -> None:
    code, _, errors = databank("plan", "shop_order")
    assert code == 2
    assert "Did you mean 'shop_orders'?" in errors
