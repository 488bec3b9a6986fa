"""Incremental models end as a full refresh would leave them, at the price of new data alone."""

from __future__ import annotations

from typing import Any

from controlplane.plan import Plan, steps

ORDERS = "select id, amount from silver.clean_orders order by id"


def anew(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes if node.full_refresh}


def test_new_data_are_added(shop: Any) -> None:
    shop.execute("update silver.clean_orders set amount = 0 where id = 1")
    shop.land("orders", [(3, 30)])
    assert anew(shop.run()) == set()
    assert shop.rows(ORDERS) == [(1, 0), (2, 40), (3, 60)]


def test_its_own_code_makes_it_anew(shop: Any) -> None:
    shop.change("models/silver/clean_orders.sql", "as amount", "+ 1 as amount")
    plan = shop.run()
    assert anew(plan) == {"clean_orders"}
    node = next(node for node in plan.nodes if node.name == "clean_orders")
    assert node.reason == (
        "changed: code; made anew from all raw data, since rows of earlier code would stay"
    )
    assert shop.rows(ORDERS) == [(1, 21), (2, 41)]


def test_the_code_of_what_it_reads_makes_it_anew(shop: Any) -> None:
    shop.write(
        "models/bronze/raw_orders.sql",
        "select id, amount + 1 as amount, _batch_id from {{ source('raw', 'orders') }}",
    )
    assert anew(shop.run()) == {"clean_orders"}
    assert shop.rows(ORDERS) == [(1, 22), (2, 42)]


def test_its_data_are_gone_and_come_back_whole(shop: Any) -> None:
    shop.execute("drop table silver.clean_orders")
    shop.run()
    assert shop.rows(ORDERS) == [(1, 20), (2, 40)]


def test_one_that_reads_another_made_anew_is_made_anew_too(shop: Any) -> None:
    shop.write(
        "models/silver/later_orders.sql",
        "{{ config(materialized='incremental') }} select * from {{ ref('clean_orders') }}"
        " {% if is_incremental() %} where _batch_id > (select max(_batch_id) from {{ this }})"
        " {% endif %}",
    )
    shop.run()
    del shop.states["model.shop.clean_orders"]  # which code made it is not known any more
    plan = shop.plan()
    assert anew(plan) == {"clean_orders", "later_orders"}
    assert len(steps(plan)) == 1
