"""Renames a column of silver in every spec that reads it: processes, stars, masks, the memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controlplane.config import Project
from controlplane.discover.process_columns import Names, ProcessColumns
from controlplane.discover.star_columns import follow_made_names, follow_silver
from controlplane.errors import DatabankError
from controlplane.generate.catalog import Catalog, UnknownSourceError
from controlplane.generate.column_change import name_fault
from controlplane.generate.process import Process
from controlplane.generate.stars import made_names_of
from controlplane.specs.edit import SpecText
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import ETL, STAR, SpecFile, parse_spec
from controlplane.specs.source_schema import SourceSchema
from controlplane.sql import Column, ExpressionError, find_column

Listed = list[tuple[SpecFile[Any], SpecText]]


@dataclass
class SilverColumns:
    """The specs of a project while a column of silver gets another name in all of them.

    Args:
        project: the project.
        processes: its ETL processes with their texts, which are changed.
        stars: its stars with their texts, which are changed.

    Raises:
        SpecError: a spec cannot be used as it is.
    """

    project: Project
    processes: Listed
    stars: Listed
    # Of each model of silver and gold the columns that have another name now, old to new.
    names: dict[str, Names] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_work = [file for file, _ in self.processes if file.spec.is_active]
        self._catalog = Catalog(self.project, _ask_nobody, at_work)
        self._settled: dict[str, Process] = {}
        for file in at_work:
            try:
                self._settled[file.spec.slug] = self._catalog.settle(file)[2]
            except UnknownSourceError:
                continue

    def rename(self, table: str, old: str, new: str) -> None:
        """Give the column another name.

        Raises:
            DatabankError: there is no such column, or it cannot be called that.
        """
        spec, text = next((f.spec, t) for f, t in self.processes if f.spec.table_name == table)
        process = self._settled.get(spec.slug)
        if process is None:
            why = "planned" if not spec.is_active else "not on record: its source was never read"
            raise DatabankError(
                f"the columns of '{table}' are {why}", hint="say databank generate first"
            )
        column = column_in(table, old, process)
        if column.name == new:
            return
        if fault := name_fault(new, [each.name for each in process.columns]):
            raise DatabankError(f"{table}.{old}: {fault}", hint="take another name")
        before = self._made_names(self._catalog)
        self.names[table] = ProcessColumns(spec, text, process).rename(column.name, new)
        for file, _ in self.processes:
            if made := self._settled.get(file.spec.slug):
                for model in (made.table, *(join.table.model for join in made.joins)):
                    self._names_of(model)
                for each in made.aggregations:
                    self._names_of(each.model)
        self._rename_in_stars(before)

    def process_of(self, spec: EtlProcess) -> Process | None:
        """A process with everything settled; None where its source's columns are not on record."""
        return self._settled.get(spec.slug)

    def _names_of(self, model: str) -> Names:
        """What columns of a model are called now; the spec that makes it follows when first asked."""
        if model not in self.names:
            # Set before it is found: two processes may join each other.
            self.names[model] = {}
            self.names[model] = self._followed(model)
        return self.names[model]

    def _followed(self, model: str) -> Names:
        for file, text in self.processes:
            spec: EtlProcess = file.spec
            made = self._settled.get(spec.slug)
            if made is None:
                continue
            columns = ProcessColumns(spec, text, made)
            if model == made.table:
                names = self._names_of(made.reads_model) if made.reads_model else {}
                return self._unless_taken(model, columns.follow(names), made) if names else {}
            for index, join in enumerate(made.joins):
                if join.table.model == model:
                    sides = [
                        {} if side.raw else self._names_of(side.table.model)
                        for side in (join.left, join.right)
                    ]
                    return columns.follow_join(index, join, *sides) if any(sides) else {}
            for index, each in enumerate(made.aggregations):
                if each.model == model:
                    names = self._names_of(each.reads.model)
                    return columns.follow_aggregation(index, each, names) if names else {}
        return {}

    @staticmethod
    def _unless_taken(model: str, names: Names, made: Process) -> Names:
        kept = {column.name for column in made.columns} - names.keys()
        for old, new in names.items():
            if new in kept:
                raise DatabankError(
                    f"'{model}', which has the column '{old}' from there, has a column '{new}'"
                    " already",
                    hint=f"take another name, or rename {model}.{new} first",
                )
        return names

    # --- stars ------------------------------------------------------------------------------------

    def _made_names(self, catalog: Catalog) -> list[list[list[str]]]:
        found = []
        for file, text in self.stars:
            spec = parse_spec(text.text, file.source, STAR, file.path)
            try:
                found.append(made_names_of(spec, catalog))
            except UnknownSourceError:
                found.append([])
        return found

    def _rename_in_stars(self, before: list[list[list[str]]]) -> None:
        for file, text in self.stars:
            follow_silver(file.spec, text, self.names)
        processes = [
            parse_spec(text.text, file.source, ETL, file.path) for file, text in self.processes
        ]
        at_work = [file for file in processes if file.spec.is_active]
        after = self._made_names(Catalog(self.project, _ask_nobody, at_work))
        for (file, text), olds, news in zip(self.stars, before, after, strict=True):
            if not olds or not news:
                continue
            names: list[Mapping[str, str]] = [
                {old: new for old, new in zip(*pair, strict=True) if old != new}
                for pair in zip(olds, news, strict=True)
            ]
            follow_made_names(file.spec, text, names)
            for dimension, made in zip(file.spec.dimensions, names, strict=True):
                self.names[dimension.name] = made
            for _, _, fact in file.spec.tables:
                self.names[fact.name] = self.names.get(fact.model, {})


def column_in(table: str, name: str, process: Process) -> Column:
    """The column of a silver table that goes by a name there or in the source.

    Raises:
        DatabankError: there is none.
    """
    try:
        return find_column(name, process.columns)
    except ExpressionError as error:
        raise DatabankError(f"{table}: {error}") from None


def _ask_nobody(process: EtlProcess, _tables: frozenset[str]) -> SourceSchema:
    raise UnknownSourceError(f"the source of {process.name} is not on record")
