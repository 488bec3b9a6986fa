"""A partitioned silver table is really divided on PostgreSQL, and stored in order on DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controlplane.dbt.process import DbtRun

PROPERTIES = """
version: 2
models:
  - name: events
    config:
      contract: {enforced: true}
    columns:
      - {name: id, data_type: integer}
      - {name: region, data_type: text}
      - {name: day, data_type: date}
"""
MODEL = """
{{{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key=['id'],
    on_schema_change='fail', meta={{'partitioning': {settings}}}
) }}}}

with given as (
    select id, region, cast(day as date) as day from {{{{ ref('given') }}}}
    {{% if is_incremental() %}} where id > (select max(id) from {{{{ this }}}}) or id = 2 {{% endif %}}
)

select * from given
"""
REGIONS = ("EU", "US", "it's")
FIRST = "id,region,day\n" + "".join(
    f"{n},{REGIONS[2 if n % 7 == 0 else n % 2]},2024-{n % 3 + 1:02}-{n % 27 + 1:02}\n"
    for n in range(1, 61)
)
MORE = "61,APAC,2024-05-01\n62,,\n63,US,2024-01-01\n"
PARTITIONS = """
    select pg_get_expr(child.relpartbound, child.oid), child.reltuples
    from pg_inherits join pg_class as child on inhrelid = child.oid
    where inhparent = 'silver.{}'::regclass
"""


# How a table is divided, and how many partitions it has at first and later.
DIVIDED: tuple[tuple[dict[str, Any], int, int], ...] = (
    ({"strategy": "hash", "columns": ["region"], "partitions": 4}, 4, 4),
    ({"strategy": "hash", "columns": ["region", "id"], "partitions": 2}, 2, 2),
    ({"strategy": "range", "columns": ["id"], "partitions": 3}, 4, 4),
    ({"strategy": "range", "columns": ["region", "day"], "partitions": 2}, 3, 3),
    ({"strategy": "list", "columns": ["region"], "auto_partition": True}, 4, 5),
    ({"strategy": "list", "columns": ["region"], "partitions": 1}, 2, 2),
    ({"strategy": "date_range", "columns": ["day"], "auto_partition": True}, 4, 5),
)


def test_postgresql_divides_the_table(
    make_warehouse: Callable[..., Any], dbt: Callable[..., DbtRun]
) -> None:
    made = make_warehouse("postgres")
    names = [f"events_{number}" for number, _ in enumerate(DIVIDED)]
    for name, (settings, _, _) in zip(names, DIVIDED, strict=True):
        made.file(f"models/silver/{name}.sql", MODEL.format(settings=settings))
        made.file(f"models/silver/{name}.yml", PROPERTIES.replace("events", name))
    made.file("seeds/given.csv", FIRST)

    def build(*arguments: str) -> None:
        done = dbt(made, "build", *arguments)
        assert done.exit_code == 0, done.error

    def partitions() -> list[int]:
        return [len(made.target.query(PARTITIONS.format(name))) for name in names]

    for _ in range(2):  # the second time, the first one's table and partitions are still there
        build("--full-refresh")
        assert partitions() == [first for _, first, _ in DIVIDED]
    made.file("seeds/given.csv", FIRST + MORE)
    build()
    build()  # what has a partition gets no second one
    assert partitions() == [later for _, _, later in DIVIDED]
    for name in names:
        count = f"select count(*), count(distinct id) from silver.{name}"
        assert made.target.query(count) == [(63, 63)], name
        kind = f"select relkind from pg_class where oid = 'silver.{name}'::regclass"
        assert made.target.query(kind) == [("p",)], name


def test_duckdb_stores_the_rows_in_order(
    make_warehouse: Callable[..., Any], dbt: Callable[..., DbtRun]
) -> None:
    made = make_warehouse("duckdb")
    settings = {"strategy": "hash", "columns": ["region"], "partitions": 4}
    made.file("models/silver/events.sql", MODEL.format(settings=settings))
    made.file("models/silver/events.yml", PROPERTIES)
    made.file("seeds/given.csv", FIRST)
    done = dbt(made, "build")
    assert done.exit_code == 0, done.error
    stored = [
        row[0] for row in made.target.query("select region from silver.events order by rowid")
    ]
    assert stored == sorted(stored)
