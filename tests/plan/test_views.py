"""A view shows what its parents hold: for new data alone it is not made again."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.plan import Plan

VIEW = "models/gold/orders_view.sql"
OF_ORDERS = "{{ config(materialized='view') }} select id, amount from {{ ref('clean_orders') }}"
COUNTED = "select count(*) as n from {{ ref('orders_view') }}"


def built(plan: Plan) -> set[str]:
    return {node.name for node in plan.to_build}


def reason(plan: Plan, name: str) -> str:
    return next(node.reason for node in plan.nodes if node.name == name)


def add_view(shop: Any, view: str = OF_ORDERS) -> None:
    """Give the shop a view, a test of it and a table that counts it; build and leave no debts."""
    shop.write(VIEW, view)
    shop.write("models/gold/counted.sql", COUNTED)
    shop.write("tests/data_tests/few.sql", "select * from {{ ref('orders_view') }} where id > 9")
    assert built(shop.run()) == {"orders_view", "counted", "few"}
    assert built(shop.plan()) == set()


def test_it_is_left_alone_while_rows_are_added_below_it_and_its_readers_are_not(shop: Any) -> None:
    add_view(shop)
    for number in (3, 4):
        shop.land("orders", [(number, 30)])
        plan = shop.run()
        assert {"clean_orders", "counted", "few"} <= built(plan)
        assert not {"orders_view", "raw_orders"} & built(plan)
        assert shop.rows("select n from gold.counted") == [(number,)]
        assert built(shop.plan()) == set()
        assert reason(shop.plan(), "orders_view") == "unchanged"


def test_its_own_tests_hold_up_what_reads_it(shop: Any) -> None:
    add_view(shop)
    shop.land("orders", [(10, 1)])
    shop.run()
    assert shop.states["test.shop.few"].status == "fail"
    assert shop.states["model.shop.counted"].status == "skipped"
    assert built(shop.plan()) == {"few", "counted"}


def test_what_reads_it_is_skipped_where_a_model_below_it_fails(shop: Any) -> None:
    add_view(shop)
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    assert "orders_view" not in built(plan)
    shop.mark(plan)
    shop.execute("alter table raw.orders rename amount to price")
    shop.record(plan, shop.build(plan))
    assert shop.states["model.shop.clean_orders"].status == "error"
    assert shop.states["model.shop.counted"].status == "skipped"
    shop.execute("alter table raw.orders rename price to amount")
    shop.run()
    assert shop.rows("select n from gold.counted") == [(3,)]


def test_a_run_that_is_killed_below_it_leaves_its_readers_owed(shop: Any) -> None:
    add_view(shop)
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    shop.mark(plan)
    results = shop.build(plan)
    shop.record(plan, {key: each for key, each in results.items() if key.endswith("clean_orders")})
    again = shop.run()
    assert {"counted", "few"} <= built(again)
    assert built(shop.plan()) == set()


def test_a_reader_outside_of_the_run_is_built_by_the_next(shop: Any) -> None:
    add_view(shop)
    shop.land("orders", [(3, 30)])
    shop.run(select=["clean_orders"])
    plan = shop.plan()
    assert {"counted", "few"} <= built(plan)
    assert "orders_view" not in built(plan)
    assert reason(plan, "counted") == "gold.orders_view shows new data"


@pytest.mark.parametrize("refreshed", ["clean_orders", "clean_orders+"])
def test_it_is_made_again_on_a_table_that_is(shop: Any, refreshed: str) -> None:
    """Where it is left out of the run, then by the next: only so is it known to fit."""
    add_view(shop)
    plan = shop.run(select=[refreshed], full_refresh=True)
    again = shop.plan()
    assert "orders_view" in built(plan) | built(again)
    assert shop.rows("select count(*) from gold.orders_view") == [(2,)]


def test_it_is_made_again_on_every_new_build_of_a_plain_table(shop: Any) -> None:
    add_view(
        shop, OF_ORDERS.replace("id, amount", "id, 1 as amount").replace("orders", "customers")
    )
    shop.land("customers", [(2, 0)])
    assert {"clean_customers", "orders_view", "counted"} <= built(shop.run())
    assert shop.rows("select n from gold.counted") == [(2,)]


def test_it_is_made_again_when_a_raw_table_has_got_a_column(shop: Any) -> None:
    shop.execute("alter table raw.orders add column note text")
    shop.land("orders", [])
    plan = shop.run()
    assert "raw_orders" in built(plan)
    assert shop.rows("select note from bronze.raw_orders") == [(None,), (None,)]
    assert built(shop.plan()) == set()


def test_a_state_that_does_not_say_what_it_stands_on_costs_one_build(shop: Any) -> None:
    """As an earlier version of Databank left it."""
    from dataclasses import replace

    add_view(shop)
    for key, state in shop.states.items():
        kept = {k: each for k, each in state.fingerprint.items() if k not in ("origin", "bases")}
        shop.states[key] = replace(state, fingerprint=kept)
    assert built(shop.plan()) == set()
    shop.land("orders", [(3, 30)])
    assert {"raw_orders", "orders_view"} <= built(shop.run())
    shop.land("orders", [(4, 40)])
    assert not {"raw_orders", "orders_view"} & built(shop.run())


ASKS = """{{ config(materialized='view') }}
{% set rows = run_query('select max(id) as id from ' ~ ref('clean_orders')) %}
select id, {{ rows.columns[0].values()[0] if execute else 0 }} as amount
from {{ ref('clean_orders') }}"""
GROWS = "config(materialized='incremental', on_schema_change='append_new_columns')"
REPLACED = "config(materialized='incremental', full_refresh=true)"
TEMPORARY = "{{ config(materialized='view') }} select id, amount from {{ ref('shared_orders') }}"


def test_it_is_made_again_where_what_it_says_depends_on_the_data(shop: Any) -> None:
    add_view(shop, ASKS)
    shop.land("orders", [(3, 30)])
    assert "orders_view" in built(shop.run())
    assert shop.rows("select distinct amount from gold.orders_view") == [(3,)]


@pytest.mark.parametrize(
    "view",
    [
        OF_ORDERS.replace("'view'", "'view', post_hook='select 1'"),
        OF_ORDERS.replace("amount", "'{{ run_started_at }}' as amount"),
        TEMPORARY,
    ],
)
def test_it_is_made_again_where_it_is_not_known_to_be_the_same(shop: Any, view: str) -> None:
    add_view(shop, view)
    shop.land("orders", [(3, 30)])
    assert {"orders_view", "counted"} <= built(shop.plan())


@pytest.mark.parametrize("configured", [GROWS, REPLACED])
def test_it_is_made_again_where_the_table_below_it_may_become_another(
    shop: Any, configured: str
) -> None:
    shop.change("models/silver/clean_orders.sql", "config(materialized='incremental')", configured)
    shop.run()
    add_view(shop)
    shop.land("orders", [(3, 30)])
    assert "orders_view" in built(shop.plan())


def test_a_macro_that_asks_counts_like_the_view_that_calls_it(shop: Any) -> None:
    shop.write("macros/asks.sql", "{% macro asks() %}{{ graph.nodes | length }}{% endmacro %}")
    add_view(shop, OF_ORDERS.replace("amount", "{{ asks() }} as amount"))
    shop.land("orders", [(3, 30)])
    assert "orders_view" in built(shop.plan())


def test_a_unit_test_brings_its_own_data_and_runs_when_code_has_changed(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    assert "totals_add_up" not in built(shop.run())
    shop.change("models/silver/clean_orders.sql", "as amount", "+ 1 as amount")
    plan = shop.run()
    assert reason(plan, "totals_add_up") == "the code of what it checks has changed"
    assert built(shop.plan()) == set()
