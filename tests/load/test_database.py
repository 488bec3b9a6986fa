"""Tables and queries of a PostgreSQL database become raw rows, once, whatever happens in between."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.errors import LoadError, SourceError
from controlplane.load import describe_source

CUSTOMERS = """
create table customers (
    id integer primary key, name text, status text, region text,
    updated_at timestamp with time zone, payload jsonb, amount numeric(10, 2)
)
"""


def source(database: Any, **settings: Any) -> dict[str, Any]:
    return {"source_type": "postgresql", "connection_string": database.url, **settings}


def insert(database: Any, *rows: tuple[int, str]) -> None:
    for number, moment in rows:
        database.execute(
            "insert into customers values"
            f" ({number}, 'n{number}', 'active', 'US', '{moment}+00', '{{\"a\": 1}}', 1.50)"
        )


def test_a_table_becomes_text_as_postgresql_prints_it(loading: Any, database: Any) -> None:
    database.execute(
        "create table things (id int, f double precision, d date, t timestamptz, b bytea,"
        " i interval, e text, n text, ok boolean, num numeric(20, 5), arr int[])",
        "insert into things values (1, 0.1, '2024-02-29', '2024-02-29 12:00+02', '\\x00ff',"
        " '1 day 2 hours', '', null, true, 12345678901234.56789, '{1,2}')",
    )
    result = loading.load(loading.process(source_config=source(database, table="things")))
    assert loading.rows() == [
        (
            "1",
            "0.1",
            "2024-02-29",
            "2024-02-29 10:00:00+00",
            "\\x00ff",
            "P1DT2H",
            "",
            None,
            "t",
            "12345678901234.56789",
            "{1,2}",
        )
    ]
    assert result.batches[0].source == "public.things"
    assert result.batches[0].is_delivery


def test_an_unchanged_table_is_no_new_batch_and_a_changed_one_is(
    loading: Any, database: Any
) -> None:
    database.execute(CUSTOMERS)
    insert(database, (1, "2024-01-01"))
    process = loading.process(source_config=source(database, table="customers"))
    loading.load(process)
    assert loading.load(process).unchanged_sources == 1
    insert(database, (2, "2024-01-02"))
    assert loading.load(process).rows_loaded == 2
    assert loading.ledger("batch_id", "rows_loaded", "is_delivery") == [(1, 1, True), (2, 2, True)]


def test_filters_are_applied_in_the_database(loading: Any, database: Any) -> None:
    database.execute(
        CUSTOMERS,
        "insert into customers (id, name, status, region) values (1, 'it''s', 'active', 'US'),"
        " (2, 'b', 'active', null), (3, 'c', 'gone', 'US'), (4, 'd', 'active', 'DE')",
    )
    for filters, expected in [
        ({"status": "active", "region": ["US", None]}, ["1", "2"]),
        ({"name": "it's"}, ["1"]),
        ({"id": [3, 4]}, ["3", "4"]),
        ({"region": None}, ["2"]),
    ]:
        process = loading.process(
            source_config=source(database, table="customers", filters=filters)
        )
        loading.load(process)
        newest = loading.ledger("batch_id")[-1][0]
        rows = loading.rows("id", "_batch_id")
        assert [number for number, batch in rows if batch == newest] == expected


def test_a_query_with_a_cursor_reads_all_and_then_what_is_new(loading: Any, database: Any) -> None:
    database.execute(CUSTOMERS)
    insert(database, (1, "2024-01-01"), (2, "2024-01-02"), (3, "2024-01-03"))
    process = loading.process(
        source_config=source(
            database,
            query="SELECT * FROM customers WHERE updated_at > $1 -- what changed",
            incremental_key="updated_at",
            filters={"status": "active"},
            batch_size=2,
        )
    )
    first = loading.load(process)
    assert [batch.rows_loaded for batch in first.batches] == [2, 1]
    assert loading.ledger("cursor_column", "cursor_value", "is_delivery", "source")[-1] == (
        "updated_at",
        "2024-01-03 00:00:00+00",
        False,
        "query",
    )
    assert loading.load(process).batches == ()
    # A record with the very value that the last load ended with, and a changed one.
    insert(database, (4, "2024-01-03"))
    database.execute("update customers set name = 'new', updated_at = '2024-02-01+00' where id = 1")
    second = loading.load(process)
    assert second.rows_loaded == 2
    assert loading.rows("id", "name") == [
        ("1", "n1"),
        ("2", "n2"),
        ("3", "n3"),
        ("4", "n4"),
        ("1", "new"),
    ]
    assert loading.load(process).batches == ()
    assert loading.load(process, dry_run=True).batches == ()


def test_equal_records_at_the_boundary_are_loaded_as_often_as_they_are_there(
    loading: Any, database: Any
) -> None:
    database.execute("create table events (moment date, what text)")
    add = "insert into events values ('2024-01-01', 'click'), ('2024-01-01', 'click')"
    database.execute(add, "insert into events values ('2024-01-01', null), ('2024-01-01', '')")
    process = loading.process(
        source_config=source(database, table="events", incremental_key="moment", batch_size=3)
    )
    loading.load(process)
    database.execute(add, "insert into events values ('2024-01-01', null)")
    assert loading.load(process).rows_loaded == 3
    assert loading.load(process).rows_loaded == 0
    assert Counter(loading.rows("what")) == {("click",): 4, (None,): 2, ("",): 1}


@pytest.mark.parametrize(
    "kind", ["text", "varchar(20)", "char(4)", "bytea", "boolean", "json", "uuid", "int[]", "size"]
)
def test_a_key_of_a_type_that_does_not_grow_is_refused(
    loading: Any, database: Any, kind: str
) -> None:
    if kind == "size":
        database.execute("create type size as enum ('small', 'large')")
    database.execute(f"create table events (id int, upd {kind})")
    process = loading.process(
        source_config=source(database, table="events", incremental_key="upd"),
        target_config={"load_strategy": "append"},
    )
    for look in (
        lambda: loading.load(process),
        lambda: describe_source(process, loading.warehouse.project),
    ):
        with pytest.raises(SourceError, match="incremental_key: 'upd' is ") as error:
            look()
        assert "upd::bigint as upd_number" in str(error.value)
    assert not loading.warehouse.target.relations()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("smallint", ["9", "10", "100", "101"]),
        ("bigint", ["9", "10", "100", "101"]),
        ("oid", ["9", "10", "100", "101"]),
        ("numeric", ["9.5", "10", "100", "100.25"]),
        ("numeric(10,2)", ["9.50", "10.00", "100.00", "100.25"]),
        ("real", ["9", "10", "100", "100.25"]),
        ("double precision", ["9", "10", "100", "1e+20"]),
        ("date", ["0999-12-31", "1999-01-01", "2024-01-01", "2024-01-02"]),
        ("time", ["09:00:00", "10:00:00", "10:00:01", "23:00:00"]),
        ("timestamp", ["2024-01-01 09:00:00", "2024-01-01 10:00:00", "2024-01-02", "2024-10-01"]),
        ("timestamptz", ["2024-01-01 09:00:00+00", "2024-01-02", "2024-02-01", "2024-10-01"]),
    ],
)
def test_a_key_of_any_type_that_grows_finds_every_new_record(
    loading: Any, database: Any, kind: str, values: list[str]
) -> None:
    database.execute(f"create table events (id int, upd {kind})")
    process = loading.process(
        source_config=source(database, table="events", incremental_key="upd"),
        target_config={"load_strategy": "append"},
    )
    for number, value in enumerate(values):
        database.execute(f"insert into events values ({number}, '{value}')")
        assert loading.load(process).rows_loaded == 1
    assert [int(number) for (number,) in loading.rows("id")] == list(range(len(values)))


def test_a_text_key_that_is_cast_in_the_query_loses_no_record(loading: Any, database: Any) -> None:
    database.execute("create table events (id int, upd text)")
    query = "select *, upd::bigint as upd_number from events"
    process = loading.process(
        source_config=source(database, query=query, incremental_key="upd_number"),
        target_config={"load_strategy": "append"},
    )
    for number in (9, 10, 100, 101):
        database.execute(f"insert into events values ({number}, '{number}')")
        loading.load(process)
    assert loading.rows("id") == [("9",), ("10",), ("100",), ("101",)]


@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_a_growing_table_is_loaded_exactly_once(
    loading: Any, database: Any, seed: int
) -> None:
    """Random inserts with many ties, loads in between, some of which end in a crash."""
    chance = random.Random(seed)
    database.execute("create table events (n int, moment int, what text)")
    process = loading.process(
        source_config=source(
            database, table="events", incremental_key="moment", batch_size=chance.randint(1, 7)
        )
    )

    def crash(_: Any) -> None:
        if chance.random() < 0.2:
            raise KeyboardInterrupt

    latest, number = 0, 0
    for _ in range(6):
        for _ in range(chance.randint(0, 12)):
            latest += chance.random() < 0.4
            number += chance.random() < 0.7
            what = chance.choice(["null", "''", "'x'"])
            database.execute(f"insert into events values ({number}, {latest}, {what})")
        try:
            loading.load(process, on_progress=crash)
        except KeyboardInterrupt:
            continue
    loading.load(process)
    expected = Counter(database.rows("select n::text, moment::text, what from events"))
    assert Counter(loading.rows("n", "moment", "what") if expected else []) == expected


def test_rows_without_a_key_come_with_the_first_load_and_later_ones_are_told(
    loading: Any, database: Any
) -> None:
    database.execute("create table events (n int, moment date)")
    database.execute("insert into events values (1, null), (2, null), (3, '2024-01-01')")
    process = loading.process(
        source_config=source(database, table="events", incremental_key="moment", batch_size=1)
    )
    assert loading.load(process).rows_loaded == 3
    assert loading.load(process).warnings == ()
    database.execute("insert into events values (4, null)")
    [warning] = loading.load(process).warnings
    assert "1 rows have no value in 'moment'" in warning


def test_a_crash_among_rows_without_a_key_loses_none(loading: Any, database: Any) -> None:
    database.execute("create table events (n int, moment date)")
    database.execute("insert into events values (1, null), (1, null), (2, null), (3, '2024-01-01')")
    process = loading.process(
        source_config=source(database, table="events", incremental_key="moment", batch_size=2)
    )

    def crash(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.load(process, on_progress=crash)
    loading.load(process)
    assert Counter(loading.rows("n")) == {("1",): 2, ("2",): 1, ("3",): 1}


def test_tables_that_only_joins_read_are_loaded_as_snapshots(loading: Any, database: Any) -> None:
    database.execute(CUSTOMERS, "create table orders (id int, customer_id int)")
    database.execute("insert into orders values (1, 1), (2, 1)")
    insert(database, (1, "2024-01-01"))
    joins = [
        {
            "name": f"with_{table}",
            "type": "left",
            "left_table": "customers",
            "right_table": table,
            "condition": f"customers.id = {table}.customer_id",
        }
        for table in ("orders", "scores")
    ]
    process = loading.process(
        source_config=source(database, query="select * from customers"),
        transform_config={"joins": joins},
    )
    result = loading.load(process, known_tables=frozenset({"scores"}))
    assert [(b.raw_table, b.source, b.rows_loaded) for b in result.batches] == [
        ("shop", "query", 1),
        ("shop__orders", "public.orders", 2),
    ]
    assert loading.rows(table="shop__orders") == [("1", "1"), ("2", "1")]
    assert loading.load(process, known_tables=frozenset({"scores"})).unchanged_sources == 2
    with pytest.raises(SourceError, match=r"has no table 'scores' \(has: customers, orders\)"):
        loading.load(process)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"table": "nothing"}, "has no table 'nothing'"),
        ({"query": "select nothing from customers"}, 'column "nothing" does not exist'),
        ({"query": "select * frm customers"}, "syntax error"),
        ({"table": "customers", "filters": {"color": "red"}}, "color does not exist"),
        ({"table": "customers", "incremental_key": "changed"}, "no column 'changed'"),
    ],
)
def test_what_the_database_cannot_give_is_one_clear_message(
    loading: Any, database: Any, settings: dict[str, Any], message: str
) -> None:
    database.execute(CUSTOMERS)
    with pytest.raises(SourceError, match=message.replace("(", r"\(")):
        loading.load(loading.process(source_config=source(database, **settings)))


def test_a_wrong_password_is_said_without_the_password(loading: Any, database: Any) -> None:
    url = database.server.url(database.name, password="not-the-one")
    process = loading.process(
        source_config={"source_type": "postgresql", "connection_string": url, "table": "x"}
    )
    with pytest.raises(SourceError, match="password authentication failed") as caught:
        loading.load(process)
    assert "not-the-one" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://u:secret@127.0.0.1:1/db", "cannot be reached"),
        ("postgres://u:secret@no.such.host.invalid/db", "cannot be reached"),
        ("postgres://u:secret@host:port/db", "invalid integer value"),
    ],
)
def test_a_database_that_is_not_there_is_said_without_the_password(
    loading: Any, url: str, message: str
) -> None:
    process = loading.process(
        source_config={"source_type": "postgresql", "connection_string": url, "table": "x"}
    )
    with pytest.raises(SourceError, match=message) as caught:
        loading.load(process)
    assert "secret" not in str(caught.value)


def test_a_source_that_goes_away_in_the_middle_leaves_nothing_behind(
    loading: Any, database: Any
) -> None:
    database.execute("create table events (n int)", "insert into events values (1)")
    process = loading.process(source_config=source(database, table="events"))
    loading.load(process)
    # The rows of this view end their own session.
    database.execute(
        "create function ends(n int) returns int language plpgsql as"
        " 'begin if n = 5000 then perform pg_terminate_backend(pg_backend_pid()); end if;"
        " return n; end'",
        "drop table events",
        "create view events as select ends(n) as n from generate_series(1, 10000) as n",
    )
    with pytest.raises(SourceError, match="went away in the middle"):
        loading.load(process)
    assert loading.rows() == [("1",)]
    assert not list(loading.warehouse.project.state_dir.glob("spool/*"))


def test_a_replacing_snapshot_that_collapses_is_stopped(loading: Any, database: Any) -> None:
    database.execute("create table events as select n from generate_series(1, 200) as n")
    process = loading.process(source_config=source(database, table="events"))
    loading.load(process)
    database.execute("delete from events where n > 50")
    with pytest.raises(LoadError, match="50 records, less than half of the 200"):
        loading.load(process)
    assert loading.load(process, accept_empty=True).rows_loaded == 50


def test_raw_rows_are_equal_on_both_targets(
    make_warehouse: Callable[..., Any], load_into: Callable[[Any], Any], database: Any
) -> None:
    database.execute(
        "create table events as select n, case when n % 3 = 0 then null when n % 3 = 1 then ''"
        " else 'a \"quoted\",' || chr(10) || 'line ' || n end as what, n / 7 as moment"
        " from generate_series(1, 5000) as n"
    )
    found = []
    for target in ("duckdb", "postgres"):
        loading = load_into(make_warehouse(target, name=target))
        process = loading.process(
            source_config=source(database, table="events", incremental_key="moment", batch_size=999)
        )
        loading.load(process)
        database.execute("insert into events values (9999, 'late', 714)")
        loading.load(process)
        database.execute("delete from events where n = 9999")
        every = ("n", "what", "moment", "_batch_id", "_source_file", "_row_number", "_loaded_at")
        ledger = loading.ledger("batch_id", "fingerprint", "cursor_value", "rows_loaded")
        found.append((loading.rows(*every), ledger))
    assert found[0] == found[1]
