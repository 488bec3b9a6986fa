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
    from dbt_common.events import base_types, event_manager
    from mashumaro.jsonschema import schema

    for name in ("__init__", "__getattr__", "__setattr__"):
        monkeypatch.setattr(base_types.BaseEvent, name, vars(base_types.BaseEvent)[name])
    fire_event = event_manager.EventManager.fire_event
    monkeypatch.setattr(event_manager.EventManager, "fire_event", fire_event)
    monkeypatch.setattr(schema, "_default", vars(schema)["_default"])


def logged(level: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """What a log of this level gets of some events, and how many messages were made for it."""
    from dbt.tracking import track_behavior_change_warn
    from dbt_common.events import event_manager, logger, types
    from dbt_common.events.base_types import EventLevel, msg_from_base_event

    stream, made = io.StringIO(), 0

    def counted(event: Any, level: Any = None) -> Any:
        nonlocal made
        made += 1
        return msg_from_base_event(event, level)

    manager = event_manager.EventManager()
    manager.add_callback(track_behavior_change_warn)
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
        patch.setattr(event_manager, "msg_from_base_event", counted)
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
def test_a_log_holds_what_its_level_asks_for_and_no_message_is_made_in_vain(
    level: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert logged(level, monkeypatch) == (messages, 4)
    child._leave_out_what_nobody_reads()
    assert logged(level, monkeypatch) == (messages, 4 if level == "debug" else 3)


@pytest.mark.usefixtures("plain_dbt")
def test_whoever_listens_hears_of_everything() -> None:
    from dbt_common.events import event_manager, types
    from dbt_common.events.base_types import EventLevel

    child._leave_out_what_nobody_reads()
    heard = []
    manager = event_manager.EventManager()
    manager.add_callback(lambda event: heard.append((event.info.level, event.data.msg)))
    manager.fire_event(types.Note(msg="of no interest"), level=EventLevel.DEBUG)
    assert heard == [("debug", "of no interest")]


@pytest.mark.usefixtures("plain_dbt")
def test_an_event_is_read_and_changed_as_ever() -> None:
    from dbt_common.events import types

    child._leave_out_what_nobody_reads()
    event = types.Note(msg="before")
    assert (event.msg, event.message()) == ("before", "before")
    event.msg = "after"
    assert (event.msg, event.pb_msg.msg) == ("after", "after")
    with pytest.raises(AttributeError):
        _ = event.nothing


@pytest.mark.usefixtures("plain_dbt")
def test_files_are_checked_by_the_same_schemas() -> None:
    from dbt.contracts.graph.unparsed import UnparsedModelUpdate
    from dbt.contracts.project import ProfileConfig, Project
    from mashumaro.jsonschema import build_json_schema

    classes = (Project, ProfileConfig, UnparsedModelUpdate)
    before = [build_json_schema(each).to_dict() for each in classes]
    child._leave_out_what_nobody_reads()
    assert [build_json_schema(each).to_dict() for each in classes] == before
