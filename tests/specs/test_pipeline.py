"""What a pipeline may say: stages, for which others wait, and triggers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from controlplane.errors import SpecError
from controlplane.specs.files import parse_pipeline
from controlplane.specs.pipeline import Pipeline


def stage(name: str, order: int, *dependencies: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "extract",
        "order": order,
        "dependencies": list(dependencies),
    } | fields


def pipeline(*stages: dict[str, Any], **fields: Any) -> Pipeline:
    document = {"name": "Nightly", "stages": list(stages) or [stage("a", 1)]} | fields
    return parse_pipeline(yaml.safe_dump(document, sort_keys=False), "nightly.yml").spec


def told(*stages: dict[str, Any], **fields: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        pipeline(*stages, **fields)
    return {problem.field: problem.message for problem in caught.value.problems}


def test_stages_wait_for_earlier_ones() -> None:
    found = pipeline(stage("a", 1), stage("b", 2, "a", timeout="30 minutes"))
    assert found.stages[1].dependencies == ["a"]
    assert found.stages[1].timeout == timedelta(minutes=30)


def test_a_stage_that_waits_for_none_that_exists_is_told() -> None:
    problems = told(stage("extract", 1), stage("b", 2, "extrakt"))
    assert problems == {
        "stages[1].dependencies[0]": "found 'extrakt', which is no stage (has: extract, b)."
        " Did you mean 'extract'?"
    }


def test_stages_that_wait_for_each_other_are_told_with_the_way_around() -> None:
    problems = told(stage("a", 1, "c"), stage("b", 2, "a"), stage("c", 3, "b"))
    assert list(problems) == ["stages[0].dependencies"]
    assert problems["stages[0].dependencies"].count("waits for") == 3


def test_a_stage_that_waits_for_itself_is_told() -> None:
    assert "wait for each other" in told(stage("a", 1, "a"))["stages[0].dependencies"]


def test_a_stage_does_not_wait_for_one_that_comes_later() -> None:
    assert "give it a higher one" in told(stage("a", 1, "b"), stage("b", 2))["stages[0].order"]


def test_stages_have_names_and_orders_of_their_own() -> None:
    problems = told(stage("a", 1), stage("a", 2), stage("b", 1))
    assert set(problems) == {"stages[1].name", "stages[2].order"}
    assert set(told(stage("a", 1), stage("b", 1))) == {"stages[1].order"}


def test_a_pipeline_has_a_stage() -> None:
    assert told(stages=[]) == {"stages": "is empty; expected at least 1"}


@pytest.mark.parametrize(
    ("trigger", "field", "words"),
    [
        ({"type": "schedule"}, "schedule", "is required for type schedule"),
        ({"type": "schedule", "schedule": "0 2 * *"}, "schedule", "five fields"),
        ({"type": "event"}, "configuration.file_pattern", "is required for type event"),
        (
            {"type": "event", "schedule": "0 2 * * *", "configuration": {"file_pattern": "*"}},
            "schedule",
            "only for type schedule",
        ),
        (
            {"type": "schedule", "schedule": "0 2 * * *", "condition": "file_ready"},
            "condition",
            "expected time_based",
        ),
        (
            {"type": "schedule", "schedule": "0 2 * * *", "configuration": {"timezone": "Mars"}},
            "configuration.timezone",
            "IANA time zone",
        ),
        (
            {"type": "schedule", "schedule": "0 2 * * *", "configuration": {"location": "x"}},
            "configuration.location",
            "is not for type schedule",
        ),
    ],
)
def test_a_trigger_that_is_wrong_is_told(trigger: dict[str, Any], field: str, words: str) -> None:
    problems = told(triggers=[{"name": "t"} | trigger])
    assert list(problems) == [f"triggers[0].{field}"]
    assert words in problems[f"triggers[0].{field}"]


def test_alerts_have_names_of_their_own() -> None:
    alert = {"name": "late", "condition": "execution_time > 2 hours"}
    assert list(told(alerting={"alerts": [alert, alert]})) == ["alerting.alerts[1].name"]
