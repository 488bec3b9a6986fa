"""A project's specs are read together: every problem of every file, and between the files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from controlplane.errors import Problem, SpecError
from controlplane.specs.files import (
    ETL,
    line_of,
    read_etl_spec,
    read_etl_specs,
    read_pipeline_specs,
    read_warehouse_specs,
    scan,
)

Write = Callable[..., Path]
ORDERS = "name: Orders\ntype: full\nsource_config:\n  source_type: csv\n  path: orders.csv\n"
CUSTOMERS = ORDERS.replace("Orders", "Customers").replace("orders", "customers")


def told(root: Path) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        read_etl_specs(root)
    return list(caught.value.problems)


def test_a_project_without_specs_has_none(tmp_path: Path) -> None:
    assert read_etl_specs(tmp_path) == []
    assert read_warehouse_specs(tmp_path) == []
    assert read_pipeline_specs(tmp_path) == []


def test_specs_come_sorted_by_path_with_their_places(write_specs: Write) -> None:
    root = write_specs(etl__b=ORDERS, etl__a=CUSTOMERS)
    files = read_etl_specs(root)
    assert [file.source for file in files] == ["specs/etl/a.yml", "specs/etl/b.yml"]
    assert files[0].path == root / "specs/etl/a.yml"
    assert files[0].spec.name == "Customers"
    assert str(files[0].problem("source_config.path", "is far away")) == (
        "specs/etl/a.yml:5: source_config.path: is far away"
    )


def test_only_spec_files_are_read(write_specs: Write) -> None:
    root = write_specs(etl__a=ORDERS)
    for name in ("notes.md", ".hidden.yml", "a.yml.bak"):
        (root / "specs/etl" / name).write_text("no spec", encoding="utf-8")
    (root / "specs/etl/folder.yml").mkdir()
    assert len(read_etl_specs(root)) == 1


def test_the_line_of_what_is_not_there_is_that_of_what_is_around_it() -> None:
    lines = {"": 1, "a": 3, "a.b": 4, "a.b[0]": 5, "a.b[0].c": 6}
    assert line_of(lines, "a.b[0].c") == 6
    assert line_of(lines, "a.b[0].d") == 5
    assert line_of(lines, "a.b[7].d.e") == 4
    assert line_of(lines, "a.x.y.z") == 3
    assert line_of(lines, "other") == 1


def test_all_problems_of_all_files_are_told_at_once(write_specs: Write) -> None:
    root = write_specs(
        etl__a=ORDERS + "colour: red\n",
        etl__b="name: B\ntype: ful\n",
        etl__c="name: [\n",
        etl__d="",
        etl__e=CUSTOMERS,
    )
    (root / "specs/etl/f.yml").write_bytes(b"name: F\ntype: \xff\n")
    assert [(p.file[-5:], p.line, p.field) for p in told(root)] == [
        ("a.yml", 6, "colour"),
        ("b.yml", 1, "source_config"),
        ("b.yml", 2, "type"),
        ("c.yml", 1, ""),
        ("d.yml", 1, ""),
        ("f.yml", 2, ""),
    ]
    assert len(scan(root, ETL).files) == 1


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"a\.yml: cannot be read: No such file"):
        read_etl_spec(tmp_path / "a.yml", tmp_path)


def test_a_password_in_a_file_is_a_problem_that_does_not_repeat_it(write_specs: Write) -> None:
    root = write_specs(
        etl__a="name: Orders\ntype: full\nsource_config:\n  source_type: postgresql\n"
        "  connection_string: postgres://u:hunter2@h/db\n  table: orders\n"
        "target_config:\n  target_type: postgresql\n"
        "  connection_string: host=h password=hunter3\n"
    )
    problems = told(root)
    assert [(problem.line, problem.field) for problem in problems] == [
        (5, "source_config.connection_string"),
        (9, "target_config.connection_string"),
    ]
    assert "write {{ env_var('DATABANK_ORDERS_SOURCE_PASSWORD') }}" in problems[0].message
    assert "DATABANK_ORDERS_TARGET_PASSWORD" in problems[1].message
    assert "hunter" not in str(problems)


def test_two_files_with_one_slug_are_told_with_both_places(write_specs: Write) -> None:
    root = write_specs(etl__a=ORDERS, etl__b=ORDERS.replace("Orders", "ORDERS"))
    (problem,) = told(root)
    assert (problem.file, problem.line, problem.field) == ("specs/etl/b.yml", 1, "name")
    assert "specs/etl/a.yml:1" in problem.message


def test_two_files_that_write_one_table_are_told_with_both_places(write_specs: Write) -> None:
    root = write_specs(etl__a=ORDERS, etl__b=CUSTOMERS + "target_config:\n  table_name: orders\n")
    (problem,) = told(root)
    assert (problem.file, problem.line, problem.field) == (
        "specs/etl/b.yml",
        7,
        "target_config.table_name",
    )
    assert "writes the table 'orders', as does specs/etl/a.yml:1 (name)" in problem.message


def test_two_files_that_write_one_model_are_told_though_the_schemas_differ(
    write_specs: Write,
) -> None:
    root = write_specs(
        etl__a=ORDERS,
        etl__b=CUSTOMERS + "target_config:\n  table_name: orders\n  schema: elsewhere\n",
    )
    (problem,) = told(root)
    assert "gives the model 'orders', as does specs/etl/a.yml:1" in problem.message


@pytest.mark.parametrize(
    "name", ["orders", "Raw Orders", "orders_quarantine", "orders checked", "Orders Outcomes"]
)
def test_an_aggregation_has_no_name_of_another_model(write_specs: Write, name: str) -> None:
    aggregation = f"transform_config:\n  aggregations:\n    - name: {name}\n      function: count\n"
    root = write_specs(etl__a=ORDERS, etl__b=CUSTOMERS + aggregation)
    (problem,) = told(root)
    assert (problem.file, problem.line) == ("specs/etl/b.yml", 8)
    assert problem.field == "transform_config.aggregations[0].name"
    assert "as does specs/etl/a.yml:1 (name)" in problem.message


def test_a_join_and_an_aggregation_of_one_process_have_names_of_their_own(
    write_specs: Write,
) -> None:
    root = write_specs(
        etl__a=ORDERS + "transform_config:\n  aggregations:\n    - name: By Day\n"
        "      function: count\n  joins:\n    - name: by_day\n      type: left\n"
        "      left_table: a\n      right_table: b\n      condition: a.x = b.x\n"
    )
    (problem,) = told(root)
    assert problem.line in (8, 11)
    assert "gives the model 'by_day'" in problem.message


def test_extracting_a_table_and_transforming_it_are_no_collision(write_specs: Write) -> None:
    root = write_specs(
        etl__a=ORDERS.replace("full", "extract"),
        etl__b="name: Clean orders\ntype: transform\nsource_config:\n  source_type: model\n"
        "  model: raw_orders\ntarget_config:\n  table_name: orders\n",
    )
    assert len(read_etl_specs(root)) == 2


def test_processes_that_read_each_other_are_told_with_the_way_around(write_specs: Write) -> None:
    def transform(name: str, model: str) -> str:
        return (
            f"name: {name}\ntype: transform\nsource_config:\n"
            f"  source_type: model\n  model: {model}\n"
        )

    root = write_specs(
        etl__a=transform("alpha", "gamma"),
        etl__b=transform("beta", "alpha_quarantine"),
        etl__c=transform("gamma", "beta"),
        etl__d=transform("delta", "gamma"),
    )
    (problem,) = told(root)
    assert (problem.file, problem.line) == ("specs/etl/a.yml", 5)
    assert problem.message.count(" reads ") == 3


def test_a_thousand_specs_are_read_in_seconds(tmp_path: Path) -> None:
    folder = tmp_path / "specs/etl"
    folder.mkdir(parents=True)
    rules = "".join(
        f"      - name: rule_{number}\n        type: not_null\n        expression: c{number}\n"
        for number in range(10)
    )
    for number in range(1_000):
        text = ORDERS.replace("Orders", f"Orders {number}").replace("Orders", "Process")
        text += f"transform_config:\n  data_quality:\n    validation_rules:\n{rules}"
        text += "schedule:\n  schedule_type: cron\n  cron_expression: 0 2 * * *\n"
        (folder / f"process_{number}.yml").write_text(text, encoding="utf-8")
    started = time.perf_counter()
    assert len(read_etl_specs(tmp_path)) == 1_000
    assert time.perf_counter() - started < 10
