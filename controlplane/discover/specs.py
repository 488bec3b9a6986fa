"""Drafts the specs of everything that was found out; nothing is written yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.config import Project
from controlplane.discover.confirm import agreeing, confirmed
from controlplane.discover.draft import Draft, draft_process
from controlplane.discover.findings import Findings, Table
from controlplane.discover.levels import Query
from controlplane.discover.memory import DraftedColumn, DraftedTable
from controlplane.discover.names import TableName
from controlplane.discover.titles import as_loaded
from controlplane.errors import SourceError


@dataclass(frozen=True)
class Drafts:
    """The specs of a project that is drafted; the star's waits until the data are loaded.

    `findings` have the tables that were drafted, with the names of columns that loads give; `original`
    is what was found out, with the source's own.
    """

    findings: Findings
    original: Findings
    title: str
    names: Mapping[str, TableName]
    processes: Mapping[str, Draft]
    left_out: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What a person should read."""
        own = (note for each in self.processes.values() for note in each.notes)
        return [*self.original.notes, *self.left_out, *own]

    @property
    def texts(self) -> dict[str, str]:
        """The text of each process's spec, by its path in the project."""
        return {draft.path: draft.text for draft in self.processes.values()}

    @property
    def memory(self) -> dict[str, DraftedTable]:
        """What was found of each column and drafted, by the slug of its process."""
        tables = {}
        for name, draft in self.processes.items():
            columns = zip(self.original.table(name).columns, draft.types.items(), strict=True)
            tables[str(draft.document["name"])] = DraftedTable(
                name,
                {
                    plain: DraftedColumn.of(column.name, column.kind, kind)
                    for column, (plain, kind) in columns
                },
            )
        return tables


def draft_specs(
    findings: Findings,
    title: str,
    project: Project,
    *,
    names: Mapping[str, TableName],
    places: Mapping[str, Path],
    connection: str | None = None,
) -> Drafts:
    """Draft the process of each table; nothing is written.

    Args:
        findings: what was found out about the tables.
        title: what the star is called.
        project: the project that is to get the specs.
        names: what each table becomes.
        places: the file of each table; none for those of a database.
        connection: the database's connection string, without a password.

    Raises:
        SourceError: no table can be drafted. Of several tables, one that cannot is left out with a
            note.
    """
    original = findings
    drafts: dict[str, Draft] = {}
    left_out: list[str] = []
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
        raise SourceError("no table can be drafted:\n  " + "\n  ".join(left_out))
    kept = tuple(table for table in findings.tables if table.name in drafts)
    return Drafts(replace(findings, tables=kept), original, title, names, drafts, tuple(left_out))


def confirm_specs(drafts: Drafts, query: Query) -> Drafts:
    """The drafts as far as the loaded data confirm them, with one type on both sides of a reference.

    Args:
        drafts: the processes, whose data are loaded.
        query: the rows of a query over the raw tables.
    """
    found = {name: confirmed(draft, query) for name, draft in drafts.processes.items()}
    return replace(drafts, processes=agreeing(found, drafts.findings))


def places_of(source: str, findings: Findings) -> dict[str, Path]:
    """The file of each table of a source that is a file or a folder.

    Raises:
        SourceError: a file is not there any more.
    """
    return {table.name: _place(source, table) for table in findings.tables}


def _place(source: str, table: Table) -> Path:
    """Where a table's file is: findings name it relative to their source, or as the source was named."""
    given = Path(source).expanduser().resolve()
    folder = given if given.is_dir() else given.parent
    named = Path(table.source).expanduser()
    for candidate in (folder / named, Path.cwd() / named):
        if candidate.is_file():
            return candidate.resolve()
    raise SourceError(f"{table.source}: no such file in {folder}")
