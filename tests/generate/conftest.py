"""Specs in a few words, and warehouses in which what they generate is built by dbt."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg2
import pytest

from controlplane.config import load_project
from controlplane.dbt.process import DbtSession
from controlplane.generate import Process, process_files, resolve, shared_files
from controlplane.generate.process import Table
from controlplane.specs.files import parse_etl
from controlplane.specs.source_schema import SourceColumn, SourceSchema

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
Row = tuple[Any, ...]
Spec = dict[str, Any]


class Server(Protocol):
    """The PostgreSQL server of the session."""

    host: str
    port: int
    user: str
    password: str

    def url(self, dbname: str) -> str: ...
    def execute(self, statement: str, dbname: str | None = None) -> None: ...


# --- specs ----------------------------------------------------------------------------------------


def make_schema(
    columns: Mapping[str, str], key: Sequence[str] = (), **joins: SourceSchema
) -> SourceSchema:
    """A source with these columns: name to type."""
    listed = tuple(SourceColumn(name, name, kind, declared=True) for name, kind in columns.items())
    return SourceSchema(listed, tuple(key), joins)


def make_spec(**blocks: Any) -> Spec:
    """A spec over a CSV file, with some blocks put in place of the usual ones."""
    spec: Spec = {
        "name": "orders",
        "type": "full",
        "source_config": {"source_type": "csv", "path": "data/orders.csv"},
    }
    return {**spec, **blocks}


def settle(
    spec: Spec | str,
    schema: SourceSchema,
    others: Mapping[str, Table] | None = None,
    path: str = "specs/etl/orders.yml",
) -> Process:
    """The process of a spec."""
    text = spec if isinstance(spec, str) else json.dumps(spec, indent=2)
    return resolve(parse_etl(text, path), schema, path, (others or {}).get)


# --- warehouses -----------------------------------------------------------------------------------


@dataclass
class Built:
    """A project of generated models on one target, with a clock that moves a minute a batch."""

    root: Path
    target: str
    environment: dict[str, str]
    url: str = ""
    processes: dict[str, Process] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    _session: DbtSession | None = None
    _batches: Any = field(default_factory=lambda: itertools.count(1))

    def add(self, *processes: Process) -> None:
        """Write the models of processes and make their raw tables."""
        for process in processes:
            self.processes[process.table] = process
            for path, text in {**process_files(process), **shared_files()}.items():
                file = self.root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            if process.reads_model is None:
                self._make_raw(process.raw_table, [c.name for c in process.source_columns])
            for join in process.joins:
                if join.right.raw:
                    self._make_raw(join.right.raw, [c.name for c in join.right.table.columns])

    def _make_raw(self, table: str, columns: Sequence[str]) -> None:
        listed = ", ".join(f"{column} text" for column in columns)
        self.execute(
            "create schema if not exists raw",
            f"create table if not exists raw.{table} ({listed}, _batch_id bigint,"
            " _source_file text, _row_number bigint, _loaded_at timestamp)",
            "create table if not exists raw._loads (batch_id bigint primary key, process text,"
            " raw_table text, source text, fingerprint text, rows_read bigint, rows_loaded bigint,"
            " rows_rejected bigint, cursor_column text, cursor_value text, source_columns text,"
            " raw_columns text, schema_hash text, is_delivery boolean, job_id text,"
            " loaded_at timestamp)",
            "create table if not exists raw._rejects (batch_id bigint, process text,"
            " raw_table text, source text, line_number bigint, byte_offset bigint, raw_text text,"
            " reason text, rejected_at timestamp)",
        )

    def deliver(
        self,
        table: str,
        rows: Sequence[Sequence[Any]],
        source: str = "data/orders.csv",
        rejects: Sequence[tuple[int, str, str]] = (),
    ) -> int:
        """Load one batch: its rows, its rejected lines (line, text, reason), its ledger line."""
        batch = next(self._batches)
        loaded_at = datetime(2024, 6, 1) + timedelta(minutes=batch)
        lines: list[tuple[str, list[Any]]] = [
            (f"raw.{table}", [*row, batch, source, number, loaded_at])
            for number, row in enumerate(rows, start=1)
        ]
        lines += [
            ("raw._rejects", [batch, table, table, source, line, None, text, reason, loaded_at])
            for line, text, reason in rejects
        ]
        read = len(rows) + len(rejects)
        ledger = [batch, table, table, source, f"print {batch}", read, len(rows), len(rejects)]
        lines.append(("raw._loads", [*ledger, None, None, "[]", "[]", "h", True, None, loaded_at]))
        with self._connection() as run:
            for name, values in lines:
                run(f"insert into {name} values ({', '.join('?' for _ in values)})", values)
        return int(batch)

    def build(self, *arguments: str, command: str = "build") -> bool:
        """Whether dbt did all that it was asked; the status of each node is in `results`."""
        if self._session is None:
            with self.one_dbt():
                return self.build(*arguments, command=command)
        done = self._session.run(command, arguments, target_path=self.root / "target")
        found = self.root / "target" / "run_results.json"
        if not found.is_file():
            raise AssertionError(done.error)
        results = json.loads(found.read_text(encoding="utf-8"))["results"]
        self.results = {result["unique_id"].split(".")[2]: result["status"] for result in results}
        self.messages = {
            result["unique_id"].split(".")[2]: result["message"] or "" for result in results
        }
        found.unlink()
        return done.exit_code == 0

    @contextmanager
    def one_dbt(self) -> Iterator[None]:
        """Everything that is built in here is built by one process: loading dbt takes seconds."""
        project = load_project(self.root, target=self.target, environment=self.environment)
        try:
            with DbtSession(project) as self._session:
                yield
        finally:
            self._session = None

    def failures(self) -> dict[str, str]:
        """What went wrong in the last build, by node."""
        good = ("success", "pass")
        return {
            name: self.messages[name] for name, status in self.results.items() if status not in good
        }

    def execute(self, *statements: str) -> None:
        """Run statements in the warehouse."""
        with self._connection() as run:
            for statement in statements:
                run(statement, [])

    @contextmanager
    def _connection(self) -> Iterator[Callable[[str, Sequence[Any]], Any]]:
        if self.target == "duckdb":
            with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
                yield connection.execute
            return
        with closing(psycopg2.connect(self.url)) as server, server, server.cursor() as cursor:
            yield lambda statement, values: cursor.execute(statement.replace("?", "%s"), values)

    def rows(self, query: str) -> list[Row]:
        """The rows of a query, in an order that is the same on every target."""
        if self.target == "duckdb":
            with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as connection:
                found = connection.execute(query).fetchall()
        else:
            with closing(psycopg2.connect(self.url)) as server, server.cursor() as cursor:
                cursor.execute(query)
                found = cursor.fetchall()
        return sorted(found, key=lambda row: [(value is None, str(value)) for value in row])

    def table(self, name: str, *columns: str, schema: str = "silver") -> list[Row]:
        """The rows of a table, or some of its columns."""
        return self.rows(f"select {', '.join(columns) or '*'} from {schema}.{name}")


MakeBuilt = Callable[[str], Built]


@pytest.fixture(name="make_schema", scope="session")
def make_schema_fixture() -> Callable[..., SourceSchema]:
    """Makes a source's columns."""
    return make_schema


@pytest.fixture(name="make_spec", scope="session")
def make_spec_fixture() -> Callable[..., Spec]:
    """Makes a spec over a CSV file."""
    return make_spec


@pytest.fixture(name="settle", scope="session")
def settle_fixture() -> Callable[..., Process]:
    """Settles a spec."""
    return settle


@pytest.fixture(scope="session")
def make_built(
    tmp_path_factory: pytest.TempPathFactory, database_server: Server
) -> Iterator[MakeBuilt]:
    """Makes projects without models on an empty warehouse."""
    made: list[str] = []
    numbers = itertools.count()

    def make(target: str) -> Built:
        root = tmp_path_factory.mktemp(f"built_{target}")
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(ROOT / name, root / name)
        for name in ("macros", "tests/data_tests/generic"):
            shutil.copytree(ROOT / name, root / name)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
        environment |= {
            "DATABANK_TARGET": target,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_PROFILES_DIR": str(root),
            "DBT_USE_COLORS": "false",
        }
        if target == "duckdb":
            return Built(root, target, environment)
        server = database_server
        name = f"generated_{os.getpid()}_{next(numbers)}"
        server.execute(f"create database {name}")
        made.append(name)
        environment |= {
            "DATABANK_POSTGRES_HOST": server.host,
            "DATABANK_POSTGRES_PORT": str(server.port),
            "DATABANK_POSTGRES_USER": server.user,
            "DATABANK_POSTGRES_PASSWORD": server.password,
            "DATABANK_POSTGRES_DATABASE": name,
        }
        return Built(root, target, environment, server.url(name))

    yield make
    for name in made:
        database_server.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def each_target(request: pytest.FixtureRequest) -> str:
    """Each kind of warehouse."""
    return str(request.param)
