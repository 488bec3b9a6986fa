"""What the process of dbt leaves out is missed by nobody."""

from __future__ import annotations

import io
from typing import Any

import pytest

from controlplane.dbt import child


@pytest.fixture
def plain_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt is loaded, and what the test does to it is undone."""
    # Loaded here, because that takes a second; and in this order, because dbt's modules are a circle.
    from dbt_common.events import logger
    from mashumaro.jsonschema import schema

    monkeypatch.setattr(logger._Logger, "write_line", logger._Logger.write_line)
    monkeypatch.setattr(schema, "_default", vars(schema)["_default"])


def logged(level: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """What a log of this level gets of some events, and how many lines were made for it."""
    from dbt_common.events import event_manager, logger, types
    from dbt_common.events.base_types import EventLevel

    stream, made = io.StringIO(), 0
    create_line = logger._JsonLogger.create_line

    def counted(self: Any, event: Any) -> str:
        nonlocal made
        made += 1
        return create_line(self, event)

    manager = event_manager.EventManager()
    manager.add_logger(
        logger.LoggerConfig(
            name="log_of_a_test",
            line_format=logger.LineFormat.Json,
            level=EventLevel(level),
            output_stream=stream,
            scrubber=str,
        )
    )
    with monkeypatch.context() as patch:
        patch.setattr(logger._JsonLogger, "create_line", counted)
        manager.fire_event(types.Note(msg="of no interest"), level=EventLevel.DEBUG)
        manager.fire_event(types.Note(msg="read by people"), level=EventLevel.INFO)
        manager.fire_event(types.PrintEvent(msg="printed by a macro"), level=EventLevel.DEBUG)
        manager.fire_event(types.Note(msg="wrong"), level=EventLevel.ERROR)
    return [
        line.partition('"msg": "')[2].partition('"')[0] for line in stream.getvalue().splitlines()
    ], made


@pytest.mark.usefixtures("plain_dbt")
@pytest.mark.parametrize(
    ("level", "messages"),
    [
        ("debug", ["of no interest", "read by people", "printed by a macro", "wrong"]),
        ("info", ["read by people", "printed by a macro", "wrong"]),
        ("error", ["printed by a macro", "wrong"]),
    ],
)
def test_a_log_holds_what_its_level_asks_for_and_no_debug_line_is_made_in_vain(
    level: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert logged(level, monkeypatch) == (messages, 4)
    child._leave_out_what_nobody_reads()
    assert logged(level, monkeypatch) == (messages, 4 if level == "debug" else 3)


@pytest.mark.usefixtures("plain_dbt")
def test_files_are_checked_by_the_same_schemas() -> None:
    from dbt.contracts.graph.unparsed import UnparsedModelUpdate
    from dbt.contracts.project import ProfileConfig, Project
    from mashumaro.jsonschema import build_json_schema

    classes = (Project, ProfileConfig, UnparsedModelUpdate)
    before = [build_json_schema(each).to_dict() for each in classes]
    child._leave_out_what_nobody_reads()
    assert [build_json_schema(each).to_dict() for each in classes] == before
