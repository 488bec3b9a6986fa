"""The reference warehouse, loaded delivery by delivery on each target, as the tests find it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import load_project
from controlplane.demo import Scope, make_demo
from controlplane.specs.files import read_etl_specs
from controlplane.targets import Target, open_target
from controlplane.targets.duckdb import DuckDBTarget

ROOT = Path(__file__).parents[2]
PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "macros",
    "models",
    "specs",
    "seeds",
    "tests/data_tests",
)
# What another test shows.
EXAMPLE = "shop_"
LAYERS = ("bronze", "silver", "gold")
Rows = Counter[tuple[str, ...]]


@dataclass
class Reference:
    """The reference project on one target, and every table after each step."""

    root: Path
    target: Target
    environment: Mapping[str, str]
    deliveries: list[date]
    steps: dict[str, dict[str, Rows]] = field(default_factory=dict)

    def run(self, *arguments: str) -> dict[str, Any]:
        """What `databank run` did; every node is green."""
        done = subprocess.run(
            [sys.executable, "-m", "controlplane", "run", "-o", "json", *arguments],
            cwd=self.root,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        result: dict[str, Any] = json.loads(done.stdout or "{}")
        bad = [
            f"{node['name']}: {node['status']} {node['message']}"
            for node in result.get("nodes", ())
            if node["status"] not in ("success", "pass", "warn")
        ]
        assert done.returncode == 0, "\n".join([*bad, done.stderr[-2000:]])
        return result

    def deliver(self, demo: Path, number: int) -> None:
        """Put one delivery's files beside those that are there; in later ones columns change."""
        day = self.deliveries[number].isoformat()
        for file in demo.glob(f"*/*_{day}.*"):
            place = self.root / "data" / "demo" / file.parent.name / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if file.match("pos/*.csv") and number > len(self.deliveries) * 2 // 5:
                _change_columns(file, place, gone=number >= len(self.deliveries) * 3 // 5)
            else:
                shutil.copy(file, place)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.target.query(query)

    def keep(self, step: str) -> None:
        """Keep every row of every table as it is now."""
        with self._open():
            self.steps[step] = {
                f"{schema}.{table}": self.table(schema, table)
                for schema, table in sorted(self.target.relations())
                if schema in LAYERS
            }

    def _open(self) -> AbstractContextManager[object]:
        """While one connection is open, DuckDB does not read its file anew for every other."""
        if isinstance(self.target, DuckDBTarget):
            return self.target._connect(read_only=True)
        return nullcontext()

    def table(self, schema: str, table: str, without: Collection[str] = ()) -> Rows:
        """The rows of a table, each value as text that is the same on every target."""
        names = [name for name, _ in self.target.columns(schema, table) if name not in without]
        listed = ", ".join(f'"{name}"' for name in names)
        found = self.rows(f"select {listed} from {schema}.{table}")
        return Counter(tuple(_text(value) for value in row) for row in found)


def _change_columns(file: Path, place: Path, *, gone: bool) -> None:
    """Write a CSV file with a column more, and, if `gone`, without one that it had."""
    with file.open(newline="", encoding="utf-8") as read, place.open("w", encoding="utf-8") as into:
        records = list(csv.DictReader(read))
        names = [name for name in records[0] if not (gone and name == "till")]
        writer = csv.DictWriter(into, [*names, "cashier"], extrasaction="ignore")
        writer.writeheader()
        for number, record in enumerate(records):
            writer.writerow({**record, "cashier": f"C-{number % 7}"})


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, str) and value[:1] in "{[":
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True, default=str)
    return "~" if value is None else str(value)


SCALE, DAYS, SEED = 0.02, 120, 7
WITHOUT_TESTS = ("--exclude", "resource_type:test", "--exclude", "resource_type:unit_test")
# In how many loads the data come; PostgreSQL has to give the same from other portions.
DELIVERIES = {"duckdb": 10, "postgres": 2}


@pytest.fixture(scope="session")
def references(
    tmp_path_factory: pytest.TempPathFactory, database_server: Any
) -> Iterator[Callable[[str], Reference]]:
    """The reference warehouse on a target, after all its loads and then a full refresh."""
    made: dict[str, Reference] = {}
    name = f"reference_{os.getpid()}"

    def get(target: str) -> Reference:
        if target not in made:
            environment = {"DATABANK_TARGET": target, "DATABANK_DUCKDB_PATH": "warehouse.duckdb"}
            if target == "postgres":
                database_server.execute(f"create database {name}")
                environment |= {
                    "DATABANK_POSTGRES_HOST": database_server.host,
                    "DATABANK_POSTGRES_PORT": str(database_server.port),
                    "DATABANK_POSTGRES_USER": database_server.user,
                    "DATABANK_POSTGRES_PASSWORD": database_server.password,
                    "DATABANK_POSTGRES_DATABASE": name,
                }
            folder = tmp_path_factory.mktemp(f"reference_{target}")
            made[target] = _tell(folder, target, environment)
        return made[target]

    yield get
    database_server.execute(f"drop database if exists {name} with (force)")


def _tell(folder: Path, target: str, variables: Mapping[str, str]) -> Reference:
    cuts = Scope(scale=SCALE, days=DAYS, seed=SEED, deliveries=DELIVERIES[target])
    make_demo(cuts, folder / "demo")
    reference = _project(folder / "project", target, variables, cuts)
    waiting = list(range(len(reference.deliveries)))
    reference.deliver(folder / "demo", waiting.pop(0))
    while waiting and _lacking(reference.root):
        # A source has nothing to tell of the first days, and a load wants a file.
        reference.deliver(folder / "demo", waiting.pop(0))
    # The data tests have their turn at the end, on the same rows: they take longer than the models.
    reference.run(*WITHOUT_TESTS)
    for number in waiting:
        reference.deliver(folder / "demo", number)
        reference.run("--accept-drift", *WITHOUT_TESTS)
    reference.keep("step by step")
    reference.run("--full-refresh")
    reference.keep("full refresh")
    return reference


def _lacking(root: Path) -> bool:
    """Whether a spec's files are not there yet."""
    return any(
        not list(root.glob(file.spec.source_config.paths[0])) for file in read_etl_specs(root)
    )


def _project(root: Path, target: str, variables: Mapping[str, str], scope: Scope) -> Reference:
    for part in PARTS:
        source, copy = ROOT / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns(f"{EXAMPLE}*"))
        elif source.exists():
            shutil.copy(source, copy)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    environment |= variables
    project = load_project(root, target=target, environment=environment)
    days = [scope.date_of(day) for day in scope.cuts]
    return Reference(root, open_target(project.target), environment, days)
