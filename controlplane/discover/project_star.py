"""The star of a source in a project that may have some of its tables already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.discover.findings import Findings, Table
from controlplane.discover.levels import Query, with_hierarchies
from controlplane.discover.names import TableName
from controlplane.discover.project_tables import ProjectTables
from controlplane.discover.specs import Drafts
from controlplane.discover.star import draw_star
from controlplane.errors import DatabankError
from controlplane.generate.catalog import Catalog
from controlplane.load import describe_source
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import STAR, SpecFile, parse_spec
from controlplane.specs.source_schema import SourceSchema
from controlplane.specs.star import Calendar, Star
from controlplane.specs.write import render
from controlplane.targets import Target
from controlplane.targets.base import MissingRelationError


@dataclass(frozen=True)
class StarPlan:
    """What the star is drawn of; `types` are those of tables that the project had before."""

    project: Project
    title: str
    kept: tuple[Table, ...] = ()
    names: Mapping[str, TableName] | None = None
    types: Mapping[str, Mapping[str, str]] | None = None
    taken: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    is_drawn: bool = True

    @property
    def path(self) -> str:
        """The path of its spec in the project."""
        return f"specs/{STAR.folder}/{self.title}.yml"

    def sketch(self, drafts: Drafts) -> SpecFile[Star] | None:
        """The star as far as it is known before the data are loaded; None where none is drawn."""
        if not self.is_drawn:
            return None
        text = json.dumps(self._document(drafts))
        return parse_spec(text, self.path, STAR, self.project.root / self.path)

    def texts(self, drafts: Drafts, query: Query) -> dict[str, str]:
        """The text of its spec by its path, once the data are loaded; nothing where none is drawn."""
        if not self.is_drawn:
            return {}
        findings, names, types = self._parts(drafts)
        document = with_hierarchies(self._document(drafts), findings, names, types, query)
        return {self.path: render(document, STAR.model)}

    def _document(self, drafts: Drafts) -> dict[str, Any]:
        document = draw_star(self.title, *self._parts(drafts))
        calendar = document.get("calendar", {}).get("name", Calendar().name)
        if calendar in self.taken:
            # Another star has a calendar of that name; each has the years of its own facts.
            name = f"{self.title[: naming.MAX_TABLE_NAME - len(calendar) - 1]}_{calendar}"
            head = {"name": self.title, "calendar": {"name": name}}
            document = head | {k: v for k, v in document.items() if k not in head}
        return document

    def _parts(
        self, drafts: Drafts
    ) -> tuple[Findings, Mapping[str, TableName], Mapping[str, Mapping[str, str]]]:
        tables = (*drafts.findings.tables, *self.kept)
        names = {**drafts.names, **(self.names or {})}
        types = {name: draft.types for name, draft in drafts.processes.items()}
        return replace(drafts.findings, tables=tables), names, {**types, **(self.types or {})}


def plan_star(
    findings: Findings,
    drafts: Drafts,
    before: ProjectTables,
    kept: Mapping[str, SpecFile[EtlProcess]],
    target: Target,
) -> StarPlan:
    """What the star of a source is to be drawn of.

    Args:
        findings: what was found out about all tables of the source.
        drafts: those that are new to the project.
        before: the specs of the project.
        kept: the specs of the other tables; those whose columns and data are there take part.
        target: the warehouse.
    """
    plan = StarPlan(before.project, drafts.title, taken=_gold_models(before))
    there = {file.spec.table_name for file in kept.values()}
    for star in before.stars:
        if there & _silver_models(star.spec):
            if not drafts.processes:
                return replace(plan, is_drawn=False)
            new = ", ".join(str(draft.document["name"]) for draft in drafts.processes.values())
            note = (
                f"{star.source} has tables of this source and stays as it is; new beside it: {new}"
            )
            return replace(plan, is_drawn=False, notes=(note,))
    names: dict[str, TableName] = {}
    types: dict[str, Mapping[str, str]] = {}
    notes: list[str] = []
    for name, file in kept.items():
        table = findings.table(name)
        columns = _silver(before, file)
        wanted = naming.column_names(column.name for column in table.columns)
        if not columns.keys() >= set(wanted) or not _is_loaded(file.spec, target):
            notes.append(f"{file.source} has other columns, or no data yet: it is not in the star")
            continue
        model = file.spec.table_name
        usual = drafts.names[name]
        names[name] = usual if usual.model == model else TableName(model, model)
        types[name] = columns
    tables = tuple(table for table in findings.tables if table.name in names)
    return replace(
        plan,
        kept=tables,
        names=names,
        types=types,
        notes=tuple(notes),
        is_drawn=bool(tables or drafts.processes),
    )


def _silver_models(star: Star) -> set[str]:
    made = {each.model for each in star.dimensions} | {fact.model for _, _, fact in star.tables}
    return made | {name for each in star.relations for name in (each.model, each.to)}


def _gold_models(before: ProjectTables) -> frozenset[str]:
    return frozenset(name for file in before.stars for name in file.spec.model_fields_of_names())


def _silver(before: ProjectTables, file: SpecFile[EtlProcess]) -> dict[str, str]:
    """The columns of a process's silver model with their types; none where they cannot be told."""

    def describe(process: EtlProcess, known: frozenset[str]) -> SourceSchema:
        return describe_source(process, before.project, known_tables=known)

    try:
        table = Catalog(before.project, describe, before.processes).table(file.spec.table_name)
    except DatabankError:
        return {}
    return {column.name: column.type for column in table.columns} if table else {}


def _is_loaded(process: EtlProcess, target: Target) -> bool:
    """Whether the raw table of a process, which is called like its model, is there."""
    try:
        there = (naming.RAW_SCHEMA, naming.raw_table(process.slug)) in target.relations()
    except MissingRelationError:
        return False
    return there and process.slug == process.table_name
