"""Each request body of the reference is a spec, and each mistake in one of its fields is told."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from controlplane.errors import Problem, SpecError
from controlplane.specs.document import join_path
from controlplane.specs.files import KINDS, Kind, parse_spec

Body = dict[str, Any]
Path = tuple[str | int, ...]
ENDPOINTS = {"etl": "etl", "warehouse": "warehouses", "pipeline": "pipelines"}
MARK = "@@here@@"
WRITERS: dict[str, Callable[[Any], str]] = {
    "yaml": lambda body: str(yaml.safe_dump(body, sort_keys=False, width=10_000)),
    "json": lambda body: json.dumps(body, indent=2),
}
# Without these the body is no spec; the problem is told at the field, or at the one given here.
REQUIRED = {
    "etl": dict.fromkeys(
        (
            "name",
            "type",
            "source_config",
            "source_config.source_type",
            "source_config.connection_string",
            "source_config.incremental_key",
            "target_config.partitioning.strategy",
            "target_config.partitioning.columns",
            "schedule.schedule_type",
            "schedule.cron_expression",
            "transform_config.transformations[].name",
            "transform_config.transformations[].type",
            "transform_config.transformations[].expression",
            "transform_config.data_quality.validation_rules[].name",
            "transform_config.data_quality.validation_rules[].type",
            "transform_config.data_quality.validation_rules[].expression",
            "transform_config.data_quality.cleaning_rules[].name",
            "transform_config.data_quality.cleaning_rules[].type",
            "transform_config.aggregations[].name",
            "transform_config.aggregations[].function",
            "transform_config.joins[].name",
            "transform_config.joins[].type",
            "transform_config.joins[].left_table",
            "transform_config.joins[].right_table",
            "transform_config.joins[].condition",
            "validation.pre_validation[].name",
            "validation.pre_validation[].type",
            "validation.pre_validation[].expression",
            "validation.post_validation[].name",
            "validation.post_validation[].type",
            "validation.post_validation[].expression",
        )
    )
    | {
        "source_config.query": "source_config",
        # The usual strategy, replace, does not go with an incremental key.
        "target_config": "target_config.load_strategy",
        "target_config.load_strategy": "target_config.load_strategy",
    },
    "warehouse": dict.fromkeys(
        (
            "name",
            "type",
            "storage_config",
            "storage_config.storage_type",
            "storage_config.partitioning.strategy",
            "storage_config.partitioning.columns",
            "storage_config.retention_policy.retention_period",
        )
    ),
    "pipeline": dict.fromkeys(
        (
            "name",
            "stages",
            "stages[].name",
            "stages[].type",
            "stages[].order",
            "triggers[].name",
            "triggers[].type",
            "triggers[].schedule",
            "triggers[].configuration.file_pattern",
            "alerting.alerts[].name",
            "alerting.alerts[].condition",
        )
    )
    # Only the second trigger, an event, needs its configuration.
    | {"triggers[1].configuration": "triggers[1].configuration.file_pattern"},
}


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every field and every item of a list in the body."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, dict | list):
        for step, item in items:
            yield (*path, step)
            if isinstance(item, dict | list):
                yield from paths(item, (*path, step))


def spelled(path: Path) -> str:
    text = ""
    for step in path:
        text = join_path(text, step)
    return text


def at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def with_value(body: Body, path: Path, value: Any) -> Body:
    changed = copy.deepcopy(body)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def renamed(body: Body, path: Path, name: str) -> Body:
    changed = copy.deepcopy(body)
    block = at(changed, path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in block.items()]
    block.clear()
    block.update(items)
    return changed


def line_of(body: Body, path: Path, write: Callable[[Any], str]) -> int:
    """The line of a field or item when the body is written."""
    if not path:
        return 1
    marked = (
        with_value(body, path, MARK) if isinstance(path[-1], int) else renamed(body, path, MARK)
    )
    lines = write(marked).splitlines()
    return next(number for number, line in enumerate(lines, 1) if MARK in line)


def problems_of(text: str, kind: Kind, name: str) -> list[Problem]:
    try:
        parse_spec(text, name, kind)
    except SpecError as error:
        words = str(error)
        for foreign in ("pydantic", "Input should", "type=", "Traceback", "loc=", "ValueError"):
            assert foreign not in words
        return list(error.problems)
    return []


@pytest.fixture(
    params=[kind for kind in KINDS if kind.name in ENDPOINTS], ids=lambda kind: str(kind.name)
)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(params=WRITERS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def body(kind: Kind, reference_body: Callable[[str], Body]) -> Body:
    return reference_body(ENDPOINTS[kind.name])


def test_the_body_is_a_spec_as_it_stands(kind: Kind, form: str, body: Body) -> None:
    file = parse_spec(WRITERS[form](body), f"spec.{form}", kind)
    spec: Any = file.spec
    assert spec.name == body["name"]
    assert file.document == body


def test_nothing_of_the_body_is_lost_in_the_model(kind: Kind, body: Body) -> None:
    spec = parse_spec(json.dumps(body), "spec.json", kind).spec
    dumped = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for path in paths(body):
        if spelled(path) in ("schedule.start_time", "schedule.end_time"):
            continue  # a moment, which JSON may write in several ways
        assert at(dumped, path) == at(body, path), spelled(path)


def test_the_line_of_each_field_is_known(kind: Kind, form: str, body: Body) -> None:
    write = WRITERS[form]
    file = parse_spec(write(body), f"spec.{form}", kind)
    for path in paths(body):
        assert (spelled(path), file.line(spelled(path))) == (
            spelled(path),
            line_of(body, path, write),
        )


def test_each_field_of_another_type_is_told_with_its_line(
    kind: Kind, form: str, body: Body
) -> None:
    write = WRITERS[form]
    for path in paths(body):
        wrong: Any = "some text" if isinstance(at(body, path), dict | list | int) else ["a list"]
        if "filters" in path[:-1]:
            wrong = {"a": "block"}  # a filter may be a text or a list
        found = problems_of(write(with_value(body, path, wrong)), kind, f"spec.{form}")
        assert [(p.field, p.line) for p in found] == [(spelled(path), line_of(body, path, write))]
        assert found[0].message.startswith("found "), found
        assert ("expected" in found[0].message) or ("allowed" in found[0].message)


def test_each_empty_field_is_told_with_its_line(kind: Kind, form: str, body: Body) -> None:
    write = WRITERS[form]
    for path in paths(body):
        found = problems_of(write(with_value(body, path, None)), kind, f"spec.{form}")
        for problem in found:
            assert (problem.field, problem.line) == (spelled(path), line_of(body, path, write)) or (
                problem.field == spelled(path[:-1])
            )


def test_each_misspelt_field_is_told_with_the_right_spelling(
    kind: Kind, form: str, body: Body
) -> None:
    write = WRITERS[form]
    for path in paths(body):
        name = path[-1]
        if isinstance(name, int) or "filters" in path[:-1]:
            continue
        changed = renamed(body, path, f"{name}x")
        where = spelled((*path[:-1], f"{name}x"))
        told = [p for p in problems_of(write(changed), kind, f"spec.{form}") if p.field == where]
        assert len(told) == 1, where
        assert told[0].line == line_of(body, path, write)
        assert f"Did you mean '{name}'?" in told[0].message


def test_each_missing_field_is_told_where_it_is_missing(kind: Kind, form: str, body: Body) -> None:
    write = WRITERS[form]
    for path in paths(body):
        if isinstance(path[-1], int):
            continue
        changed = copy.deepcopy(body)
        del at(changed, path[:-1])[path[-1]]
        found = problems_of(write(changed), kind, f"spec.{form}")
        where = spelled(path)
        required = REQUIRED[kind.name]
        pattern = where if where in required else re.sub(r"\[\d+\]", "[]", where)
        if pattern not in required:
            assert found == [], where
            continue
        expected = required[pattern] or where
        assert [problem.field for problem in found] == [expected]
        inside: Path = ("source_config",) if expected == "source_config" != where else path[:-1]
        assert found[0].line == line_of(changed, inside, write)
