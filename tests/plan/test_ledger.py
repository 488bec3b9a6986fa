"""What reads the load ledger itself is rebuilt when lines came that it reads."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.plan import Plan

ALL_REJECTS = "select count(*) as n from {{ ref('load_rejects') }}"
OF_ORDERS = (
    "{{ config(meta={'databank': {'raw_tables': ['orders']}}) }}"
    " select count(*) as n from {{ ref('load_rejects') }} where raw_table = 'orders'"
)


def built(plan: Plan) -> set[str]:
    return {node.name for node in plan.to_build}


@pytest.fixture
def ledger_shop(shop: Any) -> Any:
    """The shop with a view of the rejects, one reader of all of them and one of a table's."""
    tables = "tables: [{name: orders}, {name: customers}]"
    shop.change("models/bronze/_raw.yml", tables, tables.replace("]", ", {name: _rejects}]"))
    shop.write("models/bronze/load_rejects.sql", "select * from {{ source('raw', '_rejects') }}")
    shop.write("models/silver/all_rejects.sql", ALL_REJECTS)
    shop.write("models/silver/order_rejects.sql", OF_ORDERS)
    assert built(shop.run()) == {"load_rejects", "all_rejects", "order_rejects"}
    assert built(shop.plan()) == set()
    return shop


def test_new_lines_of_the_table_a_node_reads_rebuild_it_and_not_the_view(ledger_shop: Any) -> None:
    ledger_shop.land("orders", [], rejects=2)
    plan = ledger_shop.run()
    assert {"all_rejects", "order_rejects"} <= built(plan)
    assert "load_rejects" not in built(plan)
    assert ledger_shop.rows("select n from silver.order_rejects") == [(2,)]
    assert built(ledger_shop.plan()) == set()


def test_new_lines_of_another_table_rebuild_only_what_reads_them_all(ledger_shop: Any) -> None:
    ledger_shop.land("customers", [], rejects=1)
    plan = ledger_shop.run()
    assert "all_rejects" in built(plan)
    assert not {"load_rejects", "order_rejects"} & built(plan)
    assert ledger_shop.rows("select n from silver.all_rejects") == [(1,)]


def test_what_the_control_plane_loads_of_its_own_is_no_news_of_a_source(ledger_shop: Any) -> None:
    """Else each trace of lineage would make the readers of the ledger stale."""
    ledger_shop.land("_lineage", [])
    assert built(ledger_shop.plan()) == set()
