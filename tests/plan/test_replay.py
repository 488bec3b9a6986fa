"""A replay adds records to old batches: models that look for new batches are made anew."""

from __future__ import annotations

from typing import Any

ORDERS = "select id, amount from silver.clean_orders order by id"


def replay(shop: Any, number: int) -> None:
    """Put a record into the first batch, as a replay does."""
    shop.execute(
        "create table if not exists raw._replays (replay_id bigint primary key, batch_id bigint,"
        " process text, raw_table text, source text, rejects bigint, rows_loaded bigint,"
        " job_id text, replayed_at timestamp)"
    )
    shop.execute(f"insert into raw.orders values ({10 + number}, 1, 1)")
    shop.execute(
        f"insert into raw._replays values ({number}, 1, 'orders', 'orders', 'file', 1, 1, null,"
        " timestamp '2026-01-01')"
    )


def anew(plan: Any) -> set[str]:
    return {node.name for node in plan.nodes if node.full_refresh}


def built(plan: Any) -> set[str]:
    return {node.name for node in plan.to_build}


def test_what_reads_the_raw_table_is_built_and_what_adds_batches_is_made_anew(shop: Any) -> None:
    replay(shop, 1)
    plan = shop.run()
    reasons = {node.name: node.reason for node in plan.nodes}
    assert reasons["raw_orders"] == (
        "rejects of source raw.orders were replayed, which a view shows by itself"
    )
    assert reasons["raw_customers"] == "unchanged"
    assert reasons["clean_orders"].endswith(
        "made anew from all raw data, since replayed records belong to batches that it has already"
    )
    assert anew(plan) == {"clean_orders"}
    assert shop.rows(ORDERS) == [(1, 20), (2, 40), (11, 2)]
    assert built(shop.plan()) == set()
    shop.land("orders", [(3, 30)])
    assert anew(shop.run()) == set()
    replay(shop, 2)
    assert anew(shop.run()) == {"clean_orders"}
    assert [row[0] for row in shop.rows(ORDERS)] == [1, 2, 3, 11, 12]


def test_a_run_that_is_killed_in_between_owes_it_still(shop: Any) -> None:
    """What is found by the view is recorded; the model that adds batches is not, or failed."""
    replay(shop, 1)
    plan = shop.plan()
    shop.mark(plan)
    shop.build(plan)
    shop.record(plan, {})
    shop.execute("delete from silver.clean_orders where id = 11")
    assert anew(shop.run()) == {"clean_orders"}
    assert [row[0] for row in shop.rows(ORDERS)] == [1, 2, 11]


def test_a_replay_during_a_build_is_for_the_next(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    replay(shop, 1)
    shop.mark(plan)
    shop.record(plan, shop.build(plan))
    assert anew(shop.run()) == {"clean_orders"}
    assert [row[0] for row in shop.rows(ORDERS)] == [1, 2, 3, 11]
