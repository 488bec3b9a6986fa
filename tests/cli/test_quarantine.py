"""`databank quarantine`: what did not pass is listed and shown, and judged again once it was mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.__main__ import main

pytestmark = pytest.mark.slow

SALES = """id,amount,country
1,10,DE
2,-5,DE
3,x,FR
4,20,Mars
5,30,Mars
4,21,DE
6,1,2,3
7,5,test
"""
SPEC: dict[str, Any] = {
    "name": "sales",
    "type": "full",
    "source_config": {
        "source_type": "csv",
        "path": "data/sales.csv",
        "columns": [
            {"name": "id", "type": "integer"},
            {"name": "amount", "type": "decimal(8,2)"},
            {"name": "country", "type": "text"},
        ],
    },
    "transform_config": {
        "transformations": [
            {"name": "no_tests", "type": "filter", "expression": "country is distinct from 'test'"}
        ],
        "data_quality": {
            "validation_rules": [
                {"name": "amount_positive", "type": "range", "expression": ">= 0"},
                {"name": "country_known", "type": "accepted_values", "expression": "DE, FR"},
            ]
        },
    },
    "target_config": {"load_strategy": "upsert", "unique_key": ["id"]},
    "error_handling": {"error_action": "quarantine", "error_threshold": 100},
}


class Shop:
    """A project, and the command in this process."""

    def __init__(self, warehouse: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.warehouse = warehouse
        self._capsys = capsys

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output = self._capsys.readouterr()
        return int(str(ended.value.code)), output.out, output.err

    def ask(self, *arguments: str) -> dict[str, Any]:
        """The answer as JSON of a command that does what it is asked."""
        code, out, err = self.call(*arguments, "-o", "json")
        assert code == 0, out + err
        found: dict[str, Any] = json.loads(out)
        return found

    def spec(self, spec: dict[str, Any]) -> None:
        self.warehouse.file(f"specs/etl/{spec['name']}.json", json.dumps(spec, indent=1))


@pytest.fixture
def shop(
    make_warehouse: Callable[..., Any],
    target: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    """Sales, loaded and built."""
    made = make_warehouse(target)
    monkeypatch.chdir(made.project.root)
    for name, value in made.project.environment.items():
        if name.startswith("DATABANK_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABANK_TARGET", target)
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    shop = Shop(made, capsys)
    made.file("data/sales.csv", SALES)
    shop.spec(SPEC)
    for command in ("generate", "run"):
        code, out, err = shop.call(command)
        assert code == 0, out + err
    return shop


def mended() -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(json.dumps(SPEC))
    rules = spec["transform_config"]["data_quality"]["validation_rules"]
    rules[1]["expression"] = "DE, FR, Mars"
    return spec


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_a_mended_rule_lets_records_out_of_quarantine(shop: Shop) -> None:
    listed = shop.ask("quarantine", "list")["quarantine"]
    counts = {(each["stage"], each["reason"]): each["records"] for each in listed}
    assert counts == {
        ("check", "amount is not a decimal(8,2)"): 1,
        ("check", "amount_positive"): 1,
        ("check", "country_known"): 2,
        ("load", "has 4 fields, expected 3"): 1,
    }
    assert {(each["name"], each["newest_batch"], each["batches"]) for each in listed} == {
        ("sales", 1, 1)
    }
    shown = shop.ask("quarantine", "show", "raw.sales", "--reason", "COUNTRY")["records"]
    assert [(each["source"], each["row_number"]) for each in shown] == [
        ("data/sales.csv", 4),
        ("data/sales.csv", 5),
    ]
    assert shown[0]["values"] == {"id": "4", "amount": "20", "country": "Mars"}
    assert len(shop.ask("quarantine", "show", "sales", "--limit", "1")["records"]) == 1
    assert "1,2,3" in shop.call("quarantine", "show", "sales")[1]
    assert "country_known" in shop.call("quarantine", "list", "sales")[1]

    shop.spec(mended())
    code, _, err = shop.call("quarantine", "replay", "sales")
    assert (code, "models are not as the specs ask" in err, "databank generate" in err) == (
        2,
        True,
        True,
    )
    assert shop.call("generate")[0] == 0
    # What is new in the source is not loaded by a replay.
    shop.warehouse.file("data/sales.csv", SALES + "8,8,DE\n")
    answer = shop.ask("quarantine", "replay")
    [judged] = answer["processes"]
    assert (judged["before"], judged["left"], judged["entered"]) == (
        5,
        {"silver": 1, "duplicate": 1},
        0,
    )
    assert [each["records"] for each in judged["remaining"]] == [1, 1, 1]
    assert judged["sums"] == {
        "records": 8,
        "silver": 3,
        "quarantine": 3,
        "duplicate": 1,
        "filtered": 1,
        "hold": True,
    }
    assert answer["status"] == "completed"
    assert shop.ask("job", "show", "last")["job"]["id"] == answer["job"]
    rows = shop.warehouse.target.query("select id, country from silver.sales order by id")
    assert rows == [(1, "DE"), (4, "DE"), (5, "Mars")]

    again = shop.call("quarantine", "replay", "sales")
    assert again[0] == 0
    assert "sales: 0 of 3 left" in again[1]
    assert "8 records = 3 silver + 3 quarantine + 1 duplicates + 1 filtered" in again[1]
    assert shop.warehouse.target.query("select id, country from silver.sales order by id") == rows


@pytest.mark.parametrize("target", ["duckdb"])
def test_mended_data_are_judged_again_and_a_record_that_is_lost_is_noticed(shop: Shop) -> None:
    """The raw table is corrected by hand: models that add batches would not look at it."""
    execute(shop, "update raw.sales set amount = '3' where id = '3'")
    [judged] = shop.ask("quarantine", "replay", "sales")["processes"]
    assert judged["left"] == {"silver": 1}
    execute(shop, "delete from raw.sales where id = '1'")
    code, out, _ = shop.call("quarantine", "replay", "sales")
    assert code == 1
    assert "8 records is not" in out
    assert "adds_up_sales_outcomes" in out


@pytest.mark.parametrize("target", ["duckdb"])
def test_a_name_without_a_quarantine_is_said(shop: Shop) -> None:
    execute(
        shop,
        "create view silver.by_hand_quarantine as select 'no rate' as reason, country as said,"
        " cast(_loaded_at as timestamp) as ingested_at, _batch_id, _row_number from raw.sales"
        " where id = '2'",
    )
    [record] = shop.ask("quarantine", "show", "by_hand")["records"]
    assert (record["source"], record["reason"], record["values"]) == (
        "data/sales.csv",
        "no rate",
        {"said": "DE"},
    )
    listed = shop.ask("quarantine", "list")["quarantine"]
    assert {each["name"] for each in listed} == {"sales", "by_hand"}
    execute(shop, "drop view silver.by_hand_quarantine")
    code, _, err = shop.call("quarantine", "show", "nothing")
    assert (code, "those that are built: sales" in err) == (2, True)
    execute(shop, "delete from raw._rejects", "delete from raw.sales where id <> '1'")
    execute(shop, "update raw._loads set rows_read = 1, rows_loaded = 1, rows_rejected = 0")
    assert shop.call("quarantine", "replay")[0] == 0
    code, out, _ = shop.call("quarantine", "replay")
    assert (code, out) == (0, "nothing is in quarantine: nothing to replay\n")
    assert shop.call("quarantine", "list")[1] == "nothing is in quarantine\n"


def execute(shop: Shop, *statements: str) -> None:
    """Change the warehouse by hand."""
    folder = shop.warehouse.project.ensure_state_dir()
    with shop.warehouse.target.load_session("test", folder) as session, session.transaction():
        for statement in statements:
            session.query(statement)
