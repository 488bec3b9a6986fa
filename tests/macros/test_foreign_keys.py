"""References that a test declares are foreign keys on PostgreSQL whenever a run is over."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.dbt.process import DbtRun

PROPERTIES = """
version: 2
models:
  - name: customers
    config:
      contract: {enforced: true}
    columns:
      - {name: id, data_type: varchar, constraints: [{type: not_null}, {type: primary_key}]}
  - name: shops
    config:
      contract: {enforced: true}
    columns:
      - {name: id, data_type: varchar, constraints: [{type: not_null}, {type: primary_key}]}
  - name: receipts
    config:
      contract: {enforced: true}
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}, {type: primary_key}]}
  - name: sales
    config:
      contract: {enforced: true}
    columns:
      - name: id
        data_type: integer
        data_tests:
          - relationships:
              arguments: {to: ref('receipts'), field: id}
              config: {meta: {foreign_key: true}}
      - name: customer_id
        data_type: varchar
        data_tests:
          - relationships:
              arguments: {to: ref('customers'), field: id}
              config: {meta: {foreign_key: true}}
      - name: shop_id
        data_type: varchar
        data_tests:
          - relationships:
              arguments: {to: ref('shops'), field: id}
              config: {meta: {foreign_key: true}}
      - name: seller_id
        data_type: varchar
        data_tests:
          - relationships: {arguments: {to: ref('shops'), field: id}}
"""
SALES = """
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='id',
    on_schema_change='fail'
) }}

select
    id,
    cast(customer_id as varchar) as customer_id,
    cast(shop_id as varchar) as shop_id,
    cast(shop_id as varchar) as seller_id
from {{ ref('sold') }}
where id in (select id from {{ ref('receipts') }})
"""
# The customers are made after the sales, as if nothing told dbt which comes first.
CUSTOMERS = """
-- depends_on: {{ ref('sales') }}
select cast(id as varchar) as id from {{ ref('people') }}
"""
# Shops and receipts are only ever added; shops, too, after the sales.
ADDED = """
-- depends_on: {after}
{{{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}}}

select cast(id as {kind}) as id
from {{{{ ref('{seed}') }}}}
{{% if is_incremental() %}}
    where cast(id as {kind}) not in (select id from {{{{ this }}}})
{{% endif %}}
"""
SHOPS = ADDED.format(after="{{ ref('sales') }}", kind="varchar", seed="places")
RECEIPTS = ADDED.format(after="nothing", kind="integer", seed="sold")
KEYS = """
    select conname, condeferrable, condeferred, convalidated
    from pg_constraint
    where contype = 'f'
    order by conname
"""
EVERY = [
    ("sales_customer_id_fkey", True, True, True),
    ("sales_id_fkey", True, True, True),
    ("sales_shop_id_fkey", True, True, True),
]
TARGET = ("--target", "postgres")
WITHOUT_TESTS = ("--exclude", "resource_type:test")
Dbt = Callable[..., DbtRun]


def databank(made: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Databank to its end, without the data tests that would find a wrong reference first."""
    return subprocess.run(
        [sys.executable, "-m", "controlplane", *arguments, *TARGET, *WITHOUT_TESTS],
        cwd=made.project.root,
        env={**os.environ, **made.project.environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def build(make_warehouse: Callable[..., Any], dbt: Dbt) -> Callable[[str], Any]:
    """Makes and builds the project on a target."""

    def make(target: str) -> Any:
        made = make_warehouse(target)
        made.file("models/silver/sales.sql", SALES)
        made.file("models/silver/customers.sql", CUSTOMERS)
        made.file("models/silver/shops.sql", SHOPS)
        made.file("models/silver/receipts.sql", RECEIPTS)
        made.file("models/silver/models.yml", PROPERTIES)
        made.file("seeds/people.csv", "id\nanna\nben\n")
        made.file("seeds/places.csv", "id\nnorth\nsouth\n")
        made.file("seeds/sold.csv", "id,customer_id,shop_id\n1,anna,north\n2,ben,south\n")
        done = dbt(made, "build")
        assert done.exit_code == 0, done.error
        return made

    return make


def test_declared_references_are_constraints_after_every_kind_of_run(
    build: Callable[[str], Any], dbt: Dbt
) -> None:
    made = build("postgres")
    assert made.target.query(KEYS) == EVERY
    # A customer who is gone, and one who is new: neither side is ever the first to be right.
    made.file("seeds/people.csv", "id\nanna\ncarl\n")
    made.file("seeds/places.csv", "id\nnorth\nsouth\nwest\n")
    made.file("seeds/sold.csv", "id,customer_id,shop_id\n2,carl,west\n3,carl,north\n")
    for arguments in (["build"], ["build", "--full-refresh"], ["run"], ["run", "-s", "customers"]):
        done = dbt(made, *arguments)
        assert done.exit_code == 0, done.error
        assert made.target.query(KEYS) == EVERY


def test_only_references_that_a_run_may_break_are_made_again(
    build: Callable[[str], Any], dbt: Dbt
) -> None:
    """A parent that the child reads, and that only grows, has every row before the child needs it."""
    made = build("postgres")
    numbers = "select conname, cast(oid as bigint) from pg_constraint where contype = 'f'"
    before = dict(made.target.query(numbers))
    made.file("seeds/sold.csv", "id,customer_id,shop_id\n4,anna,north\n")
    done = dbt(made, "build")
    assert done.exit_code == 0, done.error
    after = dict(made.target.query(numbers))
    assert {name for name in after if after[name] == before[name]} == {"sales_id_fkey"}


def test_references_to_what_a_run_leaves_alone_hold_while_it_writes(
    build: Callable[[str], Any], dbt: Dbt
) -> None:
    made = build("postgres")
    made.file("seeds/sold.csv", "id,customer_id,shop_id\n2,nobody,north\n")
    assert dbt(made, "seed").exit_code == 0
    done = dbt(made, "run", "-s", "sales")
    assert done.exit_code == 1
    assert "Key (customer_id)=(nobody) is not present" in done.error
    assert made.target.query("select count(*) from silver.sales") == [(2,)]
    assert made.target.query(KEYS) == EVERY


def test_a_reference_that_does_not_hold_fails_the_run(
    build: Callable[[str], Any], dbt: Dbt
) -> None:
    made = build("postgres")
    made.file("seeds/sold.csv", "id,customer_id,shop_id\n3,nobody,north\n")
    assert dbt(made, "seed").exit_code == 0

    def by_dbt() -> tuple[int, str]:
        done = dbt(made, "run", "--full-refresh")
        return done.exit_code, done.error

    def by_databank() -> tuple[int, str]:
        done = databank(made, "run", "--rebuild")
        return done.returncode, done.stdout + done.stderr

    for run in (by_dbt, by_databank):
        code, said = run()
        assert code == 1, said
        assert 'violates foreign key constraint "sales_customer_id_fkey"' in said
        assert "Key (customer_id)=(nobody) is not present" in said
        assert made.target.query(KEYS) == []
    made.file("seeds/people.csv", "id\nnobody\n")
    done = databank(made, "run")
    assert done.returncode == 0, done.stdout
    assert made.target.query(KEYS) == EVERY


def test_duckdb_builds_the_same_without_them(build: Callable[[str], Any], dbt: Dbt) -> None:
    """It would refuse to delete a row that another table names, even to put it back at once."""
    made = build("duckdb")
    made.file("seeds/people.csv", "id\nanna\ncarl\n")
    made.file("seeds/sold.csv", "id,customer_id,shop_id\n2,carl,north\n")
    done = dbt(made, "build")
    assert done.exit_code == 0, done.error
    keys = "select count(*) from duckdb_constraints() where constraint_type = 'FOREIGN KEY'"
    assert made.target.query(keys) == [(0,)]
