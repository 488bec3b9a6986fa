"""A run that ends at any instant, followed by another, gives what an undisturbed run gives."""

from __future__ import annotations

from typing import Any

from controlplane.dbt.artifacts import NodeResult
from controlplane.plan import Plan, steps

TOTALS = "select name, amount from gold.colour_totals order by name"


def built(plan: Plan) -> set[str]:
    return {node.name for node in plan.to_build}


def planned(plan: Plan, name: str) -> Any:
    return next(node for node in plan.nodes if node.name == name)


def some(results: dict[str, NodeResult], *names: str) -> dict[str, NodeResult]:
    return {key: each for key, each in results.items() if key.split(".")[2] in names}


def test_a_run_that_ended_before_any_result_was_recorded_is_owed_as_a_whole(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    shop.mark(plan)
    shop.build(plan)  # and then the process is killed
    again = shop.run()
    assert built(again) == built(plan)
    assert planned(again, "clean_orders").reason.startswith("its last build did not end")
    assert shop.rows(TOTALS) == [("blue", 40), ("red", 20)]
    assert shop.rows("select count(*) from silver.clean_orders") == [(3,)]


def test_a_parent_that_was_rebuilt_leaves_a_child_owed_that_was_not(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    shop.mark(plan)
    shop.record(plan, some(shop.build(plan), "clean_orders"))
    assert built(shop.plan()) == built(plan) - {"clean_orders"}


def test_a_child_outside_of_the_run_sees_that_its_parent_was_rebuilt(shop: Any) -> None:
    plan = shop.plan(select=["clean_customers"], rebuild=True)
    shop.mark(plan)
    shop.build(plan)
    assert built(shop.run(select=["clean_customers"])) == {"clean_customers"}
    again = shop.plan()
    assert built(again) == {"customers_dim"}
    assert planned(again, "customers_dim").reason == "silver.clean_customers was rebuilt since"


def test_code_that_was_built_and_never_recorded_is_not_taken_for_the_code_before(
    shop: Any,
) -> None:
    shop.change("macros/once.sql", "{{ x }}", "10 * {{ x }}")
    plan = shop.plan()
    assert planned(plan, "clean_orders").full_refresh
    shop.mark(plan)
    shop.build(plan)  # killed: the tables are of the new code, and nobody knows
    shop.change("macros/once.sql", "10 * {{ x }}", "{{ x }}")
    again = shop.run()
    assert planned(again, "clean_orders").full_refresh
    assert shop.rows(TOTALS) == [("blue", 40), ("red", 20)]


def test_an_incremental_model_that_failed_to_be_made_anew_is_still_to_be(shop: Any) -> None:
    shop.change("macros/once.sql", "{{ x }}", "10 * {{ x }}")
    shop.change("models/bronze/raw_orders.sql", "select *", "select *, no_column as none")
    shop.run()  # the view fails, and what reads it is skipped
    shop.change("models/bronze/raw_orders.sql", "select *, no_column as none", "select *")
    again = shop.run()
    assert planned(again, "clean_orders").full_refresh
    assert shop.rows(TOTALS) == [("blue", 400), ("red", 200)]


def test_without_any_memory_everything_is_built_and_tables_are_made_anew(shop: Any) -> None:
    shop.execute("update silver.clean_orders set amount = 0")
    shop.states.clear()
    plan = shop.run()
    assert len(built(plan)) == 9
    assert planned(plan, "clean_orders").full_refresh
    assert shop.rows(TOTALS) == [("blue", 40), ("red", 20)]


def test_a_memory_that_cannot_be_read_counts_as_none(shop: Any) -> None:
    from dataclasses import replace

    state = shop.states["model.shop.clean_orders"]
    for damaged in ({}, {"aspects": 3, "inputs": []}, {"lineage": None, "build": 1}):
        shop.states[state.unique_id] = replace(state, fingerprint=damaged)
        plan = shop.plan()
        assert planned(plan, "clean_orders").full_refresh
        assert planned(plan, "clean_orders").reason.startswith("it is not known which code made it")


def test_two_calls_go_on_as_one_when_something_fails_in_the_first(shop: Any) -> None:
    shop.write(
        "models/silver/log.sql",
        "{{ config(materialized='incremental') }} select id from {{ ref('raw_customers') }}",
    )
    shop.write(
        "models/gold/log_and_orders.sql",
        "select id from {{ ref('log') }} union all select id from {{ ref('clean_orders') }}",
    )
    shop.run()
    shop.land("customers", [(2, 0)])
    shop.change("macros/once.sql", "{{ x }}", "10 * {{ x }}")
    plan = shop.plan()
    first, second = steps(plan)
    assert (first.full_refresh, second.full_refresh) == (False, True)
    assert {"model.shop.log", "model.shop.clean_customers"} <= set(first.nodes)
    assert {"model.shop.clean_orders", "model.shop.log_and_orders"} <= set(second.nodes)

    failed = {"model.shop.log": NodeResult("model.shop.log", "error", 0.1)}
    left, skipped = second.after(failed)
    assert set(skipped) == {"model.shop.log_and_orders"}
    assert set(left.nodes) == set(second.nodes) - set(skipped)

    shop.record(plan, shop.build(plan))
    # Two rows were added to the one that was there: it was not made anew.
    assert shop.rows("select count(*) from silver.log") == [(3,)]
    assert shop.rows(TOTALS) == [("blue", 400), ("red", 200)]
    assert built(shop.plan()) == set()
