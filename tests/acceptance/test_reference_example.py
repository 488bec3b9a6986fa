"""The request body of `POST /etl`, unchanged but for its connection strings, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[3] / "shared" / "references" / "data-warehousing-api.md"
SOURCE = """
create table customers (
    id bigint primary key, email text, phone text, region text not null, status text not null,
    updated_at timestamptz not null
);
create table orders (
    id bigint primary key, customer_id bigint references customers (id), total numeric(12, 2)
);
insert into customers
select
    number, 'customer' || number || '@example.com', '+1 (555) ' || lpad(number::text, 4, '0'),
    'US', 'active', timestamptz '2026-01-01 00:00:00+00' + number * interval '1 minute'
from generate_series(1, 120) as number;
insert into customers values
    (121, null, '1', 'US', 'active', '2026-01-02 00:00:00+00'),
    (122, '', '2', 'US', 'active', '2026-01-02 00:00:00+00'),
    (123, 'not an address', '3', 'US', 'active', '2026-01-02 00:00:00+00'),
    (124, 'customer1@example.com', '+44 1', 'US', 'active', '2025-12-31 00:00:00+00'),
    (125, 'elsewhere@example.com', '5', 'EU', 'active', '2026-01-02 00:00:00+00'),
    (126, 'gone@example.com', '6', 'US', 'inactive', '2026-01-02 00:00:00+00');
insert into orders values (1, 1, 10.50), (2, 1, 20.00), (3, 2, 5.25), (4, 125, 1.00);
"""
CHANGES = """
update customers set phone = '+1 999', updated_at = '2026-02-01 10:00:00+02' where id = 5;
update customers set email = 'new1@example.com', updated_at = '2026-02-01 09:00:00+00' where id = 1;
update customers set email = 'broken', updated_at = '2026-02-01 09:00:00+00' where id = 6;
insert into customers values
    (127, 'late@example.com', null, 'US', 'active', '2026-02-02 00:00:00.123456+00');
insert into orders values (5, 127, 7.77);
"""


def reference_body() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip("the reference documents are not beside the project")
    text = REFERENCE.read_text(encoding="utf-8").split("**Endpoint:** `POST /etl`")[1]
    body: dict[str, Any] = json.loads(text.split("```json")[1].split("```")[0])
    return body


SILVER = (
    "select id, email, phone, region, status, cast(updated_at as text) from public.customers"
    " order by id"
)


def customer(number: int) -> tuple[Any, ...]:
    hours, minutes = divmod(number, 60)
    moment = f"2026-01-01 {hours:02}:{minutes:02}:00"
    phone = f"1555{number:04}"
    return (number, f"customer{number}@example.com", phone, "US", "active", moment)


@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def test_the_example_runs_in_full_and_then_incrementally(
    target: str, make_databank: Callable[..., Any], make_database: Callable[[], Any]
) -> None:
    """Every row of silver, quarantine, outcomes, join and gold is stated."""
    body = reference_body()
    source = make_database()
    source.execute(SOURCE)
    databank = make_databank(
        target,
        DATABANK_CUSTOMER_DATA_ETL_SOURCE_PASSWORD=source.server.password,
        DATABANK_CUSTOMER_DATA_ETL_TARGET_PASSWORD=source.server.password,
    )
    settings = databank.project.target
    warehouse = settings.dbname if target == "postgres" else "unused"
    body["source_config"]["connection_string"] = source.url
    body["target_config"]["connection_string"] = source.server.url(warehouse)
    (databank.root / "body.json").write_text(json.dumps(body))
    databank.expect(0, "etl", "create", "-f", "body.json")
    written = (databank.root / "specs" / "etl" / "customer_data_etl.yml").read_text()
    assert source.server.password not in written
    databank.expect(0, "generate")

    first = databank.run()
    assert first["status"] == "completed"
    assert databank.rows(SILVER) == [customer(number) for number in range(1, 121)]
    assert databank.rows("select id, email, _reason, _stage from silver.customers_quarantine") == [
        ("123", "not an address", "email_format: Validate email format", "check")
    ]
    assert databank.rows(
        "select outcome, count(*) from silver.customers_outcomes group by outcome order by outcome"
    ) == [("duplicate", 1), ("filtered", 2), ("quarantine", 1), ("silver", 120)]
    assert databank.rows("select * from gold.customer_count_by_region") == [("US", 120)]
    assert databank.rows(
        "select id, orders_id, cast(total as text) from silver.customer_orders where id <= 3"
        " order by id, orders_id"
    ) == [(1, 1, "10.50"), (1, 2, "20.00"), (2, 3, "5.25"), (3, None, None)]

    again = databank.run()
    assert again["nodes"] == []
    assert sum(load["rows_loaded"] for load in again["loads"] if load["rows_loaded"]) == 0

    source.execute(CHANGES)
    second = databank.run()
    assert second["status"] == "completed"
    expected = {number: customer(number) for number in range(1, 121)}
    # The new address of customer 1 frees the old one for the record that had lost to it.
    expected[1] = (1, "new1@example.com", "15550001", "US", "active", "2026-02-01 09:00:00")
    expected[124] = (
        124, "customer1@example.com", "441", "US", "active", "2025-12-31 00:00:00"
    )  # fmt: skip
    expected[5] = (5, "customer5@example.com", "1999", "US", "active", "2026-02-01 08:00:00")
    expected[127] = (127, "late@example.com", None, "US", "active", "2026-02-02 00:00:00.123456")
    assert databank.rows(SILVER) == [expected[number] for number in sorted(expected)]
    assert databank.rows(
        "select id, email, _reason from silver.customers_quarantine order by id"
    ) == [
        ("123", "not an address", "email_format: Validate email format"),
        ("6", "broken", "email_format: Validate email format"),
    ]
    assert databank.rows(
        "select outcome, count(*) from silver.customers_outcomes group by outcome order by outcome"
    ) == [("duplicate", 2), ("filtered", 2), ("quarantine", 2), ("silver", 122)]
    assert databank.rows("select * from gold.customer_count_by_region") == [("US", 122)]
    assert databank.rows(
        "select orders_id, cast(total as text) from silver.customer_orders where id = 127"
    ) == [(5, "7.77")]

    if target == "postgres":
        partitions = (
            "select count(*) from pg_inherits where inhparent = 'public.customers'::regclass"
        )
        assert databank.rows(partitions) == [(4,)]

    before = databank.rows(SILVER)
    databank.run("--full-refresh")
    assert databank.rows(SILVER) == before
