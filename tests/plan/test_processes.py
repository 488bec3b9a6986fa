"""A run of named processes plans what reads their raw tables, and what that lacks."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.errors import ConfigError
from controlplane.plan import Plan
from controlplane.specs.etl import EtlProcess


def process(name: str) -> EtlProcess:
    return EtlProcess.model_validate(
        {
            "name": name,
            "type": "full",
            "source_config": {"source_type": "csv", "path": f"{name}.csv"},
            "target_config": {"target_type": "duckdb"},
        }
    )


def names(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes}


def test_what_reads_the_raw_tables_of_a_process_is_planned_and_nothing_else(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    shop.land("customers", [(2, 0)])
    plan = shop.run(processes=[process("customers")])
    assert names(plan) == {"raw_customers", "clean_customers", "customers_dim"}
    assert {node.name for node in shop.plan(processes=[process("customers")]).to_build} == set()
    assert "clean_orders" in {node.name for node in shop.plan().to_build}


def test_the_raw_tables_of_its_joins_count_as_its_own(shop: Any) -> None:
    shop.change("models/bronze/_raw.yml", "{name: customers}", "{name: customers__addresses}")
    shop.change("models/bronze/raw_customers.sql", "'customers'", "'customers__addresses'")
    plan = shop.plan(processes=[process("customers")])
    assert names(plan) == {"raw_customers", "clean_customers", "customers_dim"}


def test_what_it_needs_besides_is_planned_where_it_was_never_built(shop: Any) -> None:
    assert "colours" not in names(shop.plan(processes=[process("orders")]))
    del shop.states["seed.shop.colours"]
    assert "colours" in names(shop.plan(processes=[process("orders")]))


def test_a_process_without_models_is_an_error_that_says_what_to_do(shop: Any) -> None:
    with pytest.raises(ConfigError, match=r"no model reads raw\.invoices\n.*databank generate"):
        shop.plan(processes=[process("invoices")])
