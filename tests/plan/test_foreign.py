"""What somebody else does to the warehouse is noticed: builds, and backups that come back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from controlplane.plan import Cause, Plan

ORDERS = "select id, amount from silver.clean_orders order by id"


def caused(plan: Plan, cause: Cause) -> set[str]:
    return {node.name for node in plan.nodes if node.cause is cause}


def dbt(shop: Any, *arguments: str) -> None:
    """Run dbt by hand, as an analyst does."""
    target_path = shop.project.root.parent / "by_hand"
    done = shop.session.run("build", arguments, target_path=target_path)
    assert done.exit_code == 0, done.error


def test_what_dbt_built_by_hand_is_built_again(shop: Any) -> None:
    """The code was changed, tried out and taken back: the table has rows of code that is gone."""
    shop.change("models/silver/clean_orders.sql", "as amount", "+ 1 as amount")
    dbt(shop, "--full-refresh", "--select", "clean_orders")
    assert shop.rows(ORDERS) == [(1, 21), (2, 41)]
    shop.change("models/silver/clean_orders.sql", "+ 1 as amount", "as amount")
    plan = shop.run()
    assert caused(plan, Cause.FOREIGN) == {"clean_orders"}
    assert shop.rows(ORDERS) == [(1, 20), (2, 40)]
    assert not shop.plan().to_build


def test_a_build_by_hand_counts_from_its_beginning(shop: Any) -> None:
    """One that was killed may have made anything."""
    code = (shop.project.root / "models/silver/clean_orders.sql").read_text(encoding="utf-8")
    shop.write("models/silver/clean_orders.sql", "select * from nowhere")
    done = shop.session.run(
        "build", ["--select", "clean_orders"], target_path=shop.project.root.parent / "by_hand"
    )
    assert done.exit_code == 1
    shop.write("models/silver/clean_orders.sql", code)
    assert caused(shop.plan(), Cause.FOREIGN) == {"clean_orders"}


def test_what_only_reads_is_no_build(shop: Any) -> None:
    path = shop.project.root.parent / "by_hand"
    for command in ("test", "compile", "docs generate"):
        assert shop.session.run(command, target_path=path).exit_code == 0
    assert not shop.plan().to_build


def test_a_backup_with_other_data_under_the_same_number(shop: Any, tmp_path: Path) -> None:
    """Batch 3 is another one after the restore, and everything that reads it is built."""
    warehouse = shop.project.root / "shop.duckdb"
    shutil.copy(warehouse, tmp_path / "backup.duckdb")
    lost = shop.land("orders", [(3, 30)])
    shop.run()
    shutil.copy(tmp_path / "backup.duckdb", warehouse)
    assert shop.land("orders", [(4, 40)]) == lost
    plan = shop.run()
    assert "clean_orders" in caused(plan, Cause.DATA) | caused(plan, Cause.FOREIGN)
    assert shop.rows(ORDERS) == [(1, 20), (2, 40), (4, 80)]
    assert shop.rows("select sum(amount) from gold.colour_totals") == [(60,)]


def test_a_backup_from_before_the_code_changed(shop: Any, tmp_path: Path) -> None:
    warehouse = shop.project.root / "shop.duckdb"
    shutil.copy(warehouse, tmp_path / "backup.duckdb")
    shop.change("models/silver/clean_orders.sql", "as amount", "+ 1 as amount")
    shop.run()
    shutil.copy(tmp_path / "backup.duckdb", warehouse)
    assert "clean_orders" in caused(shop.run(), Cause.FOREIGN)
    assert shop.rows(ORDERS) == [(1, 21), (2, 41)]


def test_a_project_that_does_not_write_it_down_is_left_alone(shop: Any) -> None:
    """Then nothing is known, and the relation's name has to do."""
    shop.execute("drop table metadata._builds")
    assert not shop.plan().to_build
