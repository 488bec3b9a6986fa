"""A copy of the warehouse in memory, in which models are built and tests are run in no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from tests.reference.mutations.graph import DataTest, Graph, Model
from tests.reference.mutations.mutation import CLOCKS
from tests.reference.mutations.project import Built


class Copy:
    """A copy in which everything that is done is undone again."""

    def __init__(self, built: Built) -> None:
        self.graph: Graph = built.graph
        self._connection = duckdb.connect()
        run = self._connection.execute
        run("set threads = 1")
        run("set preserve_insertion_order = true")
        # Compiled SQL calls the database by its file's name.
        run(f"attach '{built.database}' as base (read_only)")
        run(f"attach ':memory:' as {built.database.stem}")
        run(f"use {built.database.stem}")
        # Without keys and constraints: what they refuse could not be shown to the tests.
        for schema, table in self.rows(
            "select schema_name, table_name from duckdb_tables() where database_name = 'base'"
        ):
            run(f'create schema if not exists "{schema}"')
            run(f'create table "{schema}"."{table}" as from base."{schema}"."{table}"')
        for model in self.graph.models.values():
            if model.is_view:
                run(f'create schema if not exists "{model.schema}"')
                run(f"create view {model.relation} as {model.sql}")
        # A view in the file would read the copy.
        run("create schema before")
        for model in self.graph.models.values():
            if model.is_view and model.schema != "bronze":
                run(f'create table before."{model.name}" as from {model.relation}')
        self.columns: dict[str, list[str]] = {}
        for schema, table, column in self.rows(
            "select schema_name, table_name, column_name from duckdb_columns()"
            f" where database_name = '{built.database.stem}' order by column_index"
        ):
            self.columns.setdefault(f'"{schema}"."{table}"', []).append(column)
        self.normal = {test.id: self.count(test)[0] for test in self.graph.tests.values()}

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement."""
        self._connection.execute(statement, values or None)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._connection.execute(query, values or None).fetchall()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is done in here did not happen."""
        self.run("begin")
        try:
            yield
        finally:
            self.run("rollback")

    def store(self, model: Model) -> None:
        """Make a table of a view, so that its rows can be changed."""
        if model.is_view:
            self.run(f"create temp table stored as from {model.relation}")
            self.run(f"drop view {model.relation}")
            self.run(f"create table {model.relation} as from stored")

    def rebuild(self, changed: Iterable[str], wanted: Iterable[str] | None = None) -> None:
        """Build what reads one of these nodes; if some are wanted, only what these are made from."""
        needed = None if wanted is None else self.graph.before(wanted)
        for model in self.graph.after(changed):
            if not model.is_view and (needed is None or model.id in needed):
                self.run(f"create or replace table {model.relation} as {model.sql}")

    def count(self, test: DataTest) -> tuple[int, bool]:
        """How much fault a test finds, and whether that is too much."""
        limit = test.config["warn_if" if test.is_alarm else "error_if"]
        found = f"select {test.config['fail_calc']} as faults from ({test.sql}) as found"
        faults, too_many = self.rows(f"select faults, faults {limit} from ({found}) as counted")[0]
        return int(faults), bool(too_many)

    def fails(self, test: DataTest) -> bool:
        """Whether a test fails, and finds more fault than before: the sources have faults, too."""
        faults, too_many = self.count(test)
        return too_many and faults > self.normal[test.id]

    def has(self, model: Model, *columns: str) -> bool:
        """Whether a model has these columns."""
        return set(columns) <= set(self.columns[model.relation])

    def is_as_before(self, table: str) -> bool:
        """Whether a table holds the rows that it held, whenever they were loaded."""
        model = self.graph.named(table)
        relation = model.relation
        listed = ", ".join(
            f'"{name}"'
            for name in self.columns[relation]
            if name not in CLOCKS and not name.startswith("_")
        )
        held = f'before."{model.name}"' if model.is_view else f"base.{relation}"
        now, before = f"select {listed} from {relation}", f"select {listed} from {held}"
        both = f"({now} except all {before}) union all ({before} except all {now})"
        return not self.rows(f"select 1 from ({both}) limit 1")
