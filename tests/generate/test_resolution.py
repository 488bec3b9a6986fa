"""Every open end of a spec is settled, or a problem with its file, line and field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from controlplane.errors import SpecError
from controlplane.generate import Process
from controlplane.generate.checked import checked
from controlplane.generate.process import Table
from controlplane.specs.source_schema import SourceSchema
from controlplane.sql import Column

COLUMNS = {
    "id": "bigint",
    "email": "text",
    "amount": "decimal(12,2)",
    "tax": "decimal(12,2)",
    "placed_at": "timestamp",
    "due_on": "date",
    "is_paid": "boolean",
    "details": "json",
    "weight": "double",
}
DATABASE = {
    "source_type": "postgresql",
    "connection_string": "postgres://reader@localhost/shop",
    "table": "orders",
}
FILES = {"source_type": "csv", "path": "orders.csv"}
Block = dict[str, Any]


class Settling:
    """Settles specs over one source; each is given by the blocks in which it differs."""

    def __init__(
        self, settle: Callable[..., Process], make_schema: Callable[..., SourceSchema]
    ) -> None:
        self.settle = settle
        self.schema = make_schema(
            COLUMNS, orders=make_schema({"id": "bigint", "customer_id": "bigint"}, ["id"])
        )

    def __call__(self, *, key: tuple[str, ...] = (), **blocks: Any) -> Process:
        spec = {"name": "orders", "type": "full", "source_config": FILES, **blocks}
        schema = SourceSchema(self.schema.columns, key, self.schema.joins)
        others = {"customers": Table("customers", (Column("id", "bigint"), Column("name", "text")))}
        settled: Process = self.settle(spec, schema, others)
        return settled

    def problems(self, **blocks: Any) -> list[str]:
        """Field and message of each problem."""
        with pytest.raises(SpecError) as error:
            self(**blocks)
        for problem in error.value.problems:
            assert problem.file == "specs/etl/orders.yml"
            assert problem.line >= 1
        return [f"{problem.field}: {problem.message}" for problem in error.value.problems]


@pytest.fixture
def settling(settle: Callable[..., Process], make_schema: Callable[..., SourceSchema]) -> Settling:
    """Settles specs over a source of orders."""
    return Settling(settle, make_schema)


def transformations(*items: Block) -> dict[str, Any]:
    return {"transform_config": {"transformations": [{"name": "step", **item} for item in items]}}


def validation(**rule: Any) -> dict[str, Any]:
    rules = [{"name": "rule", "type": "expression", **rule}]
    return {"transform_config": {"data_quality": {"validation_rules": rules}}}


def cleaning(**rule: Any) -> dict[str, Any]:
    rules = [{"name": "rule", "type": "expression", **rule}]
    return {"transform_config": {"data_quality": {"cleaning_rules": rules}}}


def aggregation(**item: Any) -> dict[str, Any]:
    items = [{"name": "result", "function": "count", **item}]
    return {"transform_config": {"aggregations": items}}


def join(**item: Any) -> dict[str, Any]:
    given = {
        "name": "joined",
        "type": "left",
        "left_table": "orders",
        "right_table": "customers",
        "condition": "orders.id = customers.id",
    }
    return {"transform_config": {"joins": [{**given, **item}]}}


def target(**fields: Any) -> dict[str, Any]:
    return {"target_config": fields}


KNOWN = ", ".join(COLUMNS)
STEP = "transform_config.transformations[0]"
RULE = "transform_config.data_quality.validation_rules[0]"
CLEANING = "transform_config.data_quality.cleaning_rules[0]"
AGGREGATION = "transform_config.aggregations[0]"
JOIN = "transform_config.joins[0]"
PARTITIONING = "target_config.partitioning"

WRONG: Mapping[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown column": (
        transformations({"type": "filter", "expression": "emial is not null"}),
        [f"{STEP}.expression: no column 'emial' (has: {KNOWN}). Did you mean 'email'?"],
    ),
    "every problem at once": (
        transformations(
            {"type": "filter", "expression": "emial = 'x'"},
            {"name": "other", "type": "filter", "expression": "amont > 1"},
        ),
        [
            f"{STEP}.expression: no column 'emial' (has: {KNOWN}). Did you mean 'email'?",
            "transform_config.transformations[1].expression: no column 'amont'"
            f" (has: {KNOWN}). Did you mean 'amount'?",
        ],
    ),
    "an unknown table": (
        transformations({"type": "filter", "expression": "customers.id = 1"}),
        [f"{STEP}.expression: no table 'customers' here (has: orders)"],
    ),
    "no SQL": (
        transformations({"type": "filter", "expression": "email in ("}),
        [f"{STEP}.expression: does not parse as SQL: "],
    ),
    "two statements": (
        transformations({"type": "filter", "expression": "id = 1); drop table x; select (1"}),
        [f"{STEP}.expression: is not one SQL expression: 'id = 1); drop table x; select (1'"],
    ),
    "an aggregate": (
        transformations({"type": "filter", "expression": "sum(amount) > 1"}),
        [f"{STEP}.expression: has an aggregate, SUM(amount); an expression here sees one row"],
    ),
    "a window": (
        transformations({"type": "filter", "expression": "row_number() over () > 1"}),
        [f"{STEP}.expression: has a window function; an expression here sees one row"],
    ),
    "a subquery": (
        transformations({"type": "filter", "expression": "id in (select 1)"}),
        [f"{STEP}.expression: has a subquery; an expression here sees one row"],
    ),
    "a positional parameter": (
        transformations({"type": "filter", "expression": "id = $1"}),
        [f"{STEP}.expression: has the parameter $1; write a parameter as :name, and its value"],
    ),
    "a placeholder without a parameter": (
        transformations({"type": "filter", "expression": "id > :low", "parameters": {}}),
        [f"{STEP}.expression: no parameter 'low' for the placeholder :low (has: none)"],
    ),
    "a parameter that changes nothing": (
        transformations({"type": "filter", "expression": "id > 1", "parameters": {"column": "id"}}),
        [f"{STEP}.parameters.column: changes nothing here (has: none)"],
    ),
    "a misspelt parameter": (
        transformations(
            {"type": "transform", "expression": "lower(email)", "parameters": {"colunm": "email"}}
        ),
        [
            f"{STEP}.parameters.colunm: changes nothing here (has: column, type)."
            " Did you mean 'column'?"
        ],
    ),
    "a list where a value is needed": (
        transformations(
            {"type": "filter", "expression": "id = :ids", "parameters": {"ids": [1, 2]}}
        ),
        [f"{STEP}.expression: the parameter 'ids' is a list, which is only for in (…)"],
    ),
    "a filter that is no condition": (
        transformations({"type": "filter", "expression": "amount + 1"}),
        [],
    ),
    "a filter that gives text": (
        transformations({"type": "filter", "expression": "lower(email)"}),
        [f"{STEP}.expression: gives text; expected a condition, which is true or false"],
    ),
    "a transform of two columns": (
        transformations({"type": "transform", "expression": "amount + tax"}),
        [
            f"{STEP}.expression: names 2 columns, so it is open which one it changes; say it in"
            " parameters.column (candidates: amount, tax)"
        ],
    ),
    "a transform of no column": (
        transformations({"type": "transform", "expression": "1 + 1"}),
        [
            f"{STEP}.expression: names no column, so it is open which one it changes; say it in"
            f" parameters.column (candidates: {KNOWN})"
        ],
    ),
    "a new column without a type": (
        transformations(
            {"type": "transform", "expression": "amount * tax", "parameters": {"column": "product"}}
        ),
        [
            f"{STEP}.expression: the type of the column 'product' cannot be told from the"
            " expression; say it in parameters.type (one of text, integer,"
        ],
    ),
    "a type that there is not": (
        transformations(
            {
                "type": "transform",
                "expression": "email",
                "parameters": {"type": "text); drop table x; --"},
            }
        ),
        [f"{STEP}.parameters.type: no type 'text); drop table x; --' (has: text, integer,"],
    ),
    "a comparison that PostgreSQL does not make": (
        transformations({"type": "filter", "expression": "email = id"}),
        [f"{STEP}.expression: compares text with a number in email = id; cast one of them, or"],
    ),
    "a number without digits": (
        transformations({"type": "filter", "expression": "email::numeric > 1"}),
        [f"{STEP}.expression: casts to a number without saying its digits, which DuckDB takes"],
    ),
    "a time with a zone": (
        transformations(
            {"type": "transform", "expression": "placed_at at time zone 'Europe/Berlin'"}
        ),
        [f"{STEP}.expression: gives a time with a zone; write"],
    ),
    "a function of one target alone": (
        transformations({"type": "filter", "expression": "encode(email, 'hex') = 'x'"}),
        [f"{STEP}.expression: the function 'encode' is not known to mean the same on every target"],
    ),
    "a pattern of one target alone": (
        transformations({"type": "filter", "expression": r"email ~ '\bx'"}),
        [f"{STEP}.expression: the pattern '\\bx' has '\\b': back-references and escapes beyond"],
    ),
    "a rule about no column": (
        validation(name="odd", type="not_null"),
        [
            f"{RULE}.name: 'odd' begins with no column's name, so it is open which one is meant;"
            f" say it in parameters.column (candidates: {KNOWN})"
        ],
    ),
    "a rule about an unknown column": (
        validation(type="not_null", parameters={"column": "mail"}),
        [f"{RULE}.parameters.column: no column 'mail' (has: {KNOWN}). Did you mean 'email'?"],
    ),
    "a rule about something that is no name": (
        validation(type="not_null", parameters={"column": 7}),
        [f"{RULE}.parameters.column: found 7, expected the name of a column"],
    ),
    "a rule that is no condition": (
        validation(expression="upper(email)"),
        [f"{RULE}.expression: gives text; expected a condition, which is true or false"],
    ),
    "a pattern that is none": (
        validation(name="email", type="regex", expression="(["),
        [
            f"{RULE}.expression: is not a regular expression: the bracket at character 2 is not closed"
        ],
    ),
    "a look-around": (
        validation(name="email", type="regex", expression="^(?=.*@)"),
        [f"{RULE}.expression: has '(?=.': look-arounds, named groups and options"],
    ),
    "a pattern for numbers with a point": (
        validation(name="weight", type="regex", expression="1"),
        [f"{RULE}: 'regex' is for text, and the column weight is double, whose text differs"],
    ),
    "a range without bounds": (
        validation(name="amount", type="range"),
        [
            f"{RULE}.expression: the rule says no bounds; write e.g. 'between 0 and 100', '>= 0',"
            " or parameters.min and parameters.max"
        ],
    ),
    "bounds that are none": (
        validation(name="amount", type="range", expression="cheap"),
        [f"{RULE}.expression: 'cheap' says no bounds; write e.g. 'between 0 and 100'"],
    ),
    "bounds of another type": (
        validation(name="amount", type="range", expression="between low and 10"),
        [f"{RULE}.expression: found 'low', expected a number, as the column is decimal(12,2)"],
    ),
    "a bound that is no date": (
        validation(name="due_on", type="range", parameters={"min": "2024-02-30"}),
        [f"{RULE}.parameters.min: found '2024-02-30', expected a date such as 2024-01-31, as the"],
    ),
    "bounds twice": (
        validation(name="amount", type="range", expression=">= 1", parameters={"max": 2}),
        [f"{RULE}.expression: the bounds are in parameters already; keep one"],
    ),
    "a range of truth": (
        validation(name="is_paid", type="range", expression=">= 1"),
        [f"{RULE}: is_paid is boolean, which has no order"],
    ),
    "the length of a number": (
        validation(name="amount", type="length", expression=">= 1"),
        [f"{RULE}: 'length' is for text, and the column amount is decimal(12,2)"],
    ),
    "no values": (
        validation(name="email", type="accepted_values"),
        [f"{RULE}.expression: names no values; list them, with commas"],
    ),
    "values of another type": (
        validation(name="id", type="accepted_values", expression="1, two"),
        [f"{RULE}.expression: found 'two', expected a number, as the column is bigint"],
    ),
    "values twice": (
        validation(
            name="email", type="accepted_values", expression="a", parameters={"values": ["b"]}
        ),
        [f"{RULE}.expression: the values are in parameters already; keep one"],
    ),
    "unique JSON": (
        validation(name="details", type="unique"),
        [f"{RULE}: JSON cannot be compared, and details is json"],
    ),
    "trimming a number": (
        cleaning(name="amount", type="trim"),
        [f"{CLEANING}: 'trim' is for text, and the column amount is decimal(12,2)"],
    ),
    "nothing to put in place": (
        cleaning(name="email", type="default"),
        [f"{CLEANING}.parameters: a rule of type 'default' needs parameters.value"],
    ),
    "a default of another type": (
        cleaning(name="due_on", type="default", parameters={"value": "soon"}),
        [f"{CLEANING}.parameters.value: found 'soon', expected a date such as 2024-01-31"],
    ),
    "half a replacement": (
        cleaning(name="email", type="replace", parameters={"from": "a"}),
        [f"{CLEANING}.parameters: a rule of type 'replace' needs the texts parameters.from and"],
    ),
    "a deduplication over nothing": (
        cleaning(type="deduplication"),
        [f"{CLEANING}.expression: says no columns; write DISTINCT ON (column, …)"],
    ),
    "a deduplication over an unknown column": (
        cleaning(type="deduplication", expression="DISTINCT ON (mail)"),
        [f"{CLEANING}.expression: no column 'mail' (has: {KNOWN}). Did you mean 'email'?"],
    ),
    "a deduplication over an expression": (
        cleaning(type="deduplication", expression="DISTINCT ON (lower(email))"),
        [
            f"{CLEANING}.expression: found 'DISTINCT ON (lower(email))', expected DISTINCT ON (column"
        ],
    ),
    "an order that is none": (
        cleaning(type="deduplication", expression="DISTINCT ON (email) ORDER BY lower(email)"),
        [f"{CLEANING}.expression: cannot order by LOWER(email); name a column"],
    ),
    "an order of JSON": (
        cleaning(type="deduplication", expression="DISTINCT ON (email) ORDER BY details"),
        [f"{CLEANING}.expression: cannot order by details, which is json"],
    ),
    "more than an order": (
        cleaning(type="deduplication", expression="DISTINCT ON (email) ORDER BY id LIMIT 1"),
        [f"{CLEANING}.expression: found 'DISTINCT ON (email) ORDER BY id LIMIT 1', expected"],
    ),
    "deduplicated columns twice": (
        cleaning(type="deduplication", expression="DISTINCT", parameters={"columns": ["id"]}),
        [f"{CLEANING}.expression: the columns are in parameters already; keep one"],
    ),
    "deduplication of versions": (
        {
            **cleaning(type="deduplication", expression="DISTINCT"),
            **target(load_strategy="scd2", unique_key=["id"]),
        },
        [
            f"{CLEANING}.type: deduplication is not for load_strategy scd2, which keeps every version"
        ],
    ),
    "a sum over nothing": (
        aggregation(function="sum"),
        [
            f"{AGGREGATION}.function: 'sum' needs a column, and 4 fit; say it in `column`"
            " (candidates: id, amount, tax, weight)"
        ],
    ),
    "a sum of text": (
        aggregation(function="sum", column="email"),
        [f"{AGGREGATION}.column: 'sum' needs numbers, and email is text"],
    ),
    "the largest truth": (
        aggregation(function="max", column="is_paid"),
        [f"{AGGREGATION}.column: 'max' is not for boolean, which is_paid is"],
    ),
    "a column twice": (
        aggregation(function="sum", column="tax", parameters={"column": "tax"}),
        [f"{AGGREGATION}.parameters.column: the column is in `column` already; keep one"],
    ),
    "an unknown group": (
        aggregation(group_by=["region"]),
        [f"{AGGREGATION}.group_by[0]: no column 'region' (has: {KNOWN})"],
    ),
    "a group of JSON": (
        aggregation(group_by=["details"]),
        [f"{AGGREGATION}.group_by[0]: is JSON, which cannot be compared; cast it"],
    ),
    "two groups of one name": (
        aggregation(group_by=["email", "lower(email) as email"]),
        [f"{AGGREGATION}.group_by[1]: gives a second column 'email'; name it otherwise"],
    ),
    "a group called like the result": (
        aggregation(group_by=["email as count"]),
        [f"{AGGREGATION}.group_by[0]: gives a second column 'count'; name it otherwise"],
    ),
    "an unknown column in having": (
        aggregation(group_by=["email"], having="total > 100"),
        [f"{AGGREGATION}.having: no column 'total' (has: email, count, result)"],
    ),
    "an unknown column inside having": (
        aggregation(group_by=["email"], having="sum(total) > 100"),
        [f"{AGGREGATION}.having: no column 'total' (has: {KNOWN})"],
    ),
    "having no condition": (
        aggregation(group_by=["email"], having="count"),
        [f"{AGGREGATION}.having: gives bigint; expected a condition, which is true or false"],
    ),
    "a window in having": (
        aggregation(group_by=["email"], having="count(*) over () > 1"),
        [f"{AGGREGATION}.having: has a window function or a subquery; it sees one group"],
    ),
    "columns that no table has together": (
        {
            "transform_config": {
                "joins": [
                    {**join()["transform_config"]["joins"][0], "name": "first"},
                    {
                        **join()["transform_config"]["joins"][0],
                        "name": "second",
                        "right_table": "items",
                        "condition": "orders.id = items.id",
                    },
                ],
                "aggregations": [{"name": "result", "function": "count", "group_by": ["city"]}],
            }
        },
        [
            "transform_config.joins[1].right_table: no table 'items': neither does another process"
            " write it, nor is it in the source's database",
            f"{AGGREGATION}.group_by[0]: no column 'city' (has: {KNOWN}, customers_id, name)",
        ],
    ),
    "a filter of files over an unknown column": (
        {"source_config": {**FILES, "filters": {"city": "Rome"}}},
        [f"source_config.filters.city: no column 'city' (has: {KNOWN})"],
    ),
    "filters of files with values that no record can have": (
        {"source_config": {**FILES, "filters": {"id": "x", "due_on": [None, "2024-02-30"]}}},
        [
            "source_config.filters.id: found 'x', expected a number, as the column is bigint",
            "source_config.filters.due_on: found '2024-02-30', expected a date such as 2024-01-31",
        ],
    ),
    "a filter of files by JSON": (
        {"source_config": {**FILES, "filters": {"details": "{}"}}},
        ["source_config.filters.details: the column details is JSON, which cannot be compared"],
    ),
    "a join with an unknown table": (
        join(right_table="clients"),
        [f"{JOIN}.right_table: no table 'clients': neither does another process write it, nor is"],
    ),
    "a join of an unknown table": (
        join(left_table="invoices"),
        [f"{JOIN}.left_table: no table 'invoices' here (has: orders)"],
    ),
    "a join over an unknown column": (
        join(condition="orders.id = customers.customer"),
        [f"{JOIN}.condition: no column 'customer' (has: id, name)"],
    ),
    "a join over a column of both": (
        join(condition="id = 1"),
        [f"{JOIN}.condition: column 'id' is in orders and customers; write it with its table"],
    ),
    "a join over a column of neither": (
        join(condition="region = 'x'"),
        [f"{JOIN}.condition: column 'region' is in neither table; write it with its table"],
    ),
    "a join with a table of somewhere else": (
        join(condition="orders.id = shops.id"),
        [f"{JOIN}.condition: no table 'shops' here (has: orders, customers)"],
    ),
    "a join of numbers and text": (
        join(condition="orders.email = customers.id"),
        [f"{JOIN}.condition: compares text with a number in orders.email = customers.id"],
    ),
    "a full join without an equality": (
        join(type="full", condition="orders.id < customers.id"),
        [f"{JOIN}.condition: a join of type 'full' needs an equality between a column of each"],
    ),
    "an unknown key": (
        target(load_strategy="upsert", unique_key=["number"]),
        [f"target_config.unique_key[0]: no column 'number' (has: {KNOWN})"],
    ),
    "a key of JSON": (
        target(load_strategy="upsert", unique_key=["details"]),
        ["target_config.unique_key[0]: 'details' is JSON, which cannot be compared"],
    ),
    "a key twice": (
        target(load_strategy="upsert", unique_key=["id", "ID"]),
        ["target_config.unique_key[1]: 'id' stands twice"],
    ),
    "an upsert without a key": (
        target(load_strategy="upsert"),
        [
            "target_config.load_strategy: 'upsert' needs to know which records are the same thing"
            " again, and the source declares no primary key; say it in target_config.unique_key"
            f" (candidates: {KNOWN})"
        ],
    ),
    "an unknown incremental key": (
        {
            "source_config": {**DATABASE, "incremental_key": "changed"},
            **target(load_strategy="append"),
        },
        [f"source_config.incremental_key: no column 'changed' (has: {KNOWN})"],
    ),
    "an incremental key without an order": (
        {
            "source_config": {**DATABASE, "incremental_key": "details"},
            **target(load_strategy="append"),
        },
        ["source_config.incremental_key: 'details' is json, which has no order"],
    ),
    "a replacement of what changed last": (
        {"source_config": {**DATABASE, "incremental_key": "id"}},
        [
            "target_config.load_strategy: 'replace' with source_config.incremental_key would keep"
            " only what changed last; use 'upsert', 'append' or 'scd2', or leave the incremental"
            " key out"
        ],
    ),
    "appending a table again and again": (
        {"source_config": DATABASE, **target(load_strategy="append")},
        [
            "source_config.incremental_key: is required for load_strategy append from a database,"
            " which would add every record again at each change"
        ],
    ),
    "a declared column that is not there": (
        {"source_config": {**FILES, "columns": [{"name": "totl", "type": "integer"}]}},
        [f"source_config.columns[0].name: no column 'totl' (has: {KNOWN})"],
    ),
    "a partition over an unknown column": (
        target(partitioning={"strategy": "hash", "columns": ["region"], "partitions": 2}),
        [f"{PARTITIONING}.columns[0]: no column 'region' (has: {KNOWN})"],
    ),
    "partitions without a number": (
        target(partitioning={"strategy": "hash", "columns": ["id"]}),
        [f"{PARTITIONING}.partitions: is required for hash: how many there are"],
    ),
    "automatic partitions of a hash": (
        target(
            partitioning={
                "strategy": "hash",
                "columns": ["id"],
                "partitions": 2,
                "auto_partition": True,
            }
        ),
        [f"{PARTITIONING}.auto_partition: changes nothing for hash, whose partitions cover every"],
    ),
    "a list of neither": (
        target(partitioning={"strategy": "list", "columns": ["email"]}),
        [f"{PARTITIONING}.partitions: says nothing, and neither does auto_partition"],
    ),
    "a list of both": (
        target(
            partitioning={
                "strategy": "list",
                "columns": ["email"],
                "partitions": 2,
                "auto_partition": True,
            }
        ),
        [f"{PARTITIONING}.partitions: is not for auto_partition, which gives each value a"],
    ),
    "a list of two columns": (
        target(
            partitioning={"strategy": "list", "columns": ["email", "id"], "auto_partition": True}
        ),
        [f"{PARTITIONING}.columns: a partitioning by list takes one column"],
    ),
    "months of a number": (
        target(
            partitioning={"strategy": "date_range", "columns": ["amount"], "auto_partition": True}
        ),
        [f"{PARTITIONING}.columns[0]: 'amount' is decimal(12,2); date_range takes a date or a"],
    ),
    "a range of what has no order": (
        target(partitioning={"strategy": "range", "columns": ["is_paid"], "partitions": 2}),
        [f"{PARTITIONING}.columns[0]: 'is_paid' is boolean, which has no order"],
    ),
}


@pytest.mark.parametrize("case", [name for name, (_, expected) in WRONG.items() if expected])
def test_what_is_wrong_is_told_with_its_line_and_field(settling: Settling, case: str) -> None:
    blocks, expected = WRONG[case]
    found = settling.problems(**blocks)
    assert len(found) == len(expected), found
    for message, beginning in zip(found, expected, strict=True):
        assert message.startswith(beginning), message


def test_text_that_gets_a_type_is_read_like_the_sources_and_may_go_to_quarantine(
    settling: Settling,
) -> None:
    """What is no text is cast as before; the rules see the type."""
    block = transformations(
        {
            "type": "transform",
            "expression": "replace(email, ',', '.')",
            "parameters": {"type": "decimal(10,2)"},
        },
        {
            "name": "whole",
            "type": "transform",
            "expression": "amount",
            "parameters": {"type": "bigint"},
        },
    )
    process = settling(**block)
    assert [(step.column, step.reads) for step in process.steps] == [
        *(("email", None), ("email", "decimal(10,2)"), ("amount", None))
    ]
    assert {each.name: each.type for each in process.columns}["email"] == "decimal(10,2)"
    model = checked(process)
    assert "{{ try_cast('email', 'decimal(10,2)') }} as email" in model
    assert "{{ cast_error('email', 'decimal(10,2)') }}" in model
    # A model has no types to read its records by, and its text may still be none.
    source = {"source_type": "model", "model": "customers"}
    of_model = checked(settling(type="transform", source_config=source, **block))
    assert "{{ cast_error('email', 'decimal(10,2)') }} as _type_errors" in of_model
    assert "case when _type_errors is null then 'accepted' else 'quarantine' end" in of_model


def test_the_line_is_that_of_the_field(
    settle: Callable[..., Process], make_schema: Callable[..., SourceSchema]
) -> None:
    text = (
        "name: orders\ntype: full\nsource_config: {source_type: csv, path: x.csv}\n"
        "transform_config:\n  transformations:\n    - name: a\n      type: filter\n"
        "      description: x\n      expression: |\n        emial = 'x'\n"
    )
    with pytest.raises(SpecError) as error:
        settle(text, make_schema(COLUMNS))
    assert str(error.value).startswith("specs/etl/orders.yml:9: transform_config")


# --- what is settled ------------------------------------------------------------------------------


def test_an_expression_that_names_one_column_changes_that_column(settling: Settling) -> None:
    process = settling(**transformations({"type": "transform", "expression": "lower(EMAIL)"}))
    (step,) = process.steps
    assert (step.column, step.expression) == ("email", "lower(email)")


@pytest.mark.parametrize(
    ("expression", "parameters", "column", "kind", "written"),
    [
        ("amount - tax", {"column": "net", "type": "decimal(12, 2)"}, "net", "decimal(12,2)",
         "cast(amount - tax as decimal(12, 2))"),
        ("id * 1.5", {}, "id", "double", "cast(id * 1.5 as double precision)"),
        ("id + 1", {}, "id", "bigint", "cast(id + 1 as bigint)"),
        ("amount * 1.19", {}, "amount", "decimal(12,2)", "cast(amount * 1.19 as decimal(12, 2))"),
        ("cast(email as date)", {}, "email", "date", "cast(email as date)"),
        ("upper(email)", {"column": "Shout It"}, "shout_it", "text", "upper(email)"),
        ("email is distinct from 'x'", {"column": "odd"}, "odd", "boolean",
         "(email is distinct from 'x')"),
        ("length(email)", {"column": "letters"}, "letters", "integer",
         "cast(length(email) as integer)"),
        ("email::varchar(3)", {"column": "code"}, "code", "text", None),
        ("due_on - due_on", {"column": "days"}, "days", "integer",
         "cast(due_on - due_on as integer)"),
    ],
)  # fmt: skip
def test_a_column_gets_the_type_that_loses_nothing(
    settling: Settling,
    expression: str,
    parameters: Block,
    column: str,
    kind: str,
    written: str | None,
) -> None:
    item = {"type": "transform", "expression": expression, "parameters": parameters}
    process = settling(**transformations(item))
    (step,) = process.steps
    assert step.column == column
    assert {item.name: item.type for item in process.columns}[column] == kind
    if written:
        assert step.expression == written


def test_later_steps_see_what_earlier_ones_made(settling: Settling) -> None:
    process = settling(
        **transformations(
            {"type": "transform", "expression": "lower(email)", "parameters": {"column": "mail"}},
            {"name": "two", "type": "filter", "expression": "mail <> ''"},
        )
    )
    assert [step.expression for step in process.steps] == ["lower(email)", "mail <> ''"]
    assert process.columns[-1].name == "mail"


def rename(old: str, new: Any) -> Block:
    return {"name": f"{old} renamed", "type": "rename", "expression": old, "parameters": new}


def test_what_follows_knows_a_renamed_column_by_its_new_name(settling: Settling) -> None:
    """The source keeps its name: the load asks it for `placed_at`, and its key is `id`."""
    process = settling(
        key=("id",),
        source_config={**DATABASE, "incremental_key": "placed_at"},
        **target(load_strategy="upsert"),
        transform_config={
            "transformations": [
                rename("placed_at", {"column": "ordered_at"}),
                rename("id", {"column": "number"}),
                rename("amount", {"column": "id"}),
            ],
            "data_quality": {
                "validation_rules": [{"name": "id", "type": "range", "expression": ">= 0"}]
            },
        },
    )
    assert [column.name for column in process.columns] == [
        *("number", "email", "id", "tax", "ordered_at", "due_on", "is_paid", "details", "weight")
    ]
    assert process.key == ("number",)
    assert process.order_column is not None
    assert process.order_column.name == "ordered_at"
    assert [rule.violation for rule in process.rules] == ["id < 0"]
    assert [column.name for column in process.source_columns] == list(COLUMNS)
    assert "amount as id" in checked(process)


@pytest.mark.parametrize(
    ("old", "parameters", "field", "said"),
    [
        ("amuont", {"column": "x"}, "expression", "Did you mean 'amount'?"),
        ("amount", {}, "parameters", "needs the new name in parameters.column"),
        ("amount", {"column": "tax"}, "parameters.column", "there is a column 'tax' already"),
        ("amount", {"column": "Net Price"}, "parameters.column", "such as 'net_price'"),
        ("amount", {"column": "select"}, "parameters.column", "a word that SQL reserves"),
        ("amount", {"column": "x", "type": "text"}, "parameters.type", "changes nothing here"),
    ],
    ids=["unknown", "without-a-name", "taken", "not-plain", "reserved", "of-no-use"],
)
def test_a_renaming_that_cannot_be_is_told(
    settling: Settling, old: str, parameters: Block, field: str, said: str
) -> None:
    (problem,) = settling.problems(**transformations(rename(old, parameters)))
    assert f"transformations[0].{field}: " in problem
    assert said in problem


def test_lists_fill_placeholders_in_lists(settling: Settling) -> None:
    item = {
        "type": "filter",
        "expression": "email in (:some, 'z') and id > :low",
        "parameters": {"some": ["a", "it's"], "low": 5},
    }
    (step,) = settling(**transformations(item)).steps
    assert step.expression == "email in ('a', 'it''s', 'z') and id > 5"


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        ({"name": "email_format", "type": "not_null"}, "email"),
        ({"name": "email", "type": "not_null"}, "email"),
        ({"name": "any", "type": "not_null", "expression": "placed_at is not null"}, "placed_at"),
        ({"name": "email_x", "type": "not_null", "expression": "tax"}, "tax"),
        (
            {
                "name": "email_x",
                "type": "not_null",
                "expression": "tax",
                "parameters": {"column": "ID"},
            },
            "id",
        ),
    ],
)
def test_a_rule_is_about_the_column_that_is_said_most_plainly(
    settling: Settling, rule: Block, column: str
) -> None:
    (found,) = settling(**validation(**rule)).rules
    assert found.column == column


@pytest.mark.parametrize(
    ("rule", "violation"),
    [
        ({"name": "amount", "type": "range", "expression": "between 0 and 10"},
         "amount < 0 or amount > 10"),
        ({"name": "amount", "type": "range", "expression": "-1..1.5"},
         "amount < -1 or amount > 1.5"),
        ({"name": "amount", "type": "range", "expression": "<= 5"}, "amount > 5"),
        ({"name": "amount", "type": "range", "parameters": {"min": 0}}, "amount < 0"),
        ({"name": "due_on", "type": "range", "expression": "2024-01-01, 2024-12-31"},
         "due_on < cast('2024-01-01' as date) or due_on > cast('2024-12-31' as date)"),
        ({"name": "email", "type": "length", "expression": "1..5"},
         "length(email) < 1 or length(email) > 5"),
        ({"name": "email", "type": "range", "expression": "'a' and 'b'"},
         "email collate \"C\" < 'a' or email collate \"C\" > 'b'"),
        ({"name": "id", "type": "accepted_values", "expression": "1, 2,2"}, "id not in (1, 2)"),
        ({"name": "email", "type": "accepted_values", "expression": "in ('a, b', 'it''s', c)"},
         "email not in ('a, b', 'it''s', 'c')"),
        ({"name": "is_paid", "type": "accepted_values", "parameters": {"values": [True]}},
         "is_paid not in (true)"),
        ({"name": "email", "type": "regex", "expression": r"^\d{2}-\w+$"},
         "not {{ matches('email', '^[0-9]{2}-[A-Za-z0-9_]+$') }}"),
        ({"name": "id", "type": "regex", "expression": "^1"},
         "not {{ matches('cast(id as text)', '^1') }}"),
        ({"name": "x", "expression": "amount > :low", "parameters": {"low": 1}},
         "not (amount > 1)"),
        ({"name": "id", "type": "unique"}, None),
    ],
)  # fmt: skip
def test_a_rule_says_what_breaks_it(settling: Settling, rule: Block, violation: str | None) -> None:
    (found,) = settling(**validation(**rule)).rules
    assert found.violation == violation


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ({"name": "email", "type": "trim"}, "trim(email, ' ')"),
        ({"name": "x", "type": "uppercase", "expression": "email"}, "upper(email)"),
        ({"name": "email", "type": "null_if", "expression": "'n/a'"}, "nullif(email, 'n/a')"),
        ({"name": "email", "type": "null_if", "parameters": {"value": ""}}, "nullif(email, '')"),
        ({"name": "due_on", "type": "default", "expression": "2024-01-01"},
         "cast(coalesce(due_on, cast('2024-01-01' as date)) as date)"),
        ({"name": "email", "type": "replace", "parameters": {"from": "a", "to": 1}},
         "replace(email, 'a', '1')"),
        ({"name": "email", "type": "normalize"},
         "{{ by_target(duckdb='nfc_normalize(email)', postgres='normalize(email)') }}"),
        ({"name": "email", "type": "remove_control_characters"},
         r"regexp_replace(email, '[\x01-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]', '', 'g')"),
        ({"name": "x", "type": "expression", "expression": "initcap(email)"}, None),
    ],
)  # fmt: skip
def test_a_cleaning_rule_says_what_it_does(
    settling: Settling, rule: Block, written: str | None
) -> None:
    (step,) = settling(**cleaning(**rule)).steps
    assert step.column in ("email", "due_on")
    if written:
        assert step.expression == written


@pytest.mark.parametrize(
    ("rule", "keys", "order"),
    [
        ({"expression": "DISTINCT ON (email)"}, ("email",), ()),
        ({"expression": 'distinct on ("email", id) order by amount desc, due_on'},
         ("email", "id"), ("amount desc nulls last", "due_on asc nulls last")),
        ({"expression": "DISTINCT ON (id) ORDER BY email NULLS FIRST"},
         ("id",), ('email collate "C" asc nulls first',)),
        ({"expression": "email, id"}, ("email", "id"), ()),
        ({"parameters": {"columns": ["email", "details"]}},
         ("email", "cast(details as text)"), ()),
        ({"parameters": {"column": "Email"}}, ("email",), ()),
    ],
)  # fmt: skip
def test_a_deduplication_says_what_is_alike_and_who_stays(
    settling: Settling, rule: Block, keys: tuple[str, ...], order: tuple[str, ...]
) -> None:
    (found,) = settling(**cleaning(type="deduplication", **rule)).deduplications
    assert (found.keys, found.order) == (keys, order)


@pytest.mark.parametrize(
    ("item", "expression", "column", "kind", "having"),
    [
        ({}, "count(*)", "count", "bigint", None),
        ({"having": "count > 1 and result < 9"}, "count(*)", "count", "bigint",
         "count(*) > 1 and count(*) < 9"),
        ({"having": "sum(tax) > 1", "group_by": ["email"]}, "count(*)", "count", "bigint",
         "sum(tax) > 1"),
        ({"function": "sum", "column": "id"}, "cast(sum(id) as decimal(38, 0))", "sum_id",
         "decimal(38,0)", None),
        ({"function": "sum", "parameters": {"column": "tax"}, "having": "sum_tax > 2"},
         "cast(sum(tax) as decimal(38, 2))", "sum_tax", "decimal(38,2)",
         "cast(sum(tax) as decimal(38, 2)) > 2"),
        ({"function": "median", "column": "tax"},
         "cast(percentile_cont(0.5) within group (order by cast(tax as double precision))"
         " as double precision)", "median_tax", "double", None),
        ({"function": "min", "column": "email"}, 'min(email collate "C")', "min_email", "text",
         None),
        ({"function": "count_distinct", "column": "is_paid"}, "count(distinct is_paid)",
         "count_distinct_is_paid", "bigint", None),
    ],
)  # fmt: skip
def test_an_aggregation_has_one_type_on_every_target(
    settling: Settling, item: Block, expression: str, column: str, kind: str, having: str | None
) -> None:
    (found,) = settling(**aggregation(**item)).aggregations
    assert (found.expression, found.column.name, found.column.type) == (expression, column, kind)
    assert found.having == having


def test_an_aggregation_reads_the_first_table_that_has_its_columns(settling: Settling) -> None:
    blocks = join()["transform_config"]
    blocks["aggregations"] = [
        {"name": "own", "function": "count", "group_by": ["email"]},
        {"name": "theirs", "function": "max", "column": "name", "group_by": ["email"]},
        {"name": "grouped", "function": "count", "group_by": ["lower(name) as called"]},
    ]
    found = settling(transform_config=blocks).aggregations
    assert [item.reads.model for item in found] == ["orders", "joined", "joined"]
    assert found[2].groups[0][0] == "lower(name)"
    assert found[2].groups[0][1] == Column("called", "text")


def test_a_join_reads_another_process_or_a_table_of_the_source(settling: Settling) -> None:
    process = settling(
        source_config=DATABASE,
        transform_config={
            "joins": [
                join()["transform_config"]["joins"][0],
                {
                    "name": "again",
                    "type": "inner",
                    "left_table": "joined",
                    "right_table": "orders",
                    "condition": "joined.id = orders.customer_id",
                },
            ]
        },
    )
    first, second = process.joins
    assert (first.right.table.model, first.right.raw) == ("customers", None)
    assert first.table.columns[-2:] == (Column("customers_id", "bigint"), Column("name", "text"))
    assert (second.right.table.model, second.right.raw) == ("raw_orders__orders", "orders__orders")
    assert second.right_names == ("orders_id", "customer_id")


def test_the_key_is_the_specs_or_else_the_sources(settling: Settling) -> None:
    upsert = target(load_strategy="upsert")
    assert settling(key=("id",), **upsert).key == ("id",)
    named = target(load_strategy="upsert", unique_key=["Email", "ID"])
    assert settling(key=("id",), **named).key == ("email", "id")
    assert settling(key=("id",), **target(load_strategy="append")).key == ()


def test_the_declared_type_wins(settling: Settling) -> None:
    columns = [{"name": "ID", "type": "text", "description": "The number"}]
    process = settling(source_config={**FILES, "columns": columns})
    assert process.source_columns[0] == Column("id", "text", "id")
    assert process.descriptions == {"id": "The number."}


def test_steps_that_would_have_one_name_get_their_own(settling: Settling) -> None:
    names = ["typed", "Typed", "select", "1st", "final", "x" * 80]
    process = settling(
        **transformations(
            *({"name": name, "type": "filter", "expression": "id > 1"} for name in names)
        )
    )
    ctes = [step.cte for step in process.steps]
    assert ctes == ["typed_2", "typed_3", "select_", "step_1st", "final_2", "x" * 48]
    assert [step.name for step in process.steps][:2] == ["typed", "typed"]


def test_a_table_called_like_an_sql_word_is_joined_under_another_name(
    settling: Settling, make_schema: Callable[..., SourceSchema]
) -> None:
    settling.schema = make_schema(
        COLUMNS, order=make_schema({"id": "bigint", "order_id": "bigint"})
    )
    process = settling(
        source_config=DATABASE,
        **join(right_table="order", condition='orders.id = "order".order_id'),
    )
    assert process.joins[0].right.name == "order_"
    assert process.joins[0].condition == "orders.id = order_.order_id"


@pytest.mark.parametrize(
    "condition",
    [
        "orders.id = sakila_address.address_id",
        "orders.id = address.address_id",
        "orders.id = sakila.address.address_id",
        "id = address_id",
    ],
)
def test_a_table_of_another_schema_goes_by_its_last_part_too(
    settling: Settling, make_schema: Callable[..., SourceSchema], condition: str
) -> None:
    address = make_schema({"address_id": "bigint"})
    settling.schema = make_schema(COLUMNS, **{"sakila.address": address})
    process = settling(
        source_config=DATABASE, **join(right_table="sakila.address", condition=condition)
    )
    assert process.joins[0].condition == "orders.id = sakila_address.address_id"


def test_a_last_part_that_both_tables_have_is_the_records_own(
    settling: Settling, make_schema: Callable[..., SourceSchema]
) -> None:
    older = make_schema({"id": "bigint", "order_id": "bigint"})
    settling.schema = make_schema(COLUMNS, **{"archive.orders": older})
    condition = "orders.id = archive_orders.order_id"
    process = settling(
        source_config=DATABASE, **join(right_table="archive.orders", condition=condition)
    )
    assert process.joins[0].condition == condition
    with pytest.raises(SpecError, match="no column 'order_id'"):
        settling(
            source_config=DATABASE,
            **join(right_table="archive.orders", condition="orders.order_id = 1"),
        )
