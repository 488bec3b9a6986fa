"""What an ETL process may say, and what is said about one that says something else."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from controlplane.errors import SpecError
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import parse_etl
from controlplane.specs.source import PLANNED_TYPES

MINIMAL: dict[str, Any] = {
    "name": "Orders",
    "type": "full",
    "source_config": {"source_type": "csv", "path": "orders/*.csv"},
}
DATABASE = {
    "source_type": "postgresql",
    "connection_string": "postgres://reader@db/shop",
    "table": "orders",
}


def process(**changes: Any) -> EtlProcess:
    return parse_etl(yaml.safe_dump(MINIMAL | changes, sort_keys=False), "orders.yml").spec


def told(**changes: Any) -> dict[str, str]:
    """Field and message of every problem of a process that is wrong."""
    with pytest.raises(SpecError) as caught:
        process(**changes)
    return {problem.field: problem.message for problem in caught.value.problems}


def source(**fields: Any) -> dict[str, Any]:
    return {"source_config": DATABASE | fields}


def file_source(**fields: Any) -> dict[str, Any]:
    return {"source_config": MINIMAL["source_config"] | fields}


def schedule(**fields: Any) -> dict[str, Any]:
    return {"schedule": {"schedule_type": "cron", "cron_expression": "0 2 * * *"} | fields}


def test_three_fields_make_a_process_and_the_rest_has_defaults() -> None:
    spec = process()
    assert spec.slug == "orders"
    assert spec.table_name == "orders"
    assert spec.source_config.paths == ["orders/*.csv"]
    assert spec.source_config.batch_size == 100_000
    assert spec.target_config.load_strategy == "replace"
    assert spec.target_config.schema_name is None
    assert spec.target_config.unique_key == []
    assert spec.schedule is None
    assert spec.error_handling.error_action == "stop"
    assert spec.error_handling.error_threshold == 0
    assert spec.error_handling.error_logging
    assert not spec.error_handling.error_notification
    assert spec.transform_config.data_quality.cleaning_rules == []


@pytest.mark.parametrize("kind", ["extract", "load", "full", "incremental"])
def test_files_feed_every_type_but_transform(kind: str) -> None:
    assert process(type=kind).type == kind


def test_a_transform_process_reads_a_model() -> None:
    spec = process(type="transform", source_config={"source_type": "model", "model": "raw_orders"})
    assert spec.source_config.model == "raw_orders"


def test_a_transform_process_reads_nothing_but_a_model() -> None:
    assert "takes source_type model" in told(type="transform")["source_config.source_type"]


def test_only_a_transform_process_reads_a_model() -> None:
    problems = told(source_config={"source_type": "model", "model": "raw_orders"})
    assert "only for type transform" in problems["source_config.source_type"]


def test_an_incremental_process_on_a_database_needs_its_key() -> None:
    problems = told(type="incremental", **source())
    assert list(problems) == ["source_config.incremental_key"]
    upsert = {"target_config": {"load_strategy": "upsert"}}
    spec = process(type="incremental", **source(incremental_key="updated_at"), **upsert)
    assert spec.source_config.table


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select * from a where id = $1", "$1 must be the lower bound of a plain comparison"),
        ("select * from a where not (id > $1)", "must be the lower bound"),
        ("select * from a where id > $2", "$2 stands for nothing (allowed: $1)"),
        ("select * frm a where > $1", "is not valid SQL"),
    ],
)
def test_a_query_that_uses_the_cursor_wrongly_is_told(query: str, words: str) -> None:
    block = source(query=query, table=None, incremental_key="id")
    problems = told(**block, target_config={"load_strategy": "upsert"})
    assert list(problems) == ["source_config.query"]
    assert words in problems["source_config.query"]


def test_a_load_strategy_that_does_not_go_with_the_source_is_told() -> None:
    problems = told(**source(incremental_key="id"), target_config={"load_strategy": "replace"})
    assert "'replace' with source_config.incremental_key" in problems["target_config.load_strategy"]
    problems = told(**source(), target_config={"load_strategy": "append"})
    assert "is required for load_strategy append" in problems["source_config.incremental_key"]
    # What is only so because another mistake was set aside is not told.
    problems = told(**source(incremental_key=5), target_config={"load_strategy": "append"})
    assert list(problems) == ["source_config.incremental_key"]
    problems = told(**source(incremental_key="id"), target_config={"load_strategy": "upsrt"})
    assert list(problems) == ["target_config.load_strategy"]
    model = {"source_type": "model", "model": "orders"}
    problems = told(
        type="transform", source_config=model, target_config={"load_strategy": "append"}
    )
    assert "use 'replace'" in problems["target_config.load_strategy"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"connection_string": None}, "source_config.connection_string", "is required"),
        ({"query": "select 1"}, "source_config", "has both query and table"),
        ({"query": "select $1"}, "source_config.incremental_key", "the query has $1"),
        ({"path": "a.csv"}, "source_config.path", "is only for source_type csv"),
        (
            {"format": {"delimiter": ";"}},
            "source_config.format",
            "is only for source_type csv, tsv",
        ),
        ({"model": "orders"}, "source_config.model", "is only for source_type model"),
        ({"batch_size": 0}, "source_config.batch_size", "found 0, expected at least 1"),
        ({"batch_size": "1_000"}, "source_config.batch_size", "found the text '1_000'"),
        ({"batch_size": 1.5}, "source_config.batch_size", "expected a whole number"),
        ({"batch_size": True}, "source_config.batch_size", "found true"),
    ],
)
def test_a_database_source_that_is_wrong_is_told(
    fields: dict[str, Any], field: str, words: str
) -> None:
    assert words in told(**source(**fields))[field]


def test_a_database_source_needs_its_connection_and_records() -> None:
    problems = told(source_config={"source_type": "postgresql"})
    assert problems["source_config.connection_string"].startswith("is required")
    assert "has neither query nor table" in problems["source_config"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_a_file_source_needs_a_path(kind: str) -> None:
    assert told(source_config={"source_type": kind}) == {
        "source_config.path": f"is required for source_type {kind}"
    }


def test_fields_of_databases_are_refused_for_files() -> None:
    problems = told(**file_source(query="select 1", table="t", batch_size=10))
    assert set(problems) == {
        "source_config.query",
        "source_config.table",
        "source_config.batch_size",
    }


def test_filters_take_single_values_and_lists_of_them() -> None:
    filters = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": ["x", 2]}
    assert process(**file_source(filters=filters)).source_config.filters == filters


def test_a_filter_of_another_shape_is_told_once() -> None:
    problems = told(**file_source(filters={"a": {"b": 1}, "c": [1, {"d": 2}]}))
    assert problems == {
        "source_config.filters.a": "found a block of fields,"
        " expected a text, a number, true or false or a list",
        "source_config.filters.c[1]": "found a block of fields,"
        " expected a text, a number or true or false",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [("text", "text"), ("decimal(18, 2)", "decimal(18,2)"), ("decimal(38,38)", "decimal(38,38)")],
)
def test_a_column_has_a_portable_type(written: str, read: str) -> None:
    spec = process(**file_source(columns=[{"name": "a", "type": written}]))
    assert spec.source_config.columns[0].type == read


@pytest.mark.parametrize("written", ["varchar", "decimal", "decimal(39,2)", "decimal(3,4)"])
def test_a_type_that_is_not_portable_is_told(written: str) -> None:
    message = told(**file_source(columns=[{"name": "a", "type": written}]))[
        "source_config.columns[0].type"
    ]
    assert f"found '{written}'" in message
    assert "decimal(p,s)" in message


@pytest.mark.parametrize("kind", ["extract", "load"])
@pytest.mark.parametrize(
    "content",
    [
        {"transformations": [{"name": "a", "type": "filter", "expression": "b"}]},
        {"aggregations": [{"name": "a", "function": "count"}]},
        {
            "joins": [
                {
                    "name": "a",
                    "type": "left",
                    "left_table": "b",
                    "right_table": "c",
                    "condition": "b.d = c.d",
                }
            ]
        },
    ],
)
def test_what_a_type_does_not_do_is_refused(kind: str, content: dict[str, Any]) -> None:
    (name,) = content
    problems = told(type=kind, transform_config=content)
    assert problems == {
        f"transform_config.{name}": f"is not for type {kind}; leave it out, or use type full"
    }


def test_checks_of_records_are_for_load_and_not_for_extract() -> None:
    content = {"data_quality": {"validation_rules": [{"name": "id_there", "type": "not_null"}]}}
    assert process(type="load", transform_config=content)
    assert list(told(type="extract", transform_config=content)) == ["transform_config.data_quality"]


@pytest.mark.parametrize(
    "written", ["My Table", "_orders", "1orders", "Orders", "order", "o" * 41, "größe", "a-b"]
)
def test_a_table_has_a_plain_name(written: str) -> None:
    problems = told(target_config={"table_name": written, "schema": written})
    assert set(problems) == {"target_config.table_name", "target_config.schema"}


def test_a_name_that_is_nearly_plain_is_suggested() -> None:
    message = told(target_config={"table_name": "My Table"})["target_config.table_name"]
    assert message.endswith("Did you mean 'my_table'?")


@pytest.mark.parametrize("name", ["???", "2024 orders", "Order", "o" * 41])
def test_a_process_has_a_name_that_can_name_tables(name: str) -> None:
    assert list(told(name=name)) == ["name"]


def test_two_joins_of_one_name_are_told() -> None:
    join = {
        "name": "a",
        "type": "left",
        "left_table": "b",
        "right_table": "c",
        "condition": "b.d = c.d",
    }
    problems = told(transform_config={"joins": [join, join]})
    assert "another join is called 'a'" in problems["transform_config.joins[1].name"]


def test_the_raw_table_of_a_join_fits_into_the_limits_of_names() -> None:
    join = {
        "name": "a",
        "type": "left",
        "left_table": "b",
        "right_table": "c" * 60,
        "condition": "b.d = c.d",
    }
    problems = told(transform_config={"joins": [join]})
    assert "at most 63 are allowed" in problems["transform_config.joins[0].right_table"]


def test_a_process_does_not_write_to_the_schema_of_raw_tables() -> None:
    assert (
        "no process may write to" in told(target_config={"schema": "raw"})["target_config.schema"]
    )


def test_a_schedule_is_read_with_its_times() -> None:
    found = process(
        **schedule(
            start_time="2024-12-19T02:00:00Z",
            end_time="2025-06-01 06:00:00",
            timezone="Europe/Berlin",
            retry_policy={"max_retries": 3, "retry_interval": "90 seconds"},
        )
    ).schedule
    assert found is not None
    assert found.start_time == datetime(2024, 12, 19, 2, tzinfo=UTC)
    assert found.end_time == datetime(2025, 6, 1, 6, tzinfo=ZoneInfo("Europe/Berlin"))
    assert found.retry_policy.retry_interval == timedelta(seconds=90)
    assert found.retry_policy.backoff_strategy == "fixed"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        (
            {"cron_expression": "0 25 * * *"},
            "cron_expression",
            "found '0 25 * * *', expected a cron",
        ),
        ({"cron_expression": "0 2 * *"}, "cron_expression", "five fields"),
        ({"cron_expression": "0 2 * * * *"}, "cron_expression", "five fields"),
        ({"cron_expression": "@daily"}, "cron_expression", "five fields"),
        ({"cron_expression": "0 0 30 2 *"}, "cron_expression", "never comes"),
        ({"timezone": "Europe/Berln"}, "timezone", "Did you mean 'Europe/Berlin'?"),
        ({"timezone": "../etc/passwd"}, "timezone", "expected an IANA time zone"),
        ({"timezone": "Europe"}, "timezone", "expected an IANA time zone"),
        ({"start_time": "soon"}, "start_time", "found the text 'soon', expected a date and time"),
        (
            {"start_time": "2025-01-02T00:00:00Z", "end_time": "2025-01-01T00:00:00Z"},
            "end_time",
            "expected a moment after the start_time",
        ),
        (
            {"retry_policy": {"retry_interval": "5 parsecs"}},
            "retry_policy.retry_interval",
            "such as '5 minutes'",
        ),
        (
            {"retry_policy": {"retry_interval": "0 minutes"}},
            "retry_policy.retry_interval",
            "more than zero",
        ),
        ({"retry_policy": {"max_retries": -1}}, "retry_policy.max_retries", "at least 0"),
        ({"schedule_type": "manual"}, "cron_expression", "only for schedule_type cron"),
        ({"cron_expression": None}, "cron_expression", "is required"),
    ],
)
def test_a_schedule_that_is_wrong_is_told(fields: dict[str, Any], field: str, words: str) -> None:
    problems = told(**schedule(**fields))
    assert list(problems) == [f"schedule.{field}"]
    assert words in problems[f"schedule.{field}"]


def test_partitions_need_a_column() -> None:
    problems = told(target_config={"partitioning": {"strategy": "hash", "columns": []}})
    assert problems == {"target_config.partitioning.columns": "is empty; expected at least 1"}


def test_problems_of_fields_and_of_whole_blocks_are_told_together() -> None:
    """A check that concerns several fields is not silenced by a mistake elsewhere."""
    changes = copy.deepcopy(MINIMAL) | {
        "type": "incremental",
        "source_config": {"source_type": "postgresql", "table": "a", "path": "b.csv", "colour": 1},
        "schedule": {"schedule_type": "cron", "timezone": "Mars"},
        "error_handling": {"error_threshold": -1},
    }
    assert set(told(**changes)) == {
        "source_config.colour",
        "source_config.connection_string",
        "source_config.path",
        "source_config.incremental_key",
        "schedule.timezone",
        "schedule.cron_expression",
        "error_handling.error_threshold",
    }


def test_a_misspelt_field_is_told_once_and_not_as_missing_too() -> None:
    fields = {
        "source_type": "postgresql",
        "connection_strng": "postgres://db/x",
        "qury": "select 1",
    }
    assert set(told(source_config=fields)) == {
        "source_config.connection_strng",
        "source_config.qury",
    }


def test_a_password_is_in_no_repr_and_in_no_message() -> None:
    connection = "postgres://reader:hunter2@db/shop"
    assert "hunter2" not in repr(process(**source(connection_string=connection)))
    problems = told(**file_source(columns=[{"name": "a", "type": connection}]))
    assert "hunter2" not in str(problems)
    assert "hunter2" not in str(told(type=connection))
    assert "hunter2" not in str(told(**source(connection_string=[connection])))


@pytest.mark.parametrize("text", ["", "   "])
def test_a_text_that_is_there_says_something(text: str) -> None:
    rules = [{"name": "a", "type": "filter", "expression": text}]
    problems = told(transform_config={"transformations": rules})
    assert "is empty" in problems["transform_config.transformations[0].expression"]


@pytest.mark.parametrize("kind", PLANNED_TYPES)
def test_a_planned_process_may_name_a_connector_that_is_to_come(kind: str) -> None:
    spec = process(status="planned", type="extract", source_config={"source_type": kind})
    assert not spec.is_active
    assert process().is_active


def test_a_process_at_work_names_a_connector_that_is_there() -> None:
    assert told(source_config={"source_type": "mqtt"}) == {
        "source_config.source_type": "found 'mqtt', which no connector reads yet (can be read:"
        " postgresql, csv, tsv, json, jsonl, parquet, excel, xml, model); write 'status: planned' to keep the"
        " process for later"
    }


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("excel", "delimiter", ";"),
        ("excel", "encoding", "latin-1"),
        ("excel", "record", "order"),
        ("xml", "sheet", "S"),
        ("xml", "header", False),
        ("xml", "skip_lines", 0),
        ("csv", "sheet", "S"),
        ("tsv", "record", "order"),
    ],
)
def test_a_field_of_the_format_is_refused_where_it_does_not_apply(
    kind: str, field: str, value: Any
) -> None:
    wrong = told(source_config={"source_type": kind, "path": "a.x", "format": {field: value}})
    assert list(wrong) == [f"source_config.format.{field}"]
    assert f"not {kind}" in wrong[f"source_config.format.{field}"]


def test_json_and_parquet_have_no_format() -> None:
    wrong = told(source_config={"source_type": "json", "path": "a", "format": {"record": "x"}})
    assert "is only for source_type csv, tsv, excel, xml" in wrong["source_config.format"]


@pytest.mark.parametrize("record", ["", "/order", "orders//order", "order/@id", "a b"])
def test_a_record_is_named_by_a_name_or_a_path(record: str) -> None:
    source = {"source_type": "xml", "path": "a.xml", "format": {"record": record}}
    assert list(told(source_config=source)) == ["source_config.format.record"]


def test_a_planned_process_is_checked_as_far_as_is_known() -> None:
    wrong = told(
        status="planned",
        source_config={"source_type": "rest", "path": "a.csv", "batch_size": 5},
        schedule={"schedule_type": "cron", "cron_expression": "now and then"},
    )
    assert set(wrong) == {
        "source_config.path",
        "source_config.batch_size",
        "schedule.cron_expression",
    }
    # A source that can be read is checked as if it were read.
    planned = told(status="planned", source_config={"source_type": "csv"})
    assert planned == {"source_config.path": "is required for source_type csv"}


def test_a_source_type_and_a_status_are_one_of_a_closed_list() -> None:
    wrong = told(status="paused", source_config={"source_type": "carrier_pigeon"})
    assert wrong["status"].startswith("found 'paused', allowed: active, planned")
    assert "allowed: postgresql, csv" in wrong["source_config.source_type"]
