"""What the warehouse knows of itself: of every column, of every raw table, of every rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow
LAYERS = ("bronze", "silver", "gold", "metadata")
EDGES = (
    "select source_table, source_column, target_table, target_column, transformation_type"
    " from metadata.neural_data_lineage"
)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_every_column_of_every_model_is_traced(
    references: Callable[[str], Any], target: str
) -> None:
    reference = references(target)
    traced: dict[str, set[str]] = {}
    for _, _, table, column, _ in reference.rows(EDGES):
        traced.setdefault(table, set()).update({column} - {None})
    built = {name for name in reference.target.relations() if name[0] in LAYERS}
    models = {name for name in built if name != ("metadata", "_builds")}
    assert set(traced) == {".".join(name) for name in models}
    for name in models:
        columns = {column for column, _ in reference.target.columns(*name)}
        assert traced[".".join(name)] == columns, name


def test_both_targets_have_the_same_edges(references: Callable[[str], Any]) -> None:
    duckdb, postgres = references("duckdb").rows(EDGES), references("postgres").rows(EDGES)
    assert set(duckdb) ^ set(postgres) == set()
    assert len(duckdb) > 1000


def test_revenue_comes_from_the_amounts_of_the_sources(references: Callable[[str], Any]) -> None:
    edges = references("duckdb").rows(EDGES)
    found, waiting = set(), {("gold.scout_kpi_revenue_daily", "total_revenue")}
    while waiting:
        place = waiting.pop()
        found.add(place)
        waiting |= {edge[:2] for edge in edges if edge[2:4] == place} - found
    assert ("silver.scout_clean_transactions", "amount") in found
    assert ("raw.pos_transactions", "total_amount") in found
    assert ("raw.exchange_rates", "rate") in found
    assert not any(str(table).startswith("raw.survey") for table, _ in found)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_a_run_with_nothing_to_do_does_nothing(
    references: Callable[[str], Any], target: str
) -> None:
    """Also after edges were loaded, which is no news to those who read the load ledger."""
    assert references(target).run()["nodes"] == []


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_the_scripts_of_a_raw_table_name_its_columns(
    references: Callable[[str], Any], target: str
) -> None:
    """Of its first version, which it has once, and of every column that came later."""
    reference = references(target)
    scripts: dict[str, list[str]] = {}
    for table, script in reference.rows(
        "select table_name, migration_script from metadata.neural_schema_evolution"
        " where migration_script is not null order by applied_at"
    ):
        scripts.setdefault(table, []).append(script)
    loaded = reference.rows("select distinct raw_table from raw._loads")
    assert set(scripts) == {table for (table,) in loaded if not table.startswith("_")}
    for table, found in scripts.items():
        assert [script.startswith("create table") for script in found].count(True) == 1, table
        for column, _ in reference.target.columns("raw", table):
            assert any(column in script for script in found), (table, column)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_what_is_measured_is_measured(references: Callable[[str], Any], target: str) -> None:
    reference = references(target)
    rules = {
        name: (metrics if isinstance(metrics, dict) else json.loads(metrics), tables)
        for name, metrics, tables in reference.rows(
            "select model_id, accuracy_metrics, training_data_lineage"
            " from metadata.neural_model_registry"
        )
    }
    assert len(rules) == 4
    forecast, sentiment = rules["product_demand_forecast"][0], rules["feedback_sentiment"][0]
    ((error, count),) = reference.rows(
        "select avg(abs(today.demand_forecast - tomorrow.units_sold)), count(*)"
        " from gold.scout_kpi_product_performance as today"
        " inner join gold.scout_kpi_product_performance as tomorrow"
        " on tomorrow.product_id = today.product_id and tomorrow.date = today.date + 1"
        " where today.demand_forecast is not null and today.product_id <> '(unknown)'"
        " and not (tomorrow.units_sold = 0 and coalesce(tomorrow.on_hand, 1) <= 0)"
    )
    assert forecast["n"] == count > 100
    assert forecast["mean_absolute_error_units"] == pytest.approx(float(error), abs=1e-4)
    shares = ("agreement_with_rating", "neutral_share", "contradiction_share")
    assert sum(sentiment[name] for name in shares) == pytest.approx(1, abs=2e-4)
    assert sentiment["agreement_with_rating"] > 0.7
    for name in ("customer_churn_risk", "customer_matching"):
        assert rules[name][0]["measured"] is False
        assert rules[name][0]["reason"]
    there = {".".join(name) for name in reference.target.relations()}
    for _, tables in rules.values():
        assert set(tables.split(", ")) <= there
