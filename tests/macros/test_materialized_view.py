"""A roll-up that is a materialised view on PostgreSQL shows what is there now, by today's query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controlplane.dbt.process import DbtRun

SALES = """
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}
select id, amount from {{ ref('given') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}
"""
ROLL_UP = """
{{ config(materialized='materialized_view' if target.type == 'postgres' else 'table') }}
select cast(sum(amount) as integer) as amount, count(*) as sales from {{ ref('sales') }}
"""
PROPERTIES = """
version: 2
models:
  - name: sales
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: integer}, {name: amount, data_type: integer}]
  - name: roll_up
    config:
      contract: {enforced: "{{ target.type != 'postgres' }}"}
      indexes: [{columns: [amount], unique: true}]
    columns: [{name: amount, data_type: integer}, {name: sales, data_type: bigint}]
"""
Build = Callable[..., None]
KIND = "select relkind from pg_class where oid = 'gold.roll_up'::regclass"
INDEXES = "select indexdef from pg_indexes where schemaname = 'gold' and tablename = 'roll_up'"


def rows(made: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = made.target.query("select * from gold.roll_up")
    return found


@pytest.fixture
def build(dbt: Callable[..., DbtRun]) -> Build:
    """Runs `dbt build` to its good end."""

    def run(made: Any, *arguments: str) -> None:
        done = dbt(made, "build", *arguments)
        assert done.exit_code == 0, done.error

    return run


@pytest.fixture
def make_shop(make_warehouse: Callable[..., Any], build: Build) -> Callable[[str], Any]:
    """A project with sales and their roll-up, built once."""

    def make(target: str) -> Any:
        made = make_warehouse(target)
        made.file("seeds/given.csv", "id,amount\n1,10\n2,20\n")
        made.file("models/silver/sales.sql", SALES)
        made.file("models/gold/roll_up.sql", ROLL_UP)
        made.file("models/gold/roll_up.yml", PROPERTIES)
        build(made)
        return made

    return make


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_a_load_is_shown_and_a_changed_query_holds(
    make_shop: Callable[[str], Any], build: Build, target: str
) -> None:
    made = make_shop(target)
    assert rows(made) == [(30, 2)]
    made.file("seeds/given.csv", "id,amount\n1,10\n2,20\n3,5\n")
    build(made)
    assert rows(made) == [(35, 3)]
    # What it reads is made anew, and would have taken the view with it.
    build(made, "--full-refresh", "--select", "sales", "roll_up")
    assert rows(made) == [(35, 3)]
    made.file("models/gold/roll_up.sql", ROLL_UP.replace("sum(amount)", "2 * sum(amount)"))
    build(made, "--select", "roll_up")
    assert rows(made) == [(70, 3)]
    made.file("seeds/given.csv", "id,amount\n1,10\n2,20\n3,5\n4,1\n")
    build(made)
    assert rows(made) == [(72, 4)]


def test_it_is_the_same_view_with_its_index_as_long_as_its_query_is_the_same(
    make_shop: Callable[[str], Any], build: Build
) -> None:
    made = make_shop("postgres")
    identity = "select 'gold.roll_up'::regclass::oid"
    assert made.target.query(KIND) == [("m",)]
    first = made.target.query(identity)
    build(made, "--select", "roll_up")
    assert made.target.query(identity) == first
    made.file("models/gold/roll_up.sql", ROLL_UP.replace("sum(amount)", "1 + sum(amount)"))
    build(made, "--select", "roll_up")
    assert made.target.query(identity) != first
    assert made.target.query(KIND) == [("m",)]
    (index,) = made.target.query(INDEXES)
    assert "UNIQUE" in index[0]
    assert rows(made) == [(31, 2)]


def test_a_table_becomes_a_view(make_shop: Callable[[str], Any], build: Build) -> None:
    made = make_shop("postgres")
    made.file("models/gold/roll_up.sql", ROLL_UP.replace("'materialized_view' if", "'table' if"))
    build(made, "--select", "roll_up")
    assert made.target.query(KIND) == [("r",)]
    made.file("models/gold/roll_up.sql", ROLL_UP)
    build(made, "--select", "roll_up")
    assert made.target.query(KIND) == [("m",)]
    assert rows(made) == [(30, 2)]
