"""A run keeps the lineage of the warehouse as its models are: new, changed, gone, after a crash."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.targets import MissingRelationError, Target

ROOT = Path(__file__).parents[2]
PARTS = ("models/metadata/neural_data_lineage.sql", "models/metadata/neural_data_lineage.yml")
FILES = {
    "seeds/people.csv": "id,name,city\n1,Ada,Turin\n2,Bo,Turin\n",
    "models/silver/clean_people.sql": "select id, upper(name) as name, city from {{ ref('people') }}",
    "models/silver/shared_people.sql": (
        "{{ config(materialized='ephemeral') }} select * from {{ ref('clean_people') }}"
    ),
    "models/gold/people_by_city.sql": (
        "select city, count(*) as people, max(name) as last_name"
        " from {{ ref('shared_people') }} group by city"
    ),
    "models/gold/cities_dim.sql": "select distinct city as city_name from {{ ref('clean_people') }}",
}
CLEAN = {
    ("raw.people", None, None, "table"),
    ("raw.people", "id", "id", "copy"),
    ("raw.people", "name", "name", "expression"),
    ("raw.people", "city", "city", "copy"),
}
BY_CITY = {
    ("silver.clean_people", None, None, "table"),
    ("silver.clean_people", "city", "city", "copy"),
    ("silver.clean_people", None, "people", "aggregation"),
    ("silver.clean_people", "name", "last_name", "aggregation"),
}
# A process that kills itself right before, or right after, the edges are committed.
KILLED = """\
import os, signal
from controlplane.__main__ import main
from controlplane.load import batch
real = batch.write_batch
def write_batch(*arguments):
    if {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
batch.write_batch = write_batch
main(["run"])
"""


@dataclass
class People:
    """The project on a target."""

    root: Path
    target: Target
    environment: dict[str, str]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments: str) -> dict[str, Any]:
        """What a run did, which ended well."""
        done = self.call("-m", "controlplane", "run", "-o", "json", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def edges(self, table: str) -> set[tuple[Any, ...]]:
        return set(
            self.target.query(
                "select source_table, source_column, target_column, transformation_type"
                " from metadata.neural_data_lineage where target_table = ?",
                (table,),
            )
        )

    def batches(self) -> list[Any]:
        query = "select batch_id from raw._loads where raw_table = '_lineage' order by batch_id"
        try:
            return [batch for (batch,) in self.target.query(query)]
        except MissingRelationError:
            return []

    def batch_times(self, table: str) -> set[Any]:
        query = "select created_at from metadata.neural_data_lineage where target_table = ?"
        return {created_at for (created_at,) in self.target.query(query, (table,))}

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def warnings(self, job: str) -> str:
        done = self.call("-m", "controlplane", "job", "logs", job)
        assert done.returncode == 0, done.stderr
        return "\n".join(line for line in done.stdout.splitlines() if "warning" in line.lower())


MakePeople = Callable[[str], People]


@pytest.fixture
def make_people(make_warehouse: Callable[..., Any]) -> MakePeople:
    """Makes the project on a target; nothing is built yet."""

    def make(target: str) -> People:
        made = make_warehouse(target)
        root = made.project.root
        environment = {
            **made.project.environment,
            "DATABANK_TARGET": target,
            "DATABANK_DUCKDB_PATH": "warehouse.duckdb",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONPATH": str(ROOT),
        }
        people = People(root, made.target, environment)
        for name in PARTS:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        for name, text in FILES.items():
            people.write(name, text)
        return people

    return make


def names(result: dict[str, Any]) -> list[str]:
    return sorted(node["name"] for node in result["nodes"] if node["resource_type"] == "model")


@pytest.mark.slow
@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def test_edges_follow_the_models(target: str, make_people: MakePeople) -> None:
    people = make_people(target)
    first = people.run()
    every = ["cities_dim", "clean_people", "neural_data_lineage", "people_by_city"]
    assert names(first) == every
    assert all(node["status"] in ("success", "pass") for node in first["nodes"])
    assert people.edges("silver.clean_people") == CLEAN
    assert people.edges("gold.people_by_city") == BY_CITY
    assert people.edges("metadata.neural_data_lineage")

    # Nothing to do: nothing is asked, loaded or built.
    assert people.run()["nodes"] == []
    # The same code again, from nothing or not, has the edges that are there.
    people.run("--full-refresh")
    assert people.batches() == [1]
    before = people.batch_times("gold.cities_dim")

    # A model changes, and what reads it gets its new columns; the others stay as they were.
    people.write(
        "models/silver/clean_people.sql",
        "select id, name as full_name, cast(city as varchar) as city, name from {{ ref('people') }}",
    )
    changed = people.run()
    assert [node["name"] for node in changed["nodes"]].count("neural_data_lineage") == 1
    assert ("raw.people", "name", "full_name", "rename") in people.edges("silver.clean_people")
    assert ("raw.people", "name", "name", "copy") in people.edges("silver.clean_people")
    assert people.batches() == [1, 2]
    assert people.batch_times("metadata.neural_data_lineage") == before
    assert not people.batch_times("silver.clean_people") & before

    # A model that is gone has no edges, although nothing else is to be built.
    (people.root / "models/gold/cities_dim.sql").unlink()
    assert names(people.run()) == ["neural_data_lineage"]
    assert people.edges("gold.cities_dim") == set()
    assert people.edges("gold.people_by_city") == BY_CITY
    assert people.run()["nodes"] == []
    assert people.batches() == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False])
def test_a_run_that_was_killed_at_the_edges_is_caught_up_with(
    before: bool, make_people: MakePeople
) -> None:
    """Right before they are committed they are traced again; right after, they are found."""
    people = make_people("duckdb")
    killed = people.call("-c", KILLED.format(before=before))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert people.batches() == ([] if before else [1])
    result = people.run()
    assert "neural_data_lineage" in names(result)
    assert people.edges("silver.clean_people") == CLEAN
    assert people.edges("gold.people_by_city") == BY_CITY
    assert people.batches() == [1]
    assert people.run()["nodes"] == []


@pytest.mark.slow
def test_a_warehouse_that_was_lost_gets_its_lineage_again(make_people: MakePeople) -> None:
    """What the state store remembers of it is not trusted without the batch."""
    people = make_people("duckdb")
    people.run()
    (people.root / "warehouse.duckdb").unlink()
    people.run()
    assert people.edges("gold.people_by_city") == BY_CITY


@pytest.mark.slow
def test_a_model_that_cannot_be_traced_has_its_tables_and_a_warning(
    make_people: MakePeople,
) -> None:
    people = make_people("duckdb")
    people.write(
        "models/gold/cities_dim.sql",
        "select columns('city|name') from {{ ref('clean_people') }}",
    )
    result = people.run()
    assert people.edges("gold.cities_dim") == {("silver.clean_people", None, None, "table")}
    assert people.edges("gold.people_by_city") == BY_CITY
    assert "model.databank.cities_dim" in people.warnings(result["job"])
    assert people.run()["nodes"] == []


@pytest.mark.slow
def test_what_is_not_asked_for_is_not_built(make_people: MakePeople) -> None:
    """The edges are loaded all the same, and the next full run builds what reads them."""
    people = make_people("duckdb")
    assert names(people.run("--select", "+clean_people")) == ["clean_people"]
    assert people.batches() == [1]
    people.run()
    assert people.edges("silver.clean_people") == CLEAN


@pytest.mark.slow
def test_dbt_alone_builds_an_empty_lineage(make_people: MakePeople) -> None:
    people = make_people("duckdb")
    done = people.call("-m", "dbt.cli.main", "build", "--profiles-dir", ".")
    assert done.returncode == 0, done.stdout
    assert people.target.query("select count(*) from metadata.neural_data_lineage") == [(0,)]


@pytest.mark.slow
def test_the_command_answers_from_the_warehouse(make_people: MakePeople) -> None:
    people = make_people("duckdb")

    def lineage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return people.call("-m", "controlplane", "lineage", *arguments)

    early = lineage()
    assert early.returncode == 2
    assert "no lineage yet" in early.stderr
    assert "databank run" in early.stderr
    people.run()

    column = lineage("people_by_city.last_name", "--upstream", "-o", "json")
    links = json.loads(column.stdout)["links"]
    assert [(link["distance"], link["source_table"], link["source_column"]) for link in links] == [
        (1, "silver.clean_people", "name"),
        (2, "raw.people", "name"),
    ]
    table = json.loads(lineage("raw.people", "--downstream", "-o", "json").stdout)["links"]
    assert [(link["distance"], link["target_table"]) for link in table] == [
        (1, "silver.clean_people"),
        (2, "gold.cities_dim"),
        (2, "gold.people_by_city"),
    ]
    assert "raw.people.name" in lineage("clean_people.name").stdout
    assert "raw -> silver" in lineage().stdout
    unknown = lineage("people_by_town")
    assert unknown.returncode == 2
    assert "Did you mean 'people_by_city'?" in unknown.stderr
    missing = lineage("people_by_city.first_name")
    assert missing.returncode == 2
    assert "has: city, last_name, people" in missing.stderr
