"""What a source looks like before it is loaded: columns, types, keys, and whether a check holds."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from controlplane.errors import SourceError
from controlplane.load import check_source, describe_source


@pytest.fixture
def duckdb_loading(make_warehouse: Any, load_into: Any) -> Any:
    return load_into(make_warehouse("duckdb"))


def types(loading: Any, process: Any) -> dict[str, str]:
    schema = describe_source(process, loading.warehouse.project)
    return {column.name: column.type for column in schema.columns}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", "30"], "integer"),
        (["1", "3000000000"], "bigint"),
        (["1", "99999999999999999999"], "decimal(38,0)"),
        (["1.5", "2", "-0.25"], "decimal(18,2)"),
        (["1.5", "123456789012345.25"], "decimal(38,2)"),
        (["0.1234567890123", "2"], "double"),
        (["1e5", "2.5"], "double"),
        (["007", "12"], "text"),
        (["+49 30 1234", "12"], "text"),
        (["+4930", "12"], "text"),
        (["true", "false", "T"], "boolean"),
        (["yes", "no"], "text"),
        (["1", "0"], "integer"),
        (["2024-02-29", "2024-01-01"], "date"),
        (["2024-02-30"], "text"),
        (["02/29/2024"], "text"),
        (["2024-02-29 10:00:00", "2024-02-29T10:00:00.5"], "timestamp"),
        (["2024-02-29", "2024-02-29 10:00"], "timestamp"),
        (["2024-02-29T10:00:00Z", "2024-02-29 10:00:00+00"], "timestamp"),
        (["2024-02-29T10:00:00+02:00"], "text"),
        (["10:00", "23:59:59"], "time"),
        (["8c2cbd54-2a3b-4a8c-9f0e-0123456789ab"], "uuid"),
        (['{"a": 1}', "[1]"], "json"),
        (["", ""], "text"),
        (["1", "", "2"], "integer"),
        (["inf", "nan"], "text"),
        (["1_000"], "text"),
        ([" 1"], "text"),
    ],
)
def test_a_type_is_given_only_where_every_value_keeps_its_meaning(
    duckdb_loading: Any, values: list[str], expected: str
) -> None:
    quoted = "".join('{},"{}"\n'.format(n, v.replace('"', '""')) for n, v in enumerate(values))
    duckdb_loading.warehouse.file("shop.csv", f"n,value\n{quoted}")
    assert types(duckdb_loading, duckdb_loading.csv("shop.csv"))["value"] == expected


def test_numbers_that_nobody_calculates_with_stay_text(duckdb_loading: Any) -> None:
    duckdb_loading.warehouse.file("shop.csv", "id,Phone,zip_code,isbn\n1,2025550123,10115,978\n")
    found = types(duckdb_loading, duckdb_loading.csv("shop.csv"))
    assert found == {"id": "integer", "phone": "text", "zip_code": "text", "isbn": "text"}


def test_a_value_far_down_in_the_file_counts(duckdb_loading: Any) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(30_000))
    duckdb_loading.warehouse.file("shop.csv", f"id,value\n{rows}30000,x\n")
    found = types(duckdb_loading, duckdb_loading.csv("shop.csv"))
    assert found == {"id": "integer", "value": "text"}


def test_declared_types_win_and_titles_are_kept(duckdb_loading: Any) -> None:
    duckdb_loading.warehouse.file("shop.csv", "Order ID,n\n1,2\n")
    process = duckdb_loading.csv(
        "shop.csv",
        columns=[{"name": "Order ID", "type": "text"}, {"name": "n", "type": "decimal(9,2)"}],
    )
    schema = describe_source(process, duckdb_loading.warehouse.project)
    assert [(c.name, c.title, c.type, c.declared) for c in schema.columns] == [
        ("order_id", "Order ID", "text", True),
        ("n", "n", "decimal(9,2)", True),
    ]


def test_a_declared_column_that_is_not_there_is_said(duckdb_loading: Any) -> None:
    duckdb_loading.warehouse.file("shop.csv", "id,name\n1,x\n")
    process = duckdb_loading.csv("shop.csv", columns=[{"name": "price", "type": "double"}])
    with pytest.raises(SourceError, match=r"has no column 'price'.*\(has: id, name\)"):
        describe_source(process, duckdb_loading.warehouse.project)


def test_several_files_are_described_together_flaws_and_all(duckdb_loading: Any) -> None:
    duckdb_loading.warehouse.file("a.csv", "id,v\n1,2\nbroken\n")
    duckdb_loading.warehouse.file("b.csv", "id,v,w\n2,2.5,x\n")
    found = types(duckdb_loading, duckdb_loading.csv("*.csv"))
    assert found == {"id": "integer", "v": "decimal(18,1)", "w": "text"}


def test_json_and_parquet_have_types_too(duckdb_loading: Any) -> None:
    duckdb_loading.warehouse.file("shop.jsonl", '{"id": 1, "t": ["x"], "p": 1.5, "ok": true}\n')
    process = duckdb_loading.csv("shop.jsonl", source_type="jsonl")
    assert types(duckdb_loading, process) == {
        "id": "integer",
        "t": "json",
        "p": "decimal(18,1)",
        "ok": "boolean",
    }
    path = duckdb_loading.warehouse.project.root / "shop.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 1::bigint as id, 1.5::decimal(9, 2) as p, 'x' as t, [1] as l,"
            f" now()::timestamptz as tz) to '{path}' (format parquet)"
        )
    process = duckdb_loading.csv("shop.parquet", source_type="parquet")
    assert types(duckdb_loading, process) == {
        "id": "bigint",
        "p": "decimal(9,2)",
        "t": "text",
        "l": "json",
        "tz": "timestamp",
    }


TABLES = (
    "create table customers (id bigint primary key, name varchar(20) not null, mail text,"
    " score numeric(9, 2), ratio numeric, born date, changed timestamptz, tags text[], doc jsonb,"
    " key uuid, active boolean, small smallint, rate real, clock time, raw bytea)",
    "create table orders (customer_id int, number int, primary key (number, customer_id))",
)


def database_process(loading: Any, database: Any, **settings: Any) -> Any:
    source = {"source_type": "postgresql", "connection_string": database.url, **settings}
    return loading.process(source_config=source)


def test_a_table_is_described_from_the_catalogue(duckdb_loading: Any, database: Any) -> None:
    database.execute(*TABLES)
    process = database_process(duckdb_loading, database, table="customers")
    schema = describe_source(process, duckdb_loading.warehouse.project)
    assert {column.name: column.type for column in schema.columns} == {
        "id": "bigint",
        "name": "text",
        "mail": "text",
        "score": "decimal(9,2)",
        "ratio": "decimal(38,10)",
        "born": "date",
        "changed": "timestamp",
        "tags": "text",
        "doc": "json",
        "key": "uuid",
        "active": "boolean",
        "small": "integer",
        "rate": "double",
        "clock": "time",
        "raw": "text",
    }
    assert schema.primary_key == ("id",)
    nullable = {column.name: column.nullable for column in schema.columns}
    assert (nullable["id"], nullable["name"], nullable["mail"]) == (False, False, True)


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("select * from customers where id > 5;", ("id",)),
        ("select id, upper(name) as name from public.customers", ("id",)),
        ("select name from customers", ()),
        ("select name as id from customers", ()),
        ("select c.* from customers c join orders o on o.customer_id = c.id", ()),
        ("select id from customers group by id", ()),
        ("select * from orders", ("number", "customer_id")),
    ],
)
def test_a_query_has_the_key_of_its_one_table(
    duckdb_loading: Any, database: Any, query: str, key: tuple[str, ...]
) -> None:
    database.execute(*TABLES)
    process = database_process(duckdb_loading, database, query=query)
    assert describe_source(process, duckdb_loading.warehouse.project).primary_key == key


def test_the_tables_of_joins_are_described_too(duckdb_loading: Any, database: Any) -> None:
    database.execute(*TABLES)
    source = {
        "source_type": "postgresql",
        "connection_string": database.url,
        "query": "select * from customers where changed > $1",
        "incremental_key": "changed",
    }
    join = {
        "name": "with_orders",
        "type": "left",
        "left_table": "customers",
        "right_table": "orders",
        "condition": "customers.id = orders.customer_id",
    }
    process = duckdb_loading.process(source_config=source, transform_config={"joins": [join]})
    project = duckdb_loading.warehouse.project
    schema = describe_source(process, project)
    assert [column.name for column in schema.joins["orders"].columns] == ["customer_id", "number"]
    assert schema.joins["orders"].primary_key == ("number", "customer_id")
    known = describe_source(process, project, known_tables=frozenset({"orders"}))
    assert known.joins == {}


def test_a_condition_is_evaluated_over_the_filtered_source(
    duckdb_loading: Any, database: Any
) -> None:
    project = duckdb_loading.warehouse.project
    database.execute(*TABLES, "insert into orders values (1, 1), (1, 2), (2, 3)")
    duckdb_loading.warehouse.file("shop.csv", "customer_id,number\n1,1\n1,2\n2,3\n")
    in_database = database_process(
        duckdb_loading, database, table="orders", filters={"customer_id": 1}
    )
    in_file = duckdb_loading.csv("shop.csv", filters={"customer_id": 1})
    for process in (in_database, in_file):
        assert check_source(process, project, "COUNT(*) > 0")
        assert check_source(process, project, "SUM(number) = 3")
        assert not check_source(process, project, "COUNT(*) > 2")
        with pytest.raises(SourceError, match="nothing"):
            check_source(process, project, "MAX(nothing) > 1")
