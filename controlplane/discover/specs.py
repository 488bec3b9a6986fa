"""Writes the drafted specs of everything that was found out into a project."""

from __future__ import annotations

from pathlib import Path

from controlplane.config import Project
from controlplane.discover.draft import Draft, draft_process, outside_password
from controlplane.discover.findings import Findings, Table
from controlplane.discover.levels import with_hierarchies
from controlplane.discover.names import name_tables
from controlplane.discover.star import draw_star
from controlplane.errors import SourceError
from controlplane.specs.files import STAR
from controlplane.specs.write import render


def draft_specs(
    findings: Findings, source: str, title: str, project: Project
) -> tuple[list[Draft], str]:
    """The drafts of all processes, and the text of the star's spec.

    Args:
        findings: what was found out about the source.
        source: the folder, file or database that it was found in.
        title: what the star is called.
        project: the project that gets the specs.

    Raises:
        SourceError: nothing was found, a file cannot be read, or no spec can say how it is laid out.
    """
    if not findings.tables:
        raise SourceError(f"{source}: holds no table", hint="name a folder with files of data")
    names = name_tables(findings.tables)
    connection = outside_password(source)[0] if "://" in source else None
    drafts = {
        table.name: draft_process(
            table,
            names[table.name],
            project,
            place=None if connection else _place(source, table),
            connection=connection,
        )
        for table in findings.tables
    }
    types = {name: draft.types for name, draft in drafts.items()}
    document = draw_star(title, findings, names, types)
    document = with_hierarchies(document, findings, names, types)
    return list(drafts.values()), render(document, STAR.model)


def write_specs(drafts: list[Draft], star: str, slug: str, project: Project) -> None:
    """Put the drafts in their places; files of the same names are written over."""
    texts = {draft.path: draft.text for draft in drafts}
    texts[f"specs/{STAR.folder}/{slug}.yml"] = star
    for path, text in texts.items():
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
