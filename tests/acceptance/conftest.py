"""Databank as a person uses it: the command in a process of its own, in a project of its own."""

from __future__ import annotations

import csv
import functools
import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project
from controlplane.targets import Target

SQL_STYLE = Path(__file__).parents[2] / ".sqlfluff"
# Layers whose tables must be alike on every target, and what says when something happened.
LAYERS = ("raw", "bronze", "silver", "gold")
CLOCKS = ("_loaded_at", "loaded_at", "rejected_at", "job_id")


@dataclass(frozen=True)
class Databank:
    """A project on a target, with the command to work on it."""

    project: Project
    target: Target
    environment: Mapping[str, str]

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command as a process that runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "controlplane", *arguments],
            cwd=self.root,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, ended; whatever came of it, it printed no traceback."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate()
        assert "Traceback" not in stderr, stderr
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def expect(self, code: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, ended with this exit code."""
        done = self.call(*arguments)
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *arguments: str) -> dict[str, Any]:
        """What `databank run` did."""
        result: dict[str, Any] = json.loads(self.expect(0, "run", "-o", "json", *arguments).stdout)
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in the warehouse."""
        return self.target.query(query)

    def spec(self, name: str, content: Mapping[str, Any]) -> None:
        """Put a spec of an ETL process into its file."""
        path = self.project.specs_dir / "etl" / f"{name}.json"
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


MakeDatabank = Callable[..., Databank]


@pytest.fixture
def make_databank(make_warehouse: Callable[..., Any]) -> MakeDatabank:
    """Makes a project on a target, ready for the command."""

    def make(target: str, name: str = "project", **variables: str) -> Databank:
        made = make_warehouse(target, name)
        environment = {
            **made.project.environment,
            "DATABANK_TARGET": target,
            "DATABANK_DUCKDB_PATH": "warehouse.duckdb",
            **variables,
        }
        return Databank(made.project, made.target, environment)

    return make


@dataclass(frozen=True)
class BothTargets:
    """One project, built on DuckDB and on PostgreSQL."""

    duckdb: Databank
    postgres: Databank

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.duckdb.root

    def spec(self, name: str, content: Mapping[str, Any]) -> None:
        """Put a spec of an ETL process into its file."""
        self.duckdb.spec(name, content)

    def expect(self, code: int, *arguments: str) -> str:
        """What the command printed, ended with this exit code; the target makes no difference."""
        return self.duckdb.expect(code, *arguments).stdout

    def run(self, *arguments: str) -> list[dict[str, Any]]:
        """What `databank run` did on each target, at the same time."""
        command = ("run", "-o", "json", *arguments)
        started = [each.start(*command) for each in (self.duckdb, self.postgres)]
        ended = [(process, *process.communicate()) for process in started]
        results = []
        for process, stdout, stderr in ended:
            assert "Traceback" not in stderr, stderr
            result: dict[str, Any] = json.loads(stdout or "{}")
            nodes = result.get("nodes", ())
            messages = [node["message"] for node in nodes if node["status"] in ("error", "fail")]
            assert process.returncode == 0, "\n".join((stderr, *messages))
            results.append(result)
        return results

    def build(self, warnings: Collection[str] = ()) -> None:
        """Build everything: no test fails, and those that warn are these."""
        for result in self.run():
            assert result["status"] == "completed"
            states = {node["name"]: node["status"] for node in result["nodes"]}
            bad = {name for name, state in states.items() if state not in ("success", "pass")}
            assert bad == set(warnings), {name: states[name] for name in bad}
            assert {states[name] for name in bad} <= {"warn"}
            assert not [check for check in result["checks"] if not check["passed"]]

    def assert_nothing_to_do(self) -> None:
        """Another run loads and builds nothing, and the models are those of the specs."""
        for result in self.run():
            assert result["status"] == "completed"
            assert result["nodes"] == []
            assert [load for load in result["loads"] if load["rows_read"]] == []
        self.expect(0, "generate", "--check")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, which both targets give alike."""
        found, other = self.duckdb.rows(query), self.postgres.rows(query)
        assert found == other, query
        return found

    def counts(self, table: str, column: str) -> dict[Any, int]:
        """How many rows have which value in the column."""
        query = f"select {column}, count(*) from {table} group by {column} order by {column}"
        return dict(self.rows(query))

    def relations(self) -> list[tuple[str, str]]:
        """Schema and name of every table and view of the layers, which both targets have."""
        found, other = (
            {each for each in databank.target.relations() if each[0] in LAYERS}
            for databank in (self.duckdb, self.postgres)
        )
        assert found == other
        return sorted(found)

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Name and type of each column, which both targets have."""
        found = dict(self.duckdb.target.columns(schema, table))
        other = dict(self.postgres.target.columns(schema, table))
        assert list(found) == list(other), table
        kinds = {name: _plain_type(kind) for name, kind in found.items()}
        assert kinds == {name: _plain_type(kind) for name, kind in other.items()}, table
        return kinds

    def assert_alike(self, by_clock: Collection[str] = ()) -> int:
        """How many rows were compared: every row of every table, in whatever order.

        Args:
            by_clock: tables whose versions are valid from the moment at which they were loaded.
        """
        compared = 0
        for schema, table in self.relations():
            kinds = self.columns(schema, table)
            clocks = (*CLOCKS, "valid_from", "valid_to") if table in by_clock else CLOCKS
            doubles = [name for name in kinds if kinds[name] == "double"]
            texts = [name for name in kinds if name not in clocks and name not in doubles]
            shown = ", ".join(f"coalesce(cast(\"{name}\" as text), '~')" for name in texts)
            query = ", ".join((f"concat_ws(' | ', '', {shown})" if texts else "''", *doubles))
            query = f"select {query} from {schema}.{table}"
            found, other = self.duckdb.rows(query), self.postgres.rows(query)
            _assert_same_rows(f"{schema}.{table}", found, other)
            compared += len(found)
        return compared

    def sums(self, schema: str, table: str) -> dict[str, Decimal | float]:
        """The sum of every column of numbers, which both targets give alike."""
        kinds = self.columns(schema, table)
        numbers = {name: kind for name, kind in kinds.items() if kind in ("exact", "double")}
        if not numbers:
            return {}
        query = f"select {', '.join(f'sum({name})' for name in numbers)} from {schema}.{table}"
        (found,), (other,) = self.duckdb.rows(query), self.postgres.rows(query)
        sums: dict[str, Decimal | float] = {}
        for (name, kind), one, two in zip(numbers.items(), found, other, strict=True):
            assert same_number(one or 0, two or 0, exact=kind == "exact"), (table, name, one, two)
            sums[name] = float(one or 0) if kind == "double" else Decimal(one or 0)
        return sums

    def assert_sums(
        self, table: str, records: Iterable[Mapping[str, str]], nothing: Collection[str] = ("",)
    ) -> list[str]:
        """The columns of numbers of a silver table whose sum is that of the file's records."""
        sums = self.sums("silver", table)
        totals: dict[str, Decimal] = {}
        for record in records:
            for title, text in record.items():
                name = column_name(title)
                if name in sums and text not in nothing:
                    totals[name] = totals.get(name, Decimal(0)) + Decimal(text)
        for name, total in totals.items():
            exact = isinstance(sums[name], Decimal)
            assert same_number(sums[name], total, exact=exact), (table, name, sums[name], total)
        return sorted(totals)

    def lint(self, *patterns: str) -> None:
        """The models that fit a pattern are written as the project asks for."""
        models = self.root / "models"
        paths = [str(path) for each in patterns for path in sorted(models.glob(f"{each}.sql"))]
        shutil.copy(SQL_STYLE, self.root)
        command = (sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar")
        done = subprocess.run(
            [*command, "--processes", "2", *paths],
            cwd=self.root,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout


def same_number(one: Any, other: Any, *, exact: bool) -> bool:
    """Whether two numbers are the same; floating point numbers but for their last digits."""
    return bool(one == other) if exact else math.isclose(one, other, rel_tol=1e-9)


@functools.cache
def column_name(title: str) -> str:
    """The column of a CSV file's title, by a rule of our own: `InvoiceLineId`, `invoice_line_id`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title).lower()


def _plain_type(kind: str) -> str:
    """A type as both targets may call it; numbers are exact or double."""
    plain = kind.lower().split("(")[0]
    if plain in ("numeric", "decimal", "integer", "bigint", "hugeint"):
        return "exact"
    same = {
        "character varying": "text",
        "varchar": "text",
        "double precision": "double",
        "timestamp without time zone": "timestamp",
    }
    return same.get(plain, plain)


def _assert_same_rows(
    table: str, found: list[tuple[Any, ...]], other: list[tuple[Any, ...]]
) -> None:
    one, two = (Counter(row[0] for row in rows) for rows in (found, other))
    # As plain dictionaries, which are compared much faster.
    if dict(one) != dict(two):
        only = {"duckdb": list((one - two).items())[:3], "postgres": list((two - one).items())[:3]}
        pytest.fail(f"{table}: {only}")
    if found and len(found[0]) > 1:
        # Rows that are alike but for their floating point numbers come in the order of these.
        key = repr
        for row, same in zip(sorted(found, key=key), sorted(other, key=key), strict=True):
            for left, right in zip(row[1:], same[1:], strict=True):
                nothing = left is None or right is None
                assert left == right if nothing else same_number(left, right, exact=False), table


@pytest.fixture
def both_targets(make_databank: MakeDatabank) -> BothTargets:
    """A project without specs, ready to be built on both kinds of target."""
    duckdb, postgres = make_databank("duckdb"), make_databank("postgres", "unused")
    return BothTargets(duckdb, replace(postgres, project=duckdb.project))


@pytest.fixture(scope="session")
def open_data() -> Callable[[str], Path]:
    """Finds the folder of an open database beside the project; skips the test if there is none."""

    def find(name: str) -> Path:
        folder = Path(__file__).parents[3] / "shared" / "data" / name
        if not folder.is_dir():
            pytest.skip(f"the open database {name} is not beside the project")
        return folder

    return find


@pytest.fixture(scope="session")
def read_csv() -> Callable[[Path], Iterator[dict[str, str]]]:
    """Reads the records of a CSV file without any help of the product."""

    def read(path: Path) -> Iterator[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    return read
