"""Each line that dbt writes becomes a typed event, and no line is an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project
from controlplane.dbt.artifacts import read_manifest, read_run_results, results_of
from controlplane.dbt.events import Event, LogLine, NodeFinished, NodeStarted, parse_event
from controlplane.dbt.process import Ending, run_dbt

# Every kind of node ends in every way.
FILES = {
    "seeds/colours.csv": "id,name\n1,red\n2,blue\n",
    "models/bronze/raw_colours.sql": "select * from {{ ref('colours') }}",
    "models/silver/broken.sql": "select nothing from {{ ref('raw_colours') }}",
    "models/silver/after_broken.sql": "select * from {{ ref('broken') }}",
    "models/silver/good.sql": "select id, name from {{ ref('raw_colours') }}",
    "models/silver/good.yml": """\
models:
  - name: good
    columns:
      - name: id
        data_tests: [unique]
      - name: name
        data_tests:
          - accepted_values:
              arguments: {values: [red]}
          - not_null:
              config: {severity: warn, error_if: ">100", warn_if: ">=0"}
unit_tests:
  - name: keeps_the_name
    model: good
    given:
      - input: ref('raw_colours')
        rows: [{id: 1, name: green}]
    expect:
      rows: [{id: 1, name: green}]
""",
}
STATUSES = {
    "colours": "success",
    "raw_colours": "success",
    "broken": "error",
    "after_broken": "skipped",
    "good": "success",
    "unique_good_id": "pass",
    "accepted_values_good_name__red": "fail",
    "not_null_good_name": "warn",
    "keeps_the_name": "pass",
}


def test_a_real_build_announces_each_node_as_its_artifact_records_it(
    make_project: Callable[[Mapping[str, str]], Project], tmp_path: Path
) -> None:
    events: list[Event] = []
    run = run_dbt(
        make_project(FILES), "build", target_path=tmp_path / "target", on_event=events.append
    )

    assert (run.exit_code, run.ending) == (1, Ending.ITSELF)
    manifest = read_manifest(run.manifest_path)
    results = read_run_results(run.run_results_path)
    assert manifest is not None
    assert results is not None
    names = {key: node.name for key, node in manifest.nodes.items()}
    finished = [event for event in events if isinstance(event, NodeFinished)]
    assert {names[event.unique_id]: event.status for event in finished} == STATUSES
    assert {names[key]: each.status for key, each in results.results.items()} == STATUSES
    assert {event.unique_id: event for event in finished} == run.nodes
    assert {event.total for event in finished} == {len(STATUSES)}
    assert sorted(event.index for event in finished) == list(range(1, len(STATUSES) + 1))

    started = {event.unique_id for event in events if isinstance(event, NodeStarted)}
    ran = {event.unique_id for event in finished if event.status != "skipped"}
    assert started == ran
    for event in finished:
        positions = [
            index
            for index, each in enumerate(events)
            if isinstance(each, (NodeStarted, NodeFinished)) and each.unique_id == event.unique_id
        ]
        assert len(positions) == (1 if event.status == "skipped" else 2)

    failed = next(event for event in finished if event.status == "fail")
    assert failed.failures == 1
    assert 'Referenced column "nothing" not found' in run.error
    broken = results_of(run)["model.shop.broken"]
    assert broken.compiled_path is not None
    assert "select nothing" in Path(broken.compiled_path).read_text(encoding="utf-8")


def line(name: str, data: Mapping[str, Any], level: str = "info", msg: str = "text") -> str:
    return json.dumps({"info": {"name": name, "level": level, "msg": msg}, "data": data})


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("no JSON", LogLine("info", "no JSON")),
        ("[1, 2]", LogLine("info", "[1, 2]")),
        ('{"info": 3}', LogLine("info", '{"info": 3}')),
        (line("Whatever", {}, level="warn"), LogLine("warn", "text", "Whatever")),
        (
            line("LogModelResult", {"index": 1, "total": 2, "status": "OK"}),
            LogLine("info", "text", "LogModelResult"),
        ),
        (
            line(
                "LogSkipBecauseError",
                {"index": 3, "total": 4, "node_info": {"unique_id": "model.a.b"}},
            ),
            NodeFinished("model.a.b", "skipped", 0.0, 3, 4, "text"),
        ),
    ],
)
def test_a_line_that_is_unknown_or_damaged_is_kept_as_it_stands(text: str, event: Event) -> None:
    assert parse_event(text) == event
