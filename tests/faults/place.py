"""A project in which a file is loaded by the command, and what its warehouse holds afterwards."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg2.errors
import yaml

from tests.conftest import PostgresDatabase, PostgresServer, new_warehouse
from tests.faults.kinds import COLUMNS, File, Record
from tests.places.station import Station

TABLE = "landed"
# How a file is loaded: without a spec, and by one.
WAYS = ("file", "spec")


@dataclass(frozen=True)
class Count:
    """How many records a file has, and how many of them are not there or are there too often."""

    expected: int
    lost: int = 0
    doubled: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class Place:
    """An empty project with a file."""

    station: Station
    database: PostgresDatabase | None
    data: Path
    warehouse: Path

    def put(self, file: File) -> Path:
        """Put the file where it is loaded from."""
        path = self.data / file.name
        path.write_bytes(file.content)
        return path

    def command(self, way: str, file: File, url: str | None = None) -> list[str]:
        """The command that loads the file, of the project or of elsewhere."""
        source = url or str(self.data / file.name)
        if way == "file":
            return ["ingest", "--file", source, "--as", TABLE]
        spec = self.spec(file, source)
        path = self.station.root / f"specs/etl/{TABLE}.yml"
        path.write_text(yaml.safe_dump(spec), encoding="utf-8")
        return ["ingest", TABLE]

    def spec(self, file: File, source: str, **config: Any) -> dict[str, Any]:
        """The spec of a process that loads the file from there."""
        return {
            "name": TABLE,
            "type": "full",
            "source_config": {"source_type": file.source_type, "path": source, **config},
            "target_config": {"load_strategy": "append"},
            "error_handling": {"error_action": "quarantine", "error_threshold": 100_000},
        }

    def holds(self, file: File) -> bool:
        """Whether any record of the file is there, whole or not."""
        ids = [record[0] for record in file.records if len(record) > 1]
        found = self._query(f"select id from raw.{TABLE}") if self.is_committed() else []
        return not {key for (key,) in found}.isdisjoint(ids)

    def is_committed(self) -> bool:
        """Whether the warehouse holds a batch; nothing is mended by looking."""
        try:
            return bool(self._query("select 1 from raw._loads"))
        except (duckdb.CatalogException, duckdb.IOException, psycopg2.errors.UndefinedTable):
            return False

    @property
    def log(self) -> Path:
        """What DuckDB wrote of a commit and has not yet put into its file."""
        return self.warehouse.with_name(f"{self.warehouse.name}.wal")

    def scratch(self) -> list[str]:
        """Scratch files that are there."""
        state = self.station.root / ".databank"
        spool = state / "spool"
        found = [each.name for each in spool.iterdir()] if spool.is_dir() else []
        return found + [each.name for each in state.glob("files.json.*")]

    def count(self, *files: File, newest_only: bool = False) -> Count:
        """Compare what the warehouse holds with all records of the files.

        Args:
            files: what was delivered, one after the other.
            newest_only: whether only the newest batch has to be that of the last file.
        """
        batch = "(select max(batch_id) from raw._loads)"
        where = f"= {batch}" if newest_only else "is not null"
        if newest_only:
            files = files[-1:]
        found: Counter[Record] = Counter(
            tuple(row)
            for row in self._query(
                f"select {', '.join(COLUMNS)} from raw.{TABLE} where _batch_id {where}"
            )
        )
        found += Counter(
            (text,)
            for (text,) in self._query(f"select raw_text from raw._rejects where batch_id {where}")
        )
        expected = sum((file.records for file in files), Counter[Record]())
        lines = self._query(
            "select rows_read, rows_loaded, rows_rejected from raw._loads"
            f" where batch_id {where} order by batch_id"
        )
        wanted = [
            (file.records.total(), file.records.total() - file.rejected, file.rejected)
            for file in files
        ]
        problems = [] if lines == wanted else [f"the ledger says {lines}, expected {wanted}"]
        if left := self.scratch():
            problems.append(f"scratch files were left: {left}")
        return Count(
            expected.total(),
            (expected - found).total(),
            (found - expected).total(),
            tuple(problems),
        )

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        if self.database is not None:
            return self.database.rows(sql)
        with closing(duckdb.connect(str(self.warehouse), read_only=True)) as connection:
            return connection.execute(sql).fetchall()


@dataclass
class Places:
    """Makes places, one at a time; those on PostgreSQL share a server."""

    folder: Path
    server: PostgresServer | None = None
    _made: int = 0

    @contextmanager
    def place(self, warehouse: Path | None = None, spool: Path | None = None) -> Iterator[Place]:
        """An empty place, on PostgreSQL if there is a server; it is gone after the block.

        Args:
            warehouse: where DuckDB's file is to be; default: in the project.
            spool: where scratch files are to be; default: in the project.
        """
        self._made += 1
        root = self.folder / f"project{self._made}"
        database = None
        if self.server is not None:
            database = PostgresDatabase(self.server, f"faults_{self._made}")
            self.server.execute(f"drop database if exists {database.name} with (force)")
            self.server.execute(f"create database {database.name}")
        made = new_warehouse(root, "postgres" if database else "duckdb", database)
        path = warehouse or root / "warehouse.duckdb"
        environment = {
            name: value
            for name, value in made.project.environment.items()
            if re.match("DATABANK_", name)
        }
        environment |= {"DATABANK_TARGET": "postgres" if database else "duckdb"}
        environment |= {"DATABANK_DUCKDB_PATH": str(path)}
        if spool is not None:
            (made.project.ensure_state_dir() / "spool").symlink_to(spool)
        (root / "data").mkdir()
        try:
            yield Place(Station(made, environment), database, root / "data", path)
        finally:
            shutil.rmtree(root)
            if database is not None:
                database.server.execute(f"drop database {database.name} with (force)")
