"""A partitioned silver table is really divided on PostgreSQL, and stored in order on DuckDB."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    where inhparent = 'silver.events'::regclass
"""


def dbt(made: Any, *arguments: str) -> None:
    """Run dbt to its good end."""
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *arguments,
            "--target",
            made.project.target.name,
        ],
        cwd=made.project.root,
        env={**os.environ, **made.project.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("settings", "first", "later"),
    [
        ({"strategy": "hash", "columns": ["region"], "partitions": 4}, 4, 4),
        ({"strategy": "hash", "columns": ["region", "id"], "partitions": 2}, 2, 2),
        ({"strategy": "range", "columns": ["id"], "partitions": 3}, 4, 4),
        ({"strategy": "range", "columns": ["region", "day"], "partitions": 2}, 3, 3),
        ({"strategy": "list", "columns": ["region"], "auto_partition": True}, 4, 5),
        ({"strategy": "list", "columns": ["region"], "partitions": 1}, 2, 2),
        ({"strategy": "date_range", "columns": ["day"], "auto_partition": True}, 4, 5),
    ],
    ids=lambda value: value["strategy"] if isinstance(value, dict) else None,
)
def test_postgresql_divides_the_table(
    make_warehouse: Callable[..., Any], settings: dict[str, Any], first: int, later: int
) -> None:
    made = make_warehouse("postgres")
    made.file("models/silver/events.sql", MODEL.format(settings=settings))
    made.file("models/silver/events.yml", PROPERTIES)
    made.file("seeds/given.csv", FIRST)
    for _ in range(2):  # the second time, the first one's table and partitions are still there
        dbt(made, "build", "--full-refresh")
        bounds = [row[0] for row in made.target.query(PARTITIONS)]
        assert len(bounds) == first, bounds
    made.file("seeds/given.csv", FIRST + MORE)
    dbt(made, "build")
    dbt(made, "build")  # what has a partition gets no second one
    bounds = [row[0] for row in made.target.query(PARTITIONS)]
    assert len(bounds) == later, bounds
    assert made.target.query("select count(*), count(distinct id) from silver.events") == [(63, 63)]
    kind = made.target.query("select relkind from pg_class where oid = 'silver.events'::regclass")
    assert kind == [("p",)]


def test_duckdb_stores_the_rows_in_order(make_warehouse: Callable[..., Any]) -> None:
    made = make_warehouse("duckdb")
    settings = {"strategy": "hash", "columns": ["region"], "partitions": 4}
    made.file("models/silver/events.sql", MODEL.format(settings=settings))
    made.file("models/silver/events.yml", PROPERTIES)
    made.file("seeds/given.csv", FIRST)
    dbt(made, "build")
    stored = [
        row[0] for row in made.target.query("select region from silver.events order by rowid")
    ]
    assert stored == sorted(stored)
