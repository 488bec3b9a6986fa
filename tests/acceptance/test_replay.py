"""Rejects that are replayed end where they would have ended, had they been read at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.slow

STRATEGIES: dict[str, dict[str, Any]] = {
    "append": {"load_strategy": "append"},
    "upsert": {"load_strategy": "upsert", "unique_key": ["id"]},
    "replace": {"load_strategy": "replace", "unique_key": ["id"]},
    "scd2": {"load_strategy": "scd2", "unique_key": ["id"]},
}
FIRST = r"""id,amount,changed_at,note
1,10,2024-01-01 00:00:00,"say \"one\", two"
2,20,2024-01-01 00:00:00,plain
3,x,2024-01-01 00:00:00,plain
7,70,2024-01-01 00:00:00,"a \"quote\" more"
"""
# The file comes again: a later record of 1, which an older one must not replace.
SECOND = (
    FIRST
    + r"""1,11,2024-01-02 00:00:00,later
4,40,2024-01-02 00:00:00,"other \"words\""
broken
"""
)
OTHER = r"""id,amount,changed_at,note
5,50,2024-01-01 00:00:00,"five \"5\""
6,60,2024-01-01 00:00:00,plain
"""
TYPES = {"id": "integer", "amount": "decimal(8,2)", "changed_at": "timestamp"}


def spec(strategy: str, escape: str) -> dict[str, Any]:
    source: dict[str, Any] = {
        "source_type": "csv",
        "path": f"data/{strategy}_*.csv",
        "format": {"delimiter": ",", "escape": escape},
        "columns": [{"name": name, "type": kind} for name, kind in TYPES.items()],
    }
    if strategy == "scd2":
        source["incremental_key"] = "changed_at"
    return {
        "name": f"by_{strategy}",
        "type": "full",
        "source_config": source,
        "transform_config": {
            "aggregations": [
                {"name": f"total_{strategy}", "function": "sum", "column": "amount"},
            ]
        },
        "target_config": STRATEGIES[strategy],
        "error_handling": {"error_action": "quarantine", "error_threshold": 100},
    }


def deliver(databank: Any, escape: str) -> Any:
    """Two days of deliveries, read with this escape."""
    for strategy in STRATEGIES:
        databank.spec(strategy, spec(strategy, escape))
    data = databank.root / "data"
    data.mkdir()
    for strategy in STRATEGIES:
        (data / f"{strategy}_a.csv").write_text(FIRST)
        (data / f"{strategy}_b.csv").write_text(OTHER)
    databank.expect(0, "generate")
    databank.run()
    for strategy in STRATEGIES:
        (data / f"{strategy}_a.csv").write_text(SECOND)
    databank.run()
    return databank


def tables(databank: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of raw tables, silver and gold, without what says when or by which job."""
    found = {}
    for schema, table in sorted(databank.target.relations()):
        if schema not in ("raw", "silver", "gold") or table == "_replays":
            continue
        clocks = ("_loaded_at", "loaded_at", "rejected_at", "job_id")
        names = [n for n, _ in databank.target.columns(schema, table) if n not in clocks]
        shown = ", ".join(f"cast({name} as text)" for name in names)
        found[f"{schema}.{table}"] = sorted(
            databank.rows(f"select {shown} from {schema}.{table}"), key=str
        )
    return found


@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def test_a_replayed_warehouse_is_as_if_all_had_been_read_at_once(
    make_databank: Any, target: str
) -> None:
    right = tables(deliver(make_databank(target, "right"), "\\"))
    late = deliver(make_databank(target, "late"), '"')
    assert len(tables(late)["silver.by_append_quarantine"]) == 9
    for strategy in STRATEGIES:
        late.spec(strategy, spec(strategy, "\\"))
    late.expect(0, "generate")
    before = tables(late)
    tried = json.loads(
        late.expect(0, *["rejects", "replay", "by_append", "--dry-run", "-o", "json"]).stdout
    )
    assert (tried["replayed"], tried["remaining"]) == (6, {"has 1 field, expected 4": 1})
    assert tables(late) == before
    for strategy in STRATEGIES:
        done = late.expect(0, "rejects", "replay", f"raw.by_{strategy}", "-o", "json")
        answer = json.loads(done.stdout)
        assert (answer["replayed"], sum(answer["remaining"].values())) == (6, 1)
    result = late.run()
    assert result["status"] == "completed"
    statuses = {node["name"]: node["status"] for node in result["nodes"]}
    for strategy in STRATEGIES:
        assert statuses[f"adds_up_by_{strategy}_outcomes"] == "pass"
    found = tables(late)
    assert found.keys() == right.keys()
    for name, rows in right.items():
        assert found[name] == rows, name
    assert len(found["silver.by_append_quarantine"]) == 3
    assert late.run()["nodes"] == []
    again = json.loads(late.expect(0, "rejects", "replay", "by_upsert", "-o", "json").stdout)
    assert again["replayed"] == 0
    assert late.run()["nodes"] == []


def test_what_cannot_be_replayed_is_said(make_databank: Any) -> None:
    databank = make_databank("duckdb")
    (databank.root / "loose.csv").write_text("id,name\n1,a\n2,b\n3,c\nx\n4,d\n")
    databank.expect(0, "ingest", "--file", "loose.csv", "--as", "loose")
    done = databank.expect(2, "rejects", "replay", "raw.loose")
    assert "raw.loose was loaded without a spec" in done.stderr
    assert "databank ingest --file" in done.stderr
    assert "no ETL process 'nothing'" in databank.expect(2, "rejects", "replay", "nothing").stderr
    databank.spec("shop", spec("append", "\\"))
    assert "has no rejects" in databank.expect(0, "rejects", "replay", "by_append").stdout
