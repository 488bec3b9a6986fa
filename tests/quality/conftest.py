"""A process with a rule of every kind, loaded in batches, judged and built on each target."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project, load_project
from controlplane.state.records import QualityResult
from controlplane.state.store import open_store
from controlplane.targets import Target, open_target
from tests.conftest import PostgresServer

ROOT = Path(__file__).parents[2]
PARTS = ("dbt_project.yml", "profiles.yml", "macros", "tests/data_tests/generic")
# Great Expectations takes seconds to import: the command must do without it unless it is asked.
COMMAND = """
import sys
from controlplane.__main__ import main
try:
    main(sys.argv[1:])
finally:
    if sys.argv[1] != "quality" and "great_expectations" in sys.modules:
        print("Traceback: great_expectations was imported", file=sys.stderr)
"""
PEOPLE: dict[str, Any] = {
    "name": "people",
    "type": "full",
    "source_config": {
        "source_type": "csv",
        "path": "data/people_*.csv",
        "incremental_key": "changed_at",
        "columns": [
            {"name": "person_id", "type": "integer"},
            {"name": "age", "type": "integer"},
            {"name": "born_on", "type": "date"},
            {"name": "changed_at", "type": "timestamp"},
        ],
    },
    "transform_config": {
        "transformations": [
            {"name": "no_tests", "type": "filter", "expression": "name is distinct from 'test'"}
        ],
        "data_quality": {
            "cleaning_rules": [{"name": "email_trim", "type": "trim"}],
            "validation_rules": [
                {"name": "name_present", "type": "not_null"},
                {
                    "name": "born_on_present",
                    "type": "not_null",
                    "parameters": {"column": "born_on"},
                },
                {"name": "age_range", "type": "range", "expression": "between 0 and 120"},
                {
                    "name": "email_format",
                    "type": "regex",
                    "expression": r"^[^@ ]+@[^@ ]+\.[a-z]{2,}$",
                },
                {"name": "phone_length", "type": "length", "expression": "between 3 and 12"},
                {"name": "kind_known", "type": "accepted_values", "expression": "a, b, it's"},
                {"name": "email_once", "type": "unique", "severity": "warning"},
                {
                    "name": "born_before_change",
                    "type": "expression",
                    "expression": "born_on <= cast(changed_at as date) and position('?' in name) = 0",
                },
                {
                    "name": "age_of_adults",
                    "type": "range",
                    "expression": ">= 18",
                    "severity": "warning",
                },
            ],
        },
    },
    "target_config": {"load_strategy": "upsert", "unique_key": ["person_id"]},
    "error_handling": {"error_action": "quarantine", "error_threshold": 4},
}
HEADER = "person_id,name,age,born_on,email,phone,kind,changed_at\n"
FIRST = (
    HEADER
    + "1,Ada,36,1990-01-01,ada@example.org,12345,a,2026-01-01 10:00:00\n"
    + "2,Bob,17,2009-01-01,bob@example.org,12345,b,2026-01-01 10:00:00\n"
    + "3,Cid,200,1990-01-01, cid@example.org ,12345,it's,2026-01-01 10:00:00\n"
    + "4,,30,1990-01-01,n/a,12345,a,2026-01-01 10:00:00\n"
    + "5,Eve,old,1990-02-30,n/a,12345,a,2026-01-01 10:00:00\n"
    + "6,Fay,30,,N/A?,1,c,2026-01-01 10:00:00\n"
    + ",Gus,30,1990-01-01,gus@example.org,12345,a,2026-01-01 10:00:00\n"
    + "8,test,300,1990-01-01,n/a,1,x,2026-01-01 10:00:00\n"
    + "9,Ivy?,30,2030-01-01,ivy@example.org,12345,a,2026-01-01 10:00:00\n"
    + "10,Jan,30,1990-01-01,ada@example.org,12345,a,2026-01-01 10:00:00\n"
    + "11,Kim,30,1990-01-01,kim@example.org,12345,a,2026-01-01 10:00:00,too much\n"
    + "1,Ada,37,1990-01-01,ada@example.org,12345,a,2026-01-02 10:00:00\n"
)
SECOND = (
    HEADER
    + "20,Lea,40,1990-01-01,lea@example.org,12345,a,2026-01-03 10:00:00\n"
    + "21,Max,40,1990-01-01,max@example.org,12345,,2026-01-03 10:00:00\n"
)
WAREHOUSE = {
    "name": "main",
    "type": "olap",
    "storage_config": {"storage_type": "postgresql"},
    "security_config": {"data_masking": {"enabled": True, "sensitive_data": ["Phone"]}},
}


@dataclass(frozen=True)
class Judged:
    """A project on a target, with the command to work on it."""

    project: Project
    target: Target

    def call(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command, ended; whatever came of it, it printed no traceback."""
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=self.project.root,
            env=dict(self.project.environment),
            input=text,
            stdin=None if text is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def answer(self, code: int, *arguments: str, text: str | None = None) -> dict[str, Any]:
        """The JSON answer of the command, which ends with this exit code."""
        done = self.call(*arguments, "-o", "json", text=text)
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def results(self, subject: str) -> list[QualityResult]:
        """What is recorded of a subject, the newest batch first."""
        with open_store(self.project) as store:
            return store.quality(self.project.target.identity, subject)

    def put(self, path: str, content: str | dict[str, Any]) -> None:
        """A file of the project with this content."""
        file = self.project.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")


MakeJudged = Callable[[str], Judged]


@pytest.fixture(scope="session")
def make_empty(
    tmp_path_factory: pytest.TempPathFactory, database_server: PostgresServer
) -> Iterator[MakeJudged]:
    """Makes projects without specs on empty warehouses."""
    databases: list[str] = []

    def make(target: str) -> Judged:
        root = tmp_path_factory.mktemp(f"judged_{target}")
        for part in PARTS:
            source, copy = ROOT / part, root / part
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
        environment["DATABANK_TARGET"] = target
        if target == "postgres":
            server = database_server
            name = f"judged_{os.getpid()}_{len(databases)}"
            server.execute(f"create database {name}")
            databases.append(name)
            environment |= {
                "DATABANK_POSTGRES_HOST": server.host,
                "DATABANK_POSTGRES_PORT": str(server.port),
                "DATABANK_POSTGRES_USER": server.user,
                "DATABANK_POSTGRES_PASSWORD": server.password,
                "DATABANK_POSTGRES_DATABASE": name,
            }
        project = load_project(root, environment=environment)
        return Judged(project, open_target(project.target))

    yield make
    for name in databases:
        database_server.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def make_judged(make_empty: MakeJudged) -> MakeJudged:
    """The people on a target: both batches run, each target once."""
    made: dict[str, Judged] = {}

    def make(target: str) -> Judged:
        if target not in made:
            judged = make_empty(target)
            judged.put("specs/etl/people.json", PEOPLE)
            judged.put("specs/warehouses/main.json", WAREHOUSE)
            judged.put("data/people_1.csv", FIRST)
            assert judged.call("generate").returncode == 0
            judged.answer(0, "run")
            judged.put("data/people_2.csv", SECOND)
            judged.answer(0, "run")
            made[target] = judged
        return made[target]

    return make


@pytest.fixture(params=["duckdb", "postgres"])
def judged(request: pytest.FixtureRequest, make_judged: MakeJudged) -> Judged:
    """The people on each target."""
    return make_judged(request.param)
