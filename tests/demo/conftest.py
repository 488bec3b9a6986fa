"""One company for all tests that only look at it: its files, and tables of what is in them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.demo import Demo, Scope, make_demo

# What each source sends; the first is read as CSV, all of it as text, and the second as JSON.
CSV_SOURCES = {
    "pos": "pos/transactions",
    "payments": "payments/payments",
    "crm": "crm/customers",
    "inventory": "inventory/stock",
    "performance": "campaigns/performance",
    "sessions": "events/sessions",
    "feedback": "feedback/surveys",
    "rates": "rates/exchange_rates",
}
JSON_SOURCES = {
    "web": "web/orders",
    "catalogue": "catalogue/products",
    "campaigns": "campaigns/campaigns",
    "events": "events/events",
    "support": "support/interactions",
    "social": "social/mentions",
    "logs": "logs/agents",
}
TRUTHS = (
    "duplicates", "customer_matches", "invalid_values", "date_formats", "orphans", "late_records",
    "anomalies", "anomaly_records", "churn", "sentiment", "companions", "expected_sales", "files",
)  # fmt: skip


@dataclass(frozen=True)
class Company:
    """What a run wrote, and a connection with a table for each source and each truth."""

    demo: Demo
    folder: Path
    database: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.database.execute(query).fetchall()

    def value(self, query: str) -> Any:
        """The only value of a query."""
        ((value,),) = self.rows(query)
        return value

    def truth(self, name: str) -> list[dict[str, str]]:
        """The rows of a file of the truth."""
        return read_truth(self.folder, name)

    @property
    def seasonality(self) -> dict[str, Any]:
        """The parameters that were put in."""
        found: dict[str, Any] = json.loads((self.folder / "truth/seasonality.json").read_bytes())
        return found


def read_truth(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file of the truth."""
    with (folder / f"truth/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company of the usual size, over a year, with monthly deliveries."""
    folder = tmp_path_factory.mktemp("company")
    demo = make_demo(Scope(), folder)
    with duckdb.connect() as database:
        load(database, folder)
        yield Company(demo, folder, database)


def load(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the tables: `file` is the name as the truth has it, other columns are the sources' own.

    `facts` has the transactions of all channels in one shape, each once.
    """
    cut = len(str(folder)) + 1
    for name, stem in CSV_SOURCES.items():
        database.execute(
            f"create table {name} as select * exclude (filename), filename[{cut + 1}:] as file"
            f" from read_csv('{folder}/{stem}_*.csv', all_varchar = true, filename = true)"
        )
    for name, stem in JSON_SOURCES.items():
        database.execute(
            f"create table {name} as select * exclude (filename), filename[{cut + 1}:] as file"
            f" from read_json('{folder}/{stem}_*.jsonl', format = 'newline_delimited',"
            " filename = true, sample_size = -1, convert_strings_to_integers = false)"
        )
    for name in TRUTHS:
        database.execute(
            f"create table truth_{name} as"
            f" from read_csv('{folder}/truth/{name}.csv', all_varchar = true, header = true)"
        )
    database.execute(FACTS)


FACTS = """
create table facts as
with told as (
    select
        transaction_id as id, type = 'refund' as is_refund, refund_of, 'store' as channel, region,
        coalesce(
            try_strptime(occurred_at, '%Y-%m-%d %H:%M:%S'),
            try_strptime(occurred_at, '%d.%m.%Y %H:%M:%S'),
            try_strptime(occurred_at, '%m/%d/%Y %I:%M:%S %p'),
            try_strptime(occurred_at, '%Y-%m-%dT%H:%M:%SZ')
        ) as moment,
        customer_id, product_id, quantity::int as quantity,
        unit_price::decimal(12, 2) as price, discount::decimal(12, 2) as discount,
        tax::decimal(12, 2) as tax, total_amount::decimal(12, 2) as total, currency, campaign_id,
        payment_method as method
    from pos
    union all by name
    select
        line_id as id, kind = 'return' as is_refund, return_of as refund_of, channel,
        shipping.region as region, placed_at::varchar::timestamp as moment, customer.id as customer_id,
        item.sku as product_id, item.quantity::int as quantity,
        item.unit_price::decimal(12, 2) as price, item.discount::decimal(12, 2) as discount,
        amounts.tax::decimal(12, 2) as tax, amounts.total::decimal(12, 2) as total,
        amounts.currency as currency, attribution.campaign_id as campaign_id,
        payment.method as method
    from web
)
select distinct *, moment::date as day from told
"""
