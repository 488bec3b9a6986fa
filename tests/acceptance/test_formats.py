"""Specs of workbooks, XML and packed files, from the check to the last model, on every target."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import zstandard

ORDERS = """<?xml version="1.0"?>
<orders exported="2024-05-01">
<order id="1"><customer><name>Ann</name></customer><total>1.50</total><item>a</item><item>b</item></order>
<order id="2"><customer><name>Bob</name></customer><total>many</total><item>c</item></order>
<order id="3"><customer><name>Eve</name></customer><total>3.25</total></order>
</orders>
"""


def prices() -> bytes:
    book = openpyxl.Workbook()
    book.create_sheet("Prices")
    rows: list[list[Any]] = [
        ["Prices of May"],
        [],
        ["Article", "Price", "Valid"],
        ["a", 1.5, True],
        ["b", "free", False],
        ["c", 12, True],
    ]
    for row in rows:
        book["Prices"].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(databank: Any, name: str, content: bytes) -> None:
    path: Path = databank.root / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_workbooks_and_packed_xml_go_through_to_the_models(both_targets: Any) -> None:
    specs = {
        "orders": {
            "source_type": "xml",
            "path": "inbox/orders*.zst",
            "format": {"record": "orders/order"},
            "columns": [
                {"name": "id", "type": "integer"},
                {"name": "total", "type": "decimal(9,2)"},
            ],
        },
        "prices": {
            "source_type": "excel",
            "path": "inbox/*.xlsx",
            "columns": [{"name": "Price", "type": "decimal(9,2)"}],
        },
    }
    keys = {"orders": "id", "prices": "article"}
    for name, source in specs.items():
        target = {"load_strategy": "upsert", "unique_key": [keys[name]]}
        both_targets.spec(
            name,
            {
                "name": name,
                "type": "full",
                "source_config": source,
                "target_config": target,
                "error_handling": {"error_action": "quarantine"},
            },
        )
    put(both_targets, "orders.xml.zst", zstandard.ZstdCompressor().compress(ORDERS.encode()))
    put(both_targets, "prices.xlsx", prices())
    both_targets.expect(0, "validate")
    both_targets.expect(0, "generate")
    both_targets.build({f"error_threshold_{name}_quarantine" for name in specs})
    rows = both_targets.rows(
        "select id, customer_name, cast(item as text) from silver.orders order by id"
    )
    assert rows == [(1, "Ann", '["a", "b"]'), (3, "Eve", None)]
    rows = both_targets.rows("select article, price, valid from silver.prices order by article")
    assert [(article, float(price), valid) for article, price, valid in rows] == [
        ("a", 1.5, True),
        ("c", 12.0, True),
    ]
    assert both_targets.counts("silver.prices_outcomes", "outcome") == {
        "silver": 2,
        "quarantine": 2,
    }
    assert both_targets.counts("silver.orders_outcomes", "outcome") == {
        "silver": 2,
        "quarantine": 1,
    }
    both_targets.assert_nothing_to_do()
