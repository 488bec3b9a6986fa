"""Regeneration: stable, and what a person changed by hand survives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project
from controlplane.errors import SpecError
from controlplane.generate import Generation, generate, record
from controlplane.specs.etl import EtlProcess
from controlplane.specs.source_schema import SourceColumn, SourceSchema

SCHEMA = SourceSchema(
    tuple(
        SourceColumn(name, name, kind)
        for name, kind in (("id", "bigint"), ("email", "text"), ("amount", "decimal(12,2)"))
    )
)
SILVER = "models/silver/orders.sql"
PROPERTIES = "models/silver/orders.yml"


class Sources:
    """Answers for every source, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.schema = SCHEMA

    def __call__(self, process: EtlProcess, tables: frozenset[str]) -> SourceSchema:
        self.asked += 1
        return self.schema


@pytest.fixture
def sources() -> Sources:
    """What is known of the sources."""
    return Sources()


@pytest.fixture
def project(make_warehouse: Callable[..., Any]) -> Project:
    """A project with one process."""
    made = make_warehouse("duckdb")
    found: Project = made.project
    write_spec(found)
    return found


def write_spec(project: Project, name: str = "orders", **changes: Any) -> None:
    """Put a spec into its file."""
    spec: dict[str, Any] = {
        "name": name,
        "type": "full",
        "source_config": {"source_type": "csv", "path": f"{name}.csv"},
        "target_config": {"load_strategy": "upsert", "unique_key": ["id"]},
        **changes,
    }
    path = project.specs_dir / "etl" / f"{name}.json"
    path.write_text(json.dumps(spec), encoding="utf-8")


def rule(name: str, expression: str) -> dict[str, Any]:
    """A transformation block with one validation rule."""
    found = {"name": name, "type": "range", "expression": expression, "severity": "error"}
    return {"transform_config": {"data_quality": {"validation_rules": [found]}}}


def actions(done: Generation) -> dict[str, str]:
    """Path to action of everything that is not unchanged."""
    return {change.path: change.action for change in done.changes if change.action != "unchanged"}


def files(project: Project) -> dict[str, str]:
    """Every model file with its text."""
    return {
        path.relative_to(project.root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(project.models_dir.rglob("*"))
        if path.is_file()
    }


def edit(project: Project, path: str, old: str, new: str) -> None:
    """Change a file by hand."""
    file = project.root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_same_spec_gives_the_same_bytes_and_writes_nothing(
    project: Project, sources: Sources
) -> None:
    generate(project, sources)
    first = files(project)
    stamps = {path: (project.root / path).stat().st_mtime_ns for path in first}
    assert actions(generate(project, sources)) == {}
    (project.state_dir / "generate.json").unlink()
    assert actions(generate(project, sources)) == {}
    assert files(project) == first
    assert {path: (project.root / path).stat().st_mtime_ns for path in first} == stamps
    assert sources.asked == 1


def test_a_dry_run_writes_nothing_and_says_everything(project: Project, sources: Sources) -> None:
    done = generate(project, sources, write=False)
    assert SILVER in actions(done)
    assert "+select * from final" in next(c.diff() for c in done.changes if c.path == SILVER)
    assert files(project) == {}
    assert not (project.specs_dir / record.FOLDER).exists()


def test_edits_by_hand_survive_in_sql_and_yaml(project: Project, sources: Sources) -> None:
    generate(project, sources)
    edit(project, SILVER, "with records as (", "-- Asked by finance.\n\nwith records as (")
    edit(project, PROPERTIES, '"`email` of the source."', "Where the receipt goes.  # ask legal")
    write_spec(project, **rule("amount_range", ">= 0"))
    done = actions(generate(project, sources))
    assert done[PROPERTIES] == "merge"
    assert "-- Asked by finance.\n\nwith records as (" in files(project)[SILVER]
    described = files(project)[PROPERTIES]
    assert "Where the receipt goes.  # ask legal" in described
    assert "amount" in described
    assert "satisfies" in described
    assert actions(generate(project, sources)) == {}


def test_changes_of_neighbouring_lines_in_yaml_are_merged_by_structure(
    project: Project, sources: Sources
) -> None:
    generate(project, sources)
    edit(
        project,
        PROPERTIES,
        '        description: "`amount` of the source."\n',
        "        description: In US dollars.\n        meta:\n          owner: finance\n",
    )
    write_spec(project, **rule("amount_range", ">= 0"))
    assert actions(generate(project, sources))[PROPERTIES] == "merge"
    described = files(project)[PROPERTIES]
    assert "In US dollars." in described
    assert "owner: finance" in described
    assert "satisfies" in described


def test_a_conflict_is_shown_and_the_file_left_alone(project: Project, sources: Sources) -> None:
    generate(project, sources)
    checked = "models/silver/orders_checked.sql"
    edit(project, checked, "when id is null", "when id is null or id < 0")
    mine = files(project)[checked]
    spec = rule("amount_range", ">= 0")
    spec["target_config"] = {"load_strategy": "upsert", "unique_key": ["email"]}
    write_spec(project, **spec)
    for _ in range(2):
        done = generate(project, sources)
        assert actions(done)[checked] == "conflict"
        assert [change.path for change in done.conflicts] == [checked]
        assert files(project)[checked] == mine


def test_a_model_that_no_spec_asks_for_is_removed_unless_it_was_edited(
    project: Project, sources: Sources
) -> None:
    generate(project, sources)
    (project.root / SILVER).write_text("select 1 as mine\n", encoding="utf-8")
    (project.root / PROPERTIES).unlink()
    (project.specs_dir / "etl" / "orders.json").unlink()
    done = actions(generate(project, sources))
    assert done.pop(SILVER) == "keep"
    assert set(done.values()) == {"delete"}
    assert list(files(project)) == [SILVER]
    assert actions(generate(project, sources)) == {}


def test_a_file_that_was_not_generated_is_never_overwritten(
    project: Project, sources: Sources
) -> None:
    path = project.root / SILVER
    path.parent.mkdir(parents=True)
    path.write_text("select 1 as mine\n", encoding="utf-8")
    done = generate(project, sources)
    assert actions(done)[SILVER] == "conflict"
    assert path.read_text(encoding="utf-8") == "select 1 as mine\n"


def test_line_ends_of_another_system_are_no_edit(project: Project, sources: Sources) -> None:
    generate(project, sources)
    path = project.root / SILVER
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert actions(generate(project, sources)) == {}


def test_a_crash_between_any_two_writes_is_mended_by_the_next_call(
    project: Project, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writing fails at each of its steps in turn; then it is called again."""
    generate(project, sources)
    edit(project, SILVER, "with records as (", "-- Mine.\nwith records as (")
    start = {path: (project.root / path).read_bytes() for path in files(project)}
    kept = {path: path.read_bytes() for path in (project.specs_dir / record.FOLDER).glob("*.json")}
    write_spec(project, **rule("amount_range", ">= 0"))
    generate(project, sources)
    wanted = files(project)
    original = Path.replace
    for step in range(1, 40):
        for path in files(project):
            (project.root / path).unlink()
        for name, content in start.items():
            (project.root / name).write_bytes(content)
        for file, content in kept.items():
            file.write_bytes(content)
        (project.state_dir / "generate.json").unlink(missing_ok=True)
        calls = 0

        def failing(self: Path, target: Path, stop: int = step) -> Path:
            nonlocal calls
            calls += 1
            if calls == stop:
                raise OSError("the machine stops here")
            return original(self, target)

        monkeypatch.setattr(Path, "replace", failing)
        try:
            generate(project, sources)
            ended = True
        except Exception:  # whatever it becomes: the process would be gone
            ended = False
        monkeypatch.setattr(Path, "replace", original)
        generate(project, sources)
        assert files(project) == wanted, f"stopped at write {step}"
        if ended:
            break
    else:
        pytest.fail("there is no end to the writes")
    assert step > 3


def test_what_is_known_of_a_source_is_asked_again_when_the_source_changes(
    project: Project, sources: Sources
) -> None:
    generate(project, sources)
    sources.schema = SourceSchema((*SCHEMA.columns, SourceColumn("note", "note", "text")))
    assert actions(generate(project, sources)) == {}
    assert SILVER in actions(generate(project, sources, refresh=True))
    assert "note" in files(project)[SILVER]
    write_spec(project, source_config={"source_type": "csv", "path": "other.csv"})
    generate(project, sources)
    assert sources.asked == 3


def test_nothing_is_written_when_any_spec_is_wrong(project: Project, sources: Sources) -> None:
    write_spec(project, "returns", **rule("amont_range", ">= 0"))
    with pytest.raises(SpecError) as error:
        generate(project, sources)
    assert files(project) == {}
    message = str(error.value)
    assert "specs/etl/returns.json" in message
    assert "validation_rules[0].name" in message
    assert "id, email, amount" in message


def test_two_specs_that_write_one_model_are_refused_also_when_one_is_in_the_cache(
    project: Project, sources: Sources
) -> None:
    generate(project, sources)
    before = files(project)
    write_spec(
        project,
        "again",
        target_config={"table_name": "orders", "load_strategy": "upsert", "unique_key": ["id"]},
    )
    with pytest.raises(SpecError, match="writes the table 'orders', as does"):
        generate(project, sources)
    assert files(project) == before
