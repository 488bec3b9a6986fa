"""The example shop: its data can be made anew, its specs are right, and it shows what there is."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import read_etl_specs

ROOT = Path(__file__).parents[1]
DATA = ROOT / "examples" / "shop" / "data"


@pytest.fixture(scope="module")
def make_files() -> Callable[[], dict[str, str]]:
    """The function that makes the example's files."""
    place = importlib.util.spec_from_file_location("make_data", DATA.parent / "make_data.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    with pytest.MonkeyPatch.context() as patch:
        # A dataclass looks its module up by name while it is being made.
        patch.setitem(sys.modules, "make_data", module)
        place.loader.exec_module(module)
    files: Callable[[], dict[str, str]] = module.files
    return files


@pytest.fixture(scope="module")
def shop() -> dict[str, EtlProcess]:
    """The example's processes by slug."""
    processes = [file.spec for file in read_etl_specs(ROOT)]
    return {process.slug: process for process in processes if process.slug.startswith("shop_")}


def test_the_data_is_what_its_script_makes(make_files: Callable[[], dict[str, str]]) -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in sorted(DATA.iterdir())}
    assert make_files() == stored


def test_orders_add_up_to_their_lines() -> None:
    """So that a reader who sums the one finds the other; the order with a wrong sign stands out."""
    lines: dict[int, Decimal] = {}
    for path in sorted(DATA.glob("order_items_*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text, parse_float=Decimal)
            except json.JSONDecodeError:
                continue
            price = line["quantity"] * line["unit_price_usd"] * (1 - line.get("discount_ratio", 0))
            total = lines.get(line["order_id"], Decimal(0))
            lines[line["order_id"]] = total + Decimal(price).quantize(
                Decimal("0.01"), "ROUND_HALF_UP"
            )
    wrong = []
    for path in sorted(DATA.glob("orders_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for order in csv.DictReader(file):
                goods = Decimal(order["total_usd"]) - Decimal(order["shipping_usd"])
                if goods != lines[int(order["order_id"])]:
                    wrong.append(order["total_usd"])
    assert len(wrong) == 1
    assert wrong[0].startswith("-")


def test_every_load_strategy_is_shown_once(shop: dict[str, EtlProcess]) -> None:
    strategies = sorted(process.target_config.load_strategy for process in shop.values())
    assert strategies == ["append", "replace", "scd2", "upsert"]


def test_every_declared_column_is_in_the_files(shop: dict[str, EtlProcess]) -> None:
    for process in shop.values():
        source = process.source_config
        declared = [column.name for column in source.columns]
        for path in sorted(path for glob in source.paths for path in ROOT.glob(glob)):
            with path.open(encoding="utf-8") as file:
                first = file.readline()
            header = (
                list(json.loads(first)) if path.suffix == ".jsonl" else first.strip().split(",")
            )
            assert header == declared[: len(header)], path.name


def test_every_part_of_a_spec_says_why_it_is_there(shop: dict[str, EtlProcess]) -> None:
    for process in shop.values():
        transform = process.transform_config
        quality = transform.data_quality
        parts: list[Any] = [
            *process.source_config.columns,
            *transform.transformations,
            *quality.validation_rules,
            *quality.cleaning_rules,
            *transform.aggregations,
            *transform.joins,
            *process.validation.pre_validation,
            *process.validation.post_validation,
        ]
        assert process.description
        assert [part.name for part in parts if not part.description] == []


# Where the records of each process end, as its files and its spec say it.
OUTCOMES = {
    # 301 lines: 6 customers who moved, 4 who signed up again, 2 test accounts, 5 e-mails that are
    # none, a date that is none, a line with too many cells.
    "shop_clean_customers": {"silver": 282, "duplicate": 10, "filtered": 2, "quarantine": 7},
    # Orders that a later file tells again; two test orders a month; five that break a rule.
    "shop_clean_orders": {"silver": 2923, "duplicate": 240, "filtered": 12, "quarantine": 5},
    "shop_clean_order_items": {"silver": 5528, "quarantine": 2},
    # 58 products, 17 of them with a second version and two new; the others say the same twice.
    "shop_clean_products": {"silver": 77, "duplicate": 41},
}


def test_the_example_runs_and_every_record_ends_where_it_should(
    tmp_path: Path, shop: dict[str, EtlProcess]
) -> None:
    """In a copy of the project that holds what is committed; the reference has tests of its own."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("macros", "models", "specs", "seeds", "examples", "tests/data_tests"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
    environment = {name: value for name, value in os.environ.items() if "DATABANK" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "controlplane", "run", *shop],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as warehouse:
        found = {
            table: dict(
                warehouse.execute(
                    f"select outcome, count(*) from silver.{table}_outcomes group by outcome"
                ).fetchall()
            )
            for table in OUTCOMES
        }
        revenue = warehouse.execute(
            "select count(*), sum(sum_total_usd) from gold.shop_kpi_revenue_by_month"
        ).fetchone()
        total = warehouse.execute("select sum(total_usd) from silver.shop_clean_orders").fetchone()
    assert found == OUTCOMES
    assert total is not None
    assert revenue == (6, total[0])
