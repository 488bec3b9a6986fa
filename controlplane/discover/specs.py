"""Writes the drafted specs of everything that was found out into a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.config import Project
from controlplane.discover.confirm import confirmed
from controlplane.discover.draft import Draft, draft_process, outside_password
from controlplane.discover.findings import Findings, Table
from controlplane.discover.levels import Query, with_hierarchies
from controlplane.discover.names import TableName, name_tables
from controlplane.discover.star import draw_star
from controlplane.discover.titles import as_loaded
from controlplane.errors import SourceError
from controlplane.specs.files import STAR
from controlplane.specs.write import render


@dataclass(frozen=True)
class Drafts:
    """The specs of a project that is drafted; the star's waits until the data are loaded."""

    findings: Findings
    title: str
    names: Mapping[str, TableName]
    processes: Mapping[str, Draft]

    @property
    def notes(self) -> list[str]:
        """What a person should read."""
        return [*self.findings.notes, *(x for each in self.processes.values() for x in each.notes)]


def draft_specs(findings: Findings, source: str, title: str, project: Project) -> Drafts:
    """Draft the process of each table, and write its spec.

    Args:
        findings: what was found out about the source.
        source: the folder, file or database that it was found in.
        title: what the star is called.
        project: the project that gets the specs.

    Raises:
        SourceError: nothing was found or can be drafted. Of several tables, one that cannot is left
            out with a note.
    """
    if not findings.tables:
        raise SourceError(f"{source}: holds no table", hint="name a folder with files of data")
    names = name_tables(findings.tables)
    connection = outside_password(source)[0] if "://" in source else None
    drafts: dict[str, Draft] = {}
    left_out: list[str] = []
    places = {} if connection else {each.name: _place(source, each) for each in findings.tables}
    for found in findings.tables:
        try:
            findings = as_loaded(
                findings, {k: v for k, v in places.items() if k == found.name}, project
            )
            table = findings.table(found.name)
            drafts[table.name] = draft_process(
                table,
                names[table.name],
                project,
                place=places.get(table.name),
                connection=connection,
            )
        except SourceError as error:
            if len(findings.tables) == 1:
                raise
            left_out.append(f"left out: {error.message}")
    if not drafts:
        raise SourceError(f"{source}: no table can be drafted:\n  " + "\n  ".join(left_out))
    for draft in drafts.values():
        _write(project, draft.path, draft.text)
    kept = tuple(table for table in findings.tables if table.name in drafts)
    notes = (*findings.notes, *left_out)
    return Drafts(replace(findings, tables=kept, notes=notes), title, names, drafts)


def confirm_specs(drafts: Drafts, project: Project, query: Query) -> Drafts:
    """The drafts as far as the loaded data confirm them; what is changed is written anew.

    Args:
        drafts: the processes, whose data are loaded.
        project: the project that has the specs.
        query: the rows of a query over the raw tables.
    """
    found = {name: confirmed(draft, query) for name, draft in drafts.processes.items()}
    for name, draft in found.items():
        if draft is not drafts.processes[name]:
            _write(project, draft.path, draft.text)
    return replace(drafts, processes=found)


def draft_star(drafts: Drafts, project: Project, query: Query) -> str:
    """Draw the star, and write its spec; its path in the project.

    Args:
        drafts: the processes, whose data are loaded.
        project: the project that gets the spec.
        query: the rows of a query over the raw tables.
    """
    types = {name: draft.types for name, draft in drafts.processes.items()}
    document = draw_star(drafts.title, drafts.findings, drafts.names, types)
    document = with_hierarchies(document, drafts.findings, drafts.names, types, query)
    path = f"specs/{STAR.folder}/{drafts.title}.yml"
    _write(project, path, render(document, STAR.model))
    return path


def _write(project: Project, path: str, text: str) -> None:
    place = project.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def _place(source: str, table: Table) -> Path:
    """Where a table's file is: findings name it relative to their source, or as the source was named."""
    given = Path(source).expanduser().resolve()
    folder = given if given.is_dir() else given.parent
    named = Path(table.source).expanduser()
    for candidate in (folder / named, Path.cwd() / named):
        if candidate.is_file():
            return candidate.resolve()
    raise SourceError(f"{table.source}: no such file in {folder}")
