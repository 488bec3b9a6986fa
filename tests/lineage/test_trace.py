"""Every output column of a query is traced to the columns of the tables that it is made of."""

from __future__ import annotations

import pytest

from controlplane.lineage.edges import Kind
from controlplane.lineage.trace import TraceError, trace_columns

COLUMNS = {
    ("silver", "orders"): ["id", "customer_id", "amount", "status", "placed_at", "words"],
    ("silver", "customers"): ["id", "name", "country"],
}
DIALECTS = ["duckdb", "postgres"]
Traced = dict[str, set[tuple[str, str]]]


def trace(sql: str, dialect: str = "duckdb") -> Traced:
    """The sources of each column as `table.column`, with what happens to them."""
    found: Traced = {}
    for edge in trace_columns(sql, dialect, COLUMNS):
        source = ".".join([*(edge.source or ("",))[-1:], *([edge.source_column or "*"])])
        found.setdefault(edge.column, set()).add((source, str(edge.kind)))
    return found


def logic(sql: str, column: str, dialect: str = "duckdb") -> set[str]:
    return {each.logic for each in trace_columns(sql, dialect, COLUMNS) if each.column == column}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_star_is_every_column_through_ctes(dialect: str) -> None:
    sql = """
        with source as (select * from "db"."silver"."customers"),
        renamed as (select *, name as label, name || '!' as loud from source)
        select * from renamed
    """
    assert trace(sql, dialect) == {
        "id": {("customers.id", "copy")},
        "name": {("customers.name", "copy")},
        "country": {("customers.country", "copy")},
        "label": {("customers.name", "rename")},
        "loud": {("customers.name", "expression")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_columns_of_a_join_are_each_tables_own(dialect: str) -> None:
    """Also where they stand without their table; what a join compares is no source."""
    sql = """
        select amount, name, coalesce(customers.country, status) as place
        from silver.orders left join silver.customers on orders.customer_id = customers.id
        where placed_at is not null
    """
    assert trace(sql, dialect) == {
        "amount": {("orders.amount", "copy")},
        "name": {("customers.name", "copy")},
        "place": {("customers.country", "expression"), ("orders.status", "expression")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_arm_of_a_union_gives_by_its_place(dialect: str) -> None:
    sql = """
        with both_of_them as (
            select id, name, 'customer' as kind from silver.customers
            union all
            select id, status, null from silver.orders
        )
        select id as key, name, kind from both_of_them
    """
    assert trace(sql, dialect) == {
        "key": {("customers.id", "rename"), ("orders.id", "rename")},
        "name": {("customers.name", "copy"), ("orders.status", "rename")},
        "kind": {(".*", "constant")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_strongest_step_on_the_way_names_the_edge(dialect: str) -> None:
    sql = """
        with sums as (
            select customer_id, sum(amount * 2) as total, count(*) as orders, max(placed_at) as last_at
            from silver.orders group by customer_id
        )
        select
            cast(customer_id as varchar) as customer_id, total + 1 as total, orders, last_at,
            cast(cast('x' as varchar) as varchar) as mark
        from sums
    """
    assert trace(sql, dialect) == {
        "customer_id": {("orders.customer_id", "cast")},
        "total": {("orders.amount", "aggregation")},
        "orders": {("orders.*", "aggregation")},
        "last_at": {("orders.placed_at", "aggregation")},
        "mark": {(".*", "constant")},
    }
    assert logic(sql, "total", dialect) == {"SUM(orders.amount * 2)"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_window_has_its_partition_and_order_as_sources(dialect: str) -> None:
    """Written beside the function or named at the end of the query."""
    sql = """
        select
            row_number() over (partition by customer_id order by placed_at) as place,
            sum(amount) over by_status as running,
            row_number() over () as line
        from silver.orders window by_status as (partition by status order by id)
    """
    assert trace(sql, dialect) == {
        "place": {("orders.customer_id", "window"), ("orders.placed_at", "window")},
        "running": {
            ("orders.amount", "window"),
            ("orders.status", "window"),
            ("orders.id", "window"),
        },
        "line": {("orders.*", "window")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sum_of_sums_over_a_window_is_an_aggregation(dialect: str) -> None:
    sql = "select sum(sum(amount)) over () as share from silver.orders group by status"
    assert trace(sql, dialect) == {"share": {("orders.amount", "aggregation")}}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_inside_of_an_expression_is_followed(dialect: str) -> None:
    sql = """
        select
            name,
            (select max(amount) from silver.orders where orders.customer_id = customers.id) as best,
            exists (select 1 from silver.orders) as any_order
        from silver.customers
    """
    assert trace(sql, dialect) == {
        "name": {("customers.name", "copy")},
        "best": {("orders.amount", "aggregation")},
        "any_order": {(".*", "constant")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_recursive_cte_ends_at_the_tables_it_begins_with(dialect: str) -> None:
    sql = """
        with recursive reached as (
            select id, customer_id as other from silver.orders
            union
            select reached.id, orders.id as other
            from reached inner join silver.orders on reached.other = orders.customer_id
        )
        select id, other from reached
    """
    assert trace(sql, dialect) == {
        "id": {("orders.id", "copy")},
        "other": {("orders.customer_id", "rename"), ("orders.id", "rename")},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_words_of_a_text_come_from_the_text(dialect: str) -> None:
    """A function in the place of a table, and one that gives rows in the place of a column."""
    sql = """
        with split as (select id, unnest(string_to_array(words, ' ')) as word from silver.orders),
        numbers as (
            select orders.id, each.n
            from silver.orders cross join generate_series(1, orders.amount) as each (n)
        )
        select split.id, split.word, numbers.n from split inner join numbers on split.id = numbers.id
    """
    found = trace(sql, dialect)
    assert found["word"] == {("orders.words", "expression")}
    assert found["n"] == {("orders.amount", "expression")}


def test_the_parts_of_a_value_that_are_put_together_again_are_an_expression() -> None:
    """As one engine needs it for what is a single function in another."""
    sql = """
        select (
            select array_agg(each.word order by each.place)
            from regexp_split_to_table(words, ' ') with ordinality as each (word, place)
        ) as parts
        from silver.orders
    """
    assert trace(sql, "postgres") == {"parts": {("orders.words", "expression")}}


def test_a_subquery_in_from_is_a_step_like_any_other() -> None:
    sql = "select t.total from (select sum(amount) as total from silver.orders) as t"
    assert trace(sql) == {"total": {("orders.amount", "aggregation")}}


@pytest.mark.parametrize(
    "sql",
    [
        "select from where",
        "this is not SQL at all (",
        "select * from silver.unheard_of",
        "select nothing_of_it from silver.orders cross join silver.customers",
        "create table t as select 1 as one",
    ],
)
def test_what_cannot_be_traced_says_why_in_one_line(sql: str) -> None:
    with pytest.raises(TraceError) as error:
        trace_columns(sql, "duckdb", COLUMNS)
    assert str(error.value)
    assert "\n" not in str(error.value)


def test_kinds_are_ordered_from_weak_to_strong() -> None:
    kinds = list(Kind)
    assert kinds.index(Kind.COPY) < kinds.index(Kind.CAST) < kinds.index(Kind.EXPRESSION)
    assert kinds.index(Kind.EXPRESSION) < kinds.index(Kind.WINDOW) < kinds.index(Kind.AGGREGATION)
