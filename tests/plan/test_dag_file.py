"""What is kept between plans is used for as long as dbt would read the same, and no longer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import load_project
from controlplane.dbt.dag_file import load_dag
from controlplane.dbt.files import scan


def dag_file(shop: Any) -> Path:
    path: Path = shop.project.root / ".databank/dbt/dev/dag.json"
    return path


def test_a_file_whose_time_changed_and_content_did_not_needs_no_dbt(shop: Any) -> None:
    path = shop.project.root / "models/silver/clean_orders.sql"
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert not shop.plan().started_dbt
    saved = load_dag(dag_file(shop))
    assert saved is not None
    file = saved.files.files["models/silver/clean_orders.sql"]
    assert file.modified_ns == 1_600_000_000_000_000_000


def test_a_change_that_keeps_size_and_time_is_found_when_it_comes_at_once(shop: Any) -> None:
    path = shop.project.root / "macros/once.sql"
    text = path.read_text(encoding="utf-8")
    shop.write("macros/once.sql", text.replace("{{ x }}", "{{x  }}"))
    stat = path.stat()
    assert shop.plan().started_dbt
    shop.write("macros/once.sql", text.replace("{{ x }}", "{{  x}}"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size
    assert shop.plan().started_dbt


@pytest.mark.parametrize("name", ["models/new.sql", "seeds/new.csv", "models/deep/er/new.yml"])
def test_a_new_file_is_found_and_so_is_its_end(shop: Any, name: str) -> None:
    before = scan(shop.project).hashes
    content = {".sql": "select 1 as id", ".csv": "id\n1\n", ".yml": "models: []\n"}
    shop.write(name, content[Path(name).suffix])
    assert shop.plan().started_dbt
    assert not shop.plan().started_dbt
    (shop.project.root / name).unlink()
    assert scan(shop.project).hashes == before
    assert shop.plan().started_dbt


def test_files_that_dbt_does_not_read_do_not_matter(shop: Any) -> None:
    for name in ("README.md", "specs/etl/orders.yml", "target/x.sql", "models/notes.txt"):
        shop.write(name, "anything")
    assert not shop.plan().started_dbt


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 0}', '{"version": 1}'])
def test_a_damaged_file_costs_a_parse_and_nothing_else(shop: Any, content: str) -> None:
    dag_file(shop).write_text(content, encoding="utf-8")
    plan = shop.plan()
    assert plan.started_dbt
    assert not plan.to_build
    assert not shop.plan().started_dbt


def test_a_parse_from_nothing_and_one_that_goes_on_agree(shop: Any) -> None:
    def nodes() -> Any:
        return json.loads(dag_file(shop).read_text(encoding="utf-8"))["nodes"]

    before = nodes()
    shop.change("models/silver/clean_orders.sql", "select id", "select id ")
    shop.change("macros/twice.sql", "2 *", "2  *")
    shop.plan()
    went_on = nodes()
    assert went_on != before
    for path in (dag_file(shop), dag_file(shop).with_name("partial_parse.msgpack")):
        path.unlink()
    shop.plan()
    assert nodes() == went_on


def test_another_target_has_a_dag_of_its_own(shop: Any) -> None:
    from dataclasses import replace

    from controlplane.dbt.process import dbt_dir

    other = replace(shop.project, target=replace(shop.project.target, name="other"))
    assert dbt_dir(other) != dbt_dir(shop.project)


def test_no_folder_is_left_of_what_dbt_wrote_to_answer(shop: Any) -> None:
    shop.change("macros/twice.sql", "2 *", "2  *")
    shop.plan(select=["silver"])
    left = {path.name for path in dag_file(shop).parent.iterdir()}
    assert left == {"dag.json", "partial_parse.msgpack"}


def test_prose_about_a_call_is_no_computed_name(shop: Any) -> None:
    shop.write("macros/prose.sql", "{# What env_var() gives is no secret. #}")
    assert shop.plan().started_dbt
    assert not shop.plan().started_dbt


def test_the_project_that_ships_need_not_be_parsed_again() -> None:
    project = load_project(Path(__file__).parents[2], environment={})
    assert None not in scan(project).variables
