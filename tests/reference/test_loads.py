"""However the data came, and wherever they are: the reference warehouse holds the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow
# When something was loaded, and how the data were cut into deliveries, is another in each.
CLOCKS = frozenset({"created_at", "updated_at", "ingested_at", "measurement_date"})
BESIDE = ("_outcomes", "_quarantine")  # tell of each record, with its place in its delivery
BY_TARGET = frozenset({"_inputs"})
BY_DELIVERY = frozenset({"id", "source_bronze_id", "_batch_id", "_row_number", "schema_version"})


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_many_loads_give_what_one_full_refresh_gives(
    references: Callable[[str], Any], target: str
) -> None:
    reference = references(target)
    loaded, refreshed = reference.steps["step by step"], reference.steps["full refresh"]
    assert sorted(loaded) == sorted(refreshed)
    for table, rows in loaded.items():
        assert rows == refreshed[table], table


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_columns_came_and_went_between_the_loads(
    references: Callable[[str], Any], target: str
) -> None:
    """What the other tests compare is made of such data."""
    rows = references(target).rows(
        "select transaction_data from bronze.scout_raw_transactions where source_system = 'pos'"
    )
    records = [value if isinstance(value, dict) else json.loads(value) for (value,) in rows]
    assert {record["till"] is None for record in records} == {True, False}
    columns = references(target).target.columns("raw", "pos_transactions")
    assert "cashier" in [name for name, _ in columns]


def test_both_targets_hold_the_same_rows(references: Callable[[str], Any]) -> None:
    """Also where they were loaded in other portions."""
    duckdb, postgres = references("duckdb"), references("postgres")
    compared = 0
    for table in duckdb.steps["full refresh"]:
        schema, _, name = table.partition(".")
        clean = name.startswith(("scout_clean_", "ces_clean_"))
        if schema != "gold" and (not clean or name.endswith(BESIDE)):
            continue
        without = CLOCKS | BY_DELIVERY | BY_TARGET
        rows = duckdb.table(schema, name, without)
        assert rows == postgres.table(schema, name, without), table
        compared += sum(rows.values())
    assert compared > 1000
