"""Whose a file is: what moves between processes, what people keep, what cannot be read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.config import Project
from controlplane.errors import DatabankError, SourceError, SpecError
from controlplane.generate import Generation, check_specs, generate, record
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import read_etl_specs
from controlplane.specs.source_schema import SourceColumn, SourceSchema

SCHEMA = SourceSchema(tuple(SourceColumn(name, name, "text") for name in ("id", "name")))
COUNT = {"name": "how_many", "function": "count"}
GOLD = "models/gold/how_many.sql"


def describe(_: EtlProcess, __: frozenset[str]) -> SourceSchema:
    """Every source looks the same."""
    return SCHEMA


@pytest.fixture
def project(make_warehouse: Callable[..., Any]) -> Project:
    """A project without specs."""
    found: Project = make_warehouse("duckdb").project
    return found


def put(project: Project, file: str, **blocks: Any) -> Path:
    """Write a spec; its name is the file's unless it is given."""
    spec = {
        "name": file,
        "type": "full",
        "source_config": {"source_type": "csv", "path": f"{file}.csv"},
        **blocks,
    }
    path = project.specs_dir / "etl" / f"{file}.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def made(project: Project, **options: Any) -> dict[str, str]:
    """Generate; path to action of all that is not unchanged."""
    done: Generation = generate(project, describe, **options)
    return {change.path: change.action for change in done.changes if change.action != "unchanged"}


def recorded(project: Project) -> dict[str, list[str]]:
    """The files that each record names."""
    return {
        path.stem: sorted(json.loads(path.read_text(encoding="utf-8"))["files"])
        for path in (project.specs_dir / record.FOLDER).glob("*.json")
    }


@pytest.mark.parametrize(("giver", "taker"), [("first", "second"), ("second", "first")])
def test_a_model_that_moves_to_another_process_keeps_what_people_wrote(
    project: Project, giver: str, taker: str
) -> None:
    put(project, giver, transform_config={"aggregations": [COUNT]})
    put(project, taker)
    made(project)
    path = project.root / GOLD
    path.write_text(path.read_text(encoding="utf-8") + "-- Mine.\n", encoding="utf-8")
    put(project, giver)
    put(project, taker, transform_config={"aggregations": [COUNT]})
    done = made(project)
    assert done[GOLD] == "merge"
    text = path.read_text(encoding="utf-8")
    assert text.endswith("-- Mine.\n")
    assert f"ref('{taker}')" in text
    assert GOLD in recorded(project)[taker]
    assert GOLD not in recorded(project)[giver]
    assert made(project) == {}


def test_a_process_under_another_name_keeps_its_files(project: Project) -> None:
    put(project, "orders", target_config={"table_name": "sales"})
    made(project)
    silver = project.root / "models/silver/sales.sql"
    silver.write_text(silver.read_text(encoding="utf-8") + "-- Mine.\n", encoding="utf-8")
    put(project, "orders", name="Web orders", target_config={"table_name": "sales"})
    done = made(project)
    assert "conflict" not in done.values()
    assert "delete" not in done.values()
    assert silver.read_text(encoding="utf-8").endswith("-- Mine.\n")
    assert sorted(recorded(project)) == ["_shared", "web_orders"]
    assert made(project) == {}


def test_a_spec_in_another_file_changes_only_the_line_that_names_it(project: Project) -> None:
    old = put(project, "orders")
    made(project)
    old.rename(old.with_name("web_orders.json"))
    assert set(made(project).values()) == {"update"}
    assert made(project) == {}


def test_a_kept_conflict_is_settled_for_good(project: Project) -> None:
    path = project.root / "models/silver/orders.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("select 1 as mine\n", encoding="utf-8")
    put(project, "orders")
    assert made(project)["models/silver/orders.sql"] == "conflict"
    assert made(project)["models/silver/orders.sql"] == "conflict"
    assert made(project, keep=["models/silver/orders.sql"]) == {}
    assert made(project) == {}
    assert path.read_text(encoding="utf-8") == "select 1 as mine\n"
    with pytest.raises(DatabankError, match=r"'models/silver/orders.sql' is in no conflict"):
        made(project, keep=["models/silver/orders.sql"])


def test_a_file_that_is_no_text_stops_everything_with_its_name(project: Project) -> None:
    put(project, "orders")
    made(project)
    (project.root / "models/silver/orders.sql").write_bytes(b"select 1\n\xff\n")
    with pytest.raises(DatabankError, match=r"orders\.sql:2: is not UTF-8 text"):
        made(project)


def test_line_ends_of_an_edited_file_stay_those_it_has(project: Project) -> None:
    put(project, "orders")
    made(project)
    path = project.root / "models/silver/orders_checked.sql"
    path.write_bytes(b"-- Mine.\r\n" + path.read_bytes().replace(b"\n", b"\r\n"))
    put(project, "orders", error_handling={"error_action": "skip", "error_threshold": 3})
    assert made(project)["models/silver/orders_checked.sql"] == "merge"
    content = path.read_bytes()
    assert content.startswith(b"-- Mine.\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert b"skipped_batches" in content


def test_a_process_is_generated_again_when_a_table_that_it_joins_changes(
    project: Project,
) -> None:
    join = {
        "name": "orders_with_shops",
        "type": "left",
        "left_table": "orders",
        "right_table": "shops",
        "condition": "orders.id = shops.id",
    }
    put(project, "shops")
    put(project, "orders", transform_config={"joins": [join]})
    put(project, "other")
    made(project)
    put(
        project,
        "shops",
        transform_config={
            "transformations": [
                {
                    "name": "loud",
                    "type": "transform",
                    "expression": "upper(name)",
                    "parameters": {"column": "loud_name"},
                }
            ]
        },
    )
    done = made(project)
    assert done["models/silver/orders_with_shops.sql"] == "update"
    assert "loud_name" in (project.root / "models/silver/orders_with_shops.sql").read_text()
    assert not any("other" in path for path in done)
    (project.specs_dir / "etl" / "shops.json").unlink()
    with pytest.raises(SpecError, match=r"orders\.json:\d+: .*right_table: no table 'shops'"):
        made(project)


def test_two_new_specs_that_do_not_go_together_are_refused(project: Project) -> None:
    put(project, "first")
    made(project)
    put(project, "second", target_config={"table_name": "same"})
    put(project, "third", target_config={"table_name": "same"})
    with pytest.raises(SpecError, match="writes the table 'same'"):
        made(project)
    assert not (project.root / "models/silver/same.sql").exists()


def test_specs_are_checked_as_far_as_their_sources_are_on_record(project: Project) -> None:
    put(project, "shops")
    put(project, "orders")
    made(project)
    filtered = {"name": "x", "type": "filter", "expression": "nmae = 'a'"}
    put(project, "orders", transform_config={"transformations": [filtered]})
    put(project, "unseen", transform_config={"transformations": [filtered]})
    put(
        project,
        "joining",
        transform_config={
            "joins": [
                {
                    "name": "joined_shops",
                    "type": "left",
                    "left_table": "joining",
                    "right_table": "unseen",
                    "condition": "joining.id = unseen.id",
                }
            ]
        },
    )
    problems = check_specs(project, read_etl_specs(project.root))
    assert [(problem.file, problem.field) for problem in problems] == [
        ("specs/etl/orders.json", "transform_config.transformations[0].expression")
    ]


def test_the_command_shows_conflicts_and_exits_with_failure(project: Project) -> None:
    (project.root / "orders.csv").write_text("id,name\n1,a\n", encoding="utf-8")
    put(project, "orders")

    def databank(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "controlplane", "generate", *arguments],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=False,
        )

    assert databank("--check").returncode == 1
    assert not (project.root / "models/silver/orders.sql").exists()
    assert databank().returncode == 0
    assert databank("--check").returncode == 0
    path = project.root / "models/silver/orders.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("_outcome = 'accepted'", "_outcome = 'mine'"), encoding="utf-8")
    put(project, "orders", target_config={"load_strategy": "append"})
    done = databank()
    assert done.returncode == 1
    assert "Conflict: models/silver/orders.sql" in done.stderr
    assert "+        {% if is_incremental() %}" in done.stderr
    assert databank("--keep", "models/silver/orders.sql").returncode == 0
    assert databank("--check").returncode == 0
    assert "'mine'" in path.read_text(encoding="utf-8")
    assert databank("--keep", "models/silver/orders.sql").returncode == 2


# --- what others read -----------------------------------------------------------------------------


def append(project: Project, path: str, text: str) -> None:
    """Add to a file by hand, or write one."""
    file = project.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    file.write_text(before + text, encoding="utf-8")


def notes(project: Project, **options: Any) -> dict[str, str]:
    """Generate; path to note of all that is kept."""
    done: Generation = generate(project, describe, **options)
    return {change.path: change.note for change in done.changes if change.action == "keep"}


def missing(project: Project) -> set[str]:
    """What models refer to that is not there, or is there twice, as dbt would see it."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in project.models_dir.rglob("*")
        if path.is_file()
    }
    models = [path.stem for path in texts if path.suffix == ".sql"]
    tables = [
        table["name"]
        for path, text in texts.items()
        if path.suffix == ".yml"
        for source in yaml.safe_load(text).get("sources", [])
        for table in source["tables"]
    ]
    every = "".join(text for path, text in texts.items() if path.suffix == ".sql")
    found = set(re.findall(r"ref\('(\w+)'\)", every)) - set(models)
    found |= set(re.findall(r"source\('raw', '(\w+)'\)", every)) - set(tables)
    return found | {name for name in tables if tables.count(name) > 1}


@pytest.mark.parametrize("change", ["the spec is removed", "the table is renamed"])
def test_what_an_edited_model_reads_is_not_removed_under_it(project: Project, change: str) -> None:
    silver = "models/silver/c.sql"
    spec = put(project, "shop", target_config={"table_name": "c"})
    put(project, "other")
    made(project)
    before = {path.name for path in project.models_dir.rglob("*c*.*")}
    append(project, silver, "-- Mine.\n")
    if change == "the spec is removed":
        spec.unlink()
    else:
        put(project, "shop", target_config={"table_name": "d"})
    for write in (False, True):
        kept = notes(project, write=write)
    assert kept.pop(silver) == "edited by hand, and no spec asks for it"
    assert set(kept.values()) == {f"{silver}, edited by hand, reads it"}
    assert {"models/silver/c_checked.sql", "models/bronze/raw_c.sql"} <= kept.keys()
    assert missing(project) == set()
    assert {"c.sql", "c.yml", "c_checked.sql", "c_checked.yml", "raw_c.sql"} <= before
    # It stays so, and it is said again: the models are on record still.
    assert set(notes(project)) == set(kept)
    assert missing(project) == set()
    assert "keep" in made(project, write=False).values()
    # Nobody reads them any more: they go.
    (project.root / silver).unlink()
    assert set(made(project).values()) == {"delete"}
    assert not list(project.models_dir.rglob("c*.sql"))
    assert made(project) == {}


def test_what_nothing_reads_goes_with_its_spec_although_a_neighbour_stays(project: Project) -> None:
    spec = put(project, "shop", transform_config={"aggregations": [COUNT]})
    put(project, "other")
    made(project)
    append(project, "models/bronze/raw_shop.sql", "-- Mine.\n")
    spec.unlink()
    done = made(project)
    assert {path for path, action in done.items() if action == "keep"} == {
        "models/bronze/raw_shop.sql",
        "models/bronze/raw_shop.yml",
    }
    assert done[GOLD] == done["models/silver/shop.sql"] == "delete"
    assert missing(project) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("models/gold/mine.sql", "select * from {{ ref('shop') }}\n"),
        ("models/gold/mine.sql", 'select * from {{ ref("databank", "shop") }}\n'),
        ("models/gold/mine.yml", "exposures:\n  - name: x\n    depends_on: [ref('shop')]\n"),
        ("tests/data_tests/mine.sql", "select * from {{ ref( 'shop' ) }} where false\n"),
    ],
)
def test_what_a_hand_written_file_reads_stays(project: Project, path: str, text: str) -> None:
    spec = put(project, "shop", transform_config={"aggregations": [COUNT]})
    made(project)
    append(project, path, text)
    spec.unlink()
    kept = notes(project)
    assert kept["models/silver/shop.sql"] == f"{path} reads it"
    assert {"models/silver/shop_checked.sql", "models/bronze/raw_shop.yml"} <= kept.keys()
    assert GOLD not in kept
    (project.root / path).unlink()
    assert set(made(project).values()) == {"delete"}
    assert not list(project.models_dir.rglob("*.sql"))


def test_the_source_of_a_bronze_model_that_a_person_reads_stays(project: Project) -> None:
    spec = put(project, "shop")
    put(project, "other")
    made(project)
    append(project, "models/gold/mine.sql", "select * from {{ source('raw', 'shop') }}\n")
    spec.unlink()
    assert set(notes(project)) == {"models/bronze/raw_shop.sql", "models/bronze/raw_shop.yml"}
    assert missing(project) == set()


def test_dbt_reads_a_project_in_which_an_edited_model_lost_its_spec(project: Project) -> None:
    put(project, "other")
    put(project, "shop", target_config={"table_name": "c"})
    made(project)
    append(project, "models/silver/c.sql", "-- Mine.\n")
    put(project, "shop", target_config={"table_name": "d"})
    made(project)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "parse", "--profiles-dir", "."],
        cwd=project.root,
        env=dict(project.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- sources that cannot be asked -----------------------------------------------------------------


def test_a_source_that_cannot_be_asked_is_named_and_hides_no_other_fault(
    project: Project, database: Any
) -> None:
    def ask(process: EtlProcess, tables: frozenset[str]) -> SourceSchema:
        from controlplane.load import describe_source

        return describe_source(process, project, known_tables=tables)

    def database_spec(name: str, url: str) -> None:
        source = {"source_type": "postgresql", "connection_string": url, "table": "x"}
        put(project, name, source_config=source)

    server = database.server
    variables = {"RIGHT": server.password, "WRONG": "not-the-one"}
    project = replace(project, environment={**project.environment, **variables})
    place = f"{server.host}:{server.port}"
    database_spec("password", f"postgres://{server.user}:{{{{ env_var('WRONG') }}}}@{place}/x")
    database_spec("missing", f"postgres://{server.user}:{{{{ env_var('RIGHT') }}}}@{place}/no_such")
    database_spec("variable", "postgres://u:{{ env_var('NOT_SET') }}@127.0.0.1:1/x")
    with pytest.raises(SourceError) as error:
        generate(project, ask)
    lines = str(error.value).splitlines()
    assert [line.partition(": ")[0] for line in lines[:3]] == [
        "specs/etl/missing.json:1",
        "specs/etl/password.json:1",
        "specs/etl/variable.json:1",
    ]
    assert "source_config: " in lines[0]
    assert '"no_such" does not exist' in lines[0]
    assert "password authentication failed" in lines[1]
    assert "NOT_SET is not set" in lines[2]
    assert "set NOT_SET" in "".join(lines[3:])
    assert "not-the-one" not in str(error.value)
    project.root.joinpath("faulty.csv").write_text("id,name\n1,x\n", encoding="utf-8")
    put(project, "faulty", target_config={"unique_key": ["nmae"]})
    with pytest.raises(SpecError) as faults:
        generate(project, ask)
    assert {problem.file for problem in faults.value.problems} == {
        f"specs/etl/{name}.json" for name in ("missing", "password", "variable", "faulty")
    }
