"""The same rules on PostgreSQL, where rebuilding a table takes the views that read it along."""

from __future__ import annotations

from typing import Any

from controlplane.plan import Plan

ORDERS = {"clean_orders", "colour_totals", "unique_clean_orders_id"}


def built(plan: Plan) -> set[str]:
    return {node.name for node in plan.to_build}


def test_a_shop_on_postgresql_is_built_once_and_then_as_its_data_and_code_change(
    postgres_shop: Any,
) -> None:
    shop = postgres_shop
    shop.land("orders", [(1, 10), (2, 20)])
    shop.land("customers", [(1, 0)])
    shop.write(
        "models/gold/customers_view.sql",
        "{{ config(materialized='view') }} select id from {{ ref('clean_customers') }}",
    )
    assert len(built(shop.run())) == 10
    assert {state.status for state in shop.states.values()} == {"success", "pass"}
    assert built(shop.plan()) == set()

    shop.land("orders", [(3, 30)])
    assert built(shop.run()) == ORDERS
    assert shop.rows("select count(*), sum(amount) from silver.clean_orders") == [(3, 120)]
    assert built(shop.plan()) == set()

    # The view goes with the table it reads, although nobody asked for it …
    shop.run(select=["clean_customers"], rebuild=True)
    plan = shop.run()
    assert built(plan) == {"customers_dim", "customers_view"}
    assert shop.rows("select id from gold.customers_view") == [(1,)]
    assert built(shop.plan()) == set()

    shop.change("macros/once.sql", "{{ x }}", "10 * {{ x }}")
    plan = shop.run()
    assert [node.name for node in plan.nodes if node.full_refresh] == ["clean_orders"]
    assert shop.rows("select count(*), sum(amount) from silver.clean_orders") == [(3, 1200)]
