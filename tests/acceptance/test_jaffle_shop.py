"""A year of a sandwich shop, from CSV files to gold, on both kinds of target."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Records = list[dict[str, str]]
Table = dict[str, Any]

LONGEST_TWEET = 140


def in_dollars(column: str) -> Table:
    return {
        "name": f"{column}_in_dollars",
        "type": "transform",
        "expression": f"round({column} / 100.0, 2)",
        "parameters": {"column": f"{column}_usd", "type": "decimal(12,2)"},
        "description": "The source counts in cents.",
    }


TABLES: dict[str, Table] = {
    "raw_customers": {
        "description": "Who buys.",
        "target_config": {"unique_key": ["id"], "load_strategy": "upsert"},
    },
    "raw_items": {
        "description": "One row per thing ordered.",
        "target_config": {"unique_key": ["id"], "load_strategy": "append"},
        "transform_config": {
            "data_quality": {
                "validation_rules": [
                    {"name": "sku_format", "type": "regex", "expression": "^(JAF|BEV)-[0-9]{3}$"}
                ]
            },
            "joins": [
                {
                    "name": "jaffle_items_with_products",
                    "type": "inner",
                    "left_table": "jaffle_items",
                    "right_table": "jaffle_products",
                    "condition": "jaffle_items.sku = jaffle_products.sku",
                    "description": "Every item with what it is and what it costs.",
                }
            ],
        },
    },
    "raw_orders": {
        "description": "One row per order.",
        "source_config": {"incremental_key": "ordered_at"},
        "target_config": {"unique_key": ["id"], "load_strategy": "upsert"},
        "transform_config": {
            "transformations": [
                {
                    "name": "without_empty_orders",
                    "type": "filter",
                    "expression": "order_total > 0",
                    "description": "An order of nothing is a ticket that was never filled.",
                },
                in_dollars("order_total"),
                {
                    "name": "month_of_order",
                    "type": "transform",
                    "expression": "cast(date_trunc('month', ordered_at) as date)",
                    "parameters": {"column": "order_month"},
                },
            ],
            "data_quality": {
                "validation_rules": [
                    {
                        "name": "total_adds_up",
                        "type": "expression",
                        "expression": "order_total = subtotal + tax_paid",
                    },
                    {"name": "customer_present", "type": "not_null"},
                ]
            },
            "aggregations": [
                {
                    "name": "jaffle_revenue_by_month",
                    "function": "sum",
                    "column": "order_total_usd",
                    "group_by": ["order_month"],
                    "description": "What customers paid in a month, in US dollars.",
                },
                {
                    "name": "jaffle_best_customers",
                    "function": "count",
                    "group_by": ["customer"],
                    "having": "count >= 200",
                    "description": "Who ordered 200 times and more.",
                },
                {
                    "name": "jaffle_revenue_by_customer",
                    "function": "sum",
                    "column": "order_total_usd",
                    "group_by": ["jaffle_orders_by_customer.name"],
                    "description": "What a customer paid, in US dollars.",
                },
                {
                    "name": "jaffle_revenue_by_store",
                    "function": "sum",
                    "column": "order_total_usd",
                    "group_by": ["jaffle_orders_by_store.name"],
                    "description": "What was paid in a store, in US dollars.",
                },
            ],
            "joins": [
                {
                    "name": "jaffle_orders_by_store",
                    "type": "right",
                    "left_table": "jaffle_orders",
                    "right_table": "jaffle_stores",
                    "condition": "jaffle_orders.store_id = jaffle_stores.id",
                    "description": "Every order with its store; a store without orders has one row.",
                },
                {
                    "name": "jaffle_orders_by_customer",
                    "type": "full",
                    "left_table": "jaffle_orders",
                    "right_table": "jaffle_customers",
                    "condition": "jaffle_orders.customer = jaffle_customers.id",
                    "description": "Every order with who placed it.",
                },
            ],
        },
    },
    "raw_products": {
        "description": "What is on the menu, with every price that it had.",
        "target_config": {"unique_key": ["sku"], "load_strategy": "scd2"},
        "transform_config": {
            "transformations": [in_dollars("price")],
            "data_quality": {
                "cleaning_rules": [
                    {"name": "name_trimmed", "type": "trim"},
                    {"name": "type_upper_case", "type": "uppercase"},
                ],
                "validation_rules": [
                    {
                        "name": "type_known",
                        "type": "accepted_values",
                        "expression": "JAFFLE, BEVERAGE",
                    }
                ],
            },
            "aggregations": [
                {
                    "name": "jaffle_dearest_by_type",
                    "function": "max",
                    "column": "price_usd",
                    "group_by": ["type"],
                    "description": "The highest price of a kind, in US dollars.",
                }
            ],
        },
    },
    "raw_stores": {
        "description": "Where the shop sells, since when.",
        "source_config": {"incremental_key": "opened_at"},
        "target_config": {"unique_key": ["id"], "load_strategy": "scd2"},
        "transform_config": {
            "data_quality": {
                "validation_rules": [
                    {"name": "tax_rate_range", "type": "range", "expression": "between 0 and 0.25"}
                ]
            }
        },
    },
    "raw_supplies": {
        "description": "What a product is made of; a supply costs what it does in each product.",
        "target_config": {"unique_key": ["id", "sku"]},
        "transform_config": {
            "aggregations": [
                {
                    "name": "jaffle_cost_by_product",
                    "function": "sum",
                    "column": "cost",
                    "group_by": ["sku"],
                    "description": "What the supplies of a product cost, in cents.",
                }
            ]
        },
    },
    "raw_tweets": {
        "description": "What customers say.",
        "target_config": {"unique_key": ["id"], "load_strategy": "append"},
        "transform_config": {
            "data_quality": {
                "cleaning_rules": [
                    {
                        "name": "said_once",
                        "type": "deduplication",
                        "expression": "DISTINCT ON (user_id, content) ORDER BY tweeted_at",
                        "description": "Who says the same again says nothing new.",
                    }
                ],
                "validation_rules": [
                    {
                        "name": "content_length",
                        "type": "length",
                        "parameters": {"min": 1, "max": LONGEST_TWEET},
                        "description": "Longer ones are cut off elsewhere.",
                    }
                ],
            }
        },
        "error_handling": {"error_action": "quarantine", "error_threshold": 300},
    },
}
NUMBERS = {
    "raw_orders": ["order_total", "subtotal", "tax_paid"],
    "raw_products": ["price"],
    "raw_stores": ["tax_rate"],
    "raw_supplies": ["cost"],
}


def slug(table: str) -> str:
    return table.replace("raw_", "jaffle_")


def spec(table: str, file: Path) -> Table:
    """The spec of a table: what it says, and where its file is."""
    content = TABLES[table]
    source = {"source_type": "csv", "path": str(file)}
    return {
        "name": slug(table),
        "type": "full",
        **content,
        "source_config": {**source, **content.get("source_config", {})},
    }


def is_order(order: dict[str, str]) -> bool:
    return int(order["order_total"]) > 0


def kept_tweets(tweets: Records) -> Records:
    """The first of those in which somebody says the same, but for the long ones."""
    short = [tweet for tweet in tweets if len(tweet["content"]) <= LONGEST_TWEET]
    ordered = sorted(short, key=lambda tweet: tweet["tweeted_at"], reverse=True)
    return list({(tweet["user_id"], tweet["content"]): tweet for tweet in ordered}.values())


def in_silver(table: str, records: Records) -> Records:
    if table == "raw_orders":
        return [order for order in records if is_order(order)]
    return kept_tweets(records) if table == "raw_tweets" else records


def outcomes(files: dict[str, Records]) -> dict[str, dict[str, int]]:
    """Where the records of each table end, counted in the files."""
    found = {table: {"silver": len(in_silver(table, files[table]))} for table in files}
    orders, tweets = files["raw_orders"], files["raw_tweets"]
    found["raw_orders"]["filtered"] = sum(not is_order(order) for order in orders)
    quarantine = sum(len(tweet["content"]) > LONGEST_TWEET for tweet in tweets)
    found["raw_tweets"]["quarantine"] = quarantine
    found["raw_tweets"]["duplicate"] = len(tweets) - quarantine - found["raw_tweets"]["silver"]
    return found


def dollars(records: Records, group: Callable[[dict[str, str]], Any]) -> dict[Any, Decimal]:
    found: dict[Any, Decimal] = {}
    for record in records:
        key = group(record)
        found[key] = found.get(key, Decimal(0)) + Decimal(record["order_total"]) / 100
    return found


def write_csv(path: Path, records: Records) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


@pytest.mark.long
def test_jaffle_shop_comes_out_alike_on_both_targets(
    both_targets: Any,
    open_data: Callable[[str], Path],
    read_csv: Callable[[Path], Iterator[dict[str, str]]],
) -> None:
    folder = open_data("jaffle_shop")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["tables"]
    assert set(TABLES) == set(truth)
    files = {table: list(read_csv(folder / f"{table}.csv")) for table in TABLES}
    shutil.copytree(folder, both_targets.root / "data")
    for table in TABLES:
        both_targets.spec(slug(table), spec(table, Path("data", f"{table}.csv")))
    both_targets.expect(0, "generate")

    both_targets.build()
    assert both_targets.assert_alike(by_clock=["jaffle_products"]) > 60_000

    expected = outcomes(files)
    for table, records in files.items():
        name = slug(table)
        assert len(records) == truth[table]["rows"]
        assert both_targets.rows(f"select count(*) from raw.{name}") == [(len(records),)]
        assert both_targets.counts(f"silver.{name}_outcomes", "outcome") == expected[table]
        kept = expected[table]["silver"]
        assert both_targets.rows(f"select count(*) from silver.{name}") == [(kept,)]
        set_aside = expected[table].get("quarantine", 0)
        assert both_targets.rows(f"select count(*) from silver.{name}_quarantine") == [(set_aside,)]
        summed = both_targets.assert_sums(name, in_silver(table, records))
        assert summed == NUMBERS.get(table, [])

    def gold(name: str, group: str) -> dict[Any, Any]:
        # Drivers differ in what they make of a UUID.
        key = "cast(customer as text)" if group == "customer" else group
        columns = both_targets.columns("gold", f"jaffle_{name}")
        (value,) = (column for column in columns if column != group)
        query = f"select {key}, {value} from gold.jaffle_{name} order by {group}"
        return dict(both_targets.rows(query))

    orders = in_silver("raw_orders", files["raw_orders"])
    stores = {store["id"]: store["name"] for store in files["raw_stores"]}
    revenue: dict[str, Decimal | None] = dict.fromkeys(stores.values())
    assert gold("revenue_by_store", "name") == revenue | dollars(
        orders, lambda o: stores[o["store_id"]]
    )
    buyers = {customer["id"]: customer["name"] for customer in files["raw_customers"]}
    assert gold("revenue_by_customer", "name") == dollars(orders, lambda o: buyers[o["customer"]])
    months = dollars(orders, lambda order: date.fromisoformat(f"{order['ordered_at'][:7]}-01"))
    assert gold("revenue_by_month", "order_month") == months
    customers = Counter(order["customer"] for order in orders)
    assert gold("best_customers", "customer") == {
        key: n for key, n in customers.items() if n >= 200
    }
    assert gold("dearest_by_type", "type") == {"JAFFLE": Decimal(14), "BEVERAGE": Decimal(7)}
    costs: Counter[str] = Counter()
    for supply in files["raw_supplies"]:
        costs[supply["sku"]] += int(supply["cost"])
    assert gold("cost_by_product", "sku") == costs

    both_targets.assert_nothing_to_do()

    # A price goes up, an order is corrected, and another one is new.
    products, orders = files["raw_products"], files["raw_orders"]
    before = Decimal(products[0]["price"]) / 100
    products[0]["price"] = "2000"
    orders[0] |= {"tax_paid": "0", "order_total": orders[0]["subtotal"]}
    new = "00000000-0000-4000-8000-000000000000"
    orders.append(orders[-1] | {"id": new, "ordered_at": "2019-09-01T08:00:00"})
    for table in ("raw_products", "raw_orders"):
        write_csv(both_targets.root / "data" / f"{table}.csv", files[table])
    both_targets.build()
    both_targets.assert_alike(by_clock=["jaffle_products"])
    both_targets.assert_sums("jaffle_orders", in_silver("raw_orders", orders))
    versions = both_targets.rows(
        "select price_usd, valid_to is null, is_current from silver.jaffle_products"
        f" where sku = '{products[0]['sku']}' order by _batch_id"
    )
    assert versions == [(before, False, False), (Decimal(20), True, True)]
    assert gold("dearest_by_type", "type")["JAFFLE"] == 20
    both_targets.assert_nothing_to_do()
