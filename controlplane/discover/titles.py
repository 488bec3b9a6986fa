"""Gives columns the names by which loads call them, where findings made names up.

A header may leave a column without a name, or have one name twice. Whoever reads it then has to make
names up, and what is written into specs has to be what loads make up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from controlplane import naming
from controlplane.config import Project
from controlplane.discover.findings import Findings, ForeignKey, Hierarchy, Key, Table

_MADE_UP = re.compile(r"column|.*_[0-9]+", re.IGNORECASE | re.DOTALL)


def as_loaded(findings: Findings, places: Mapping[str, Path], project: Project) -> Findings:
    """The findings with the names that loads give.

    Args:
        findings: what was found out.
        places: the file of each table.
        project: the project that is to load the files.

    Raises:
        SourceError: a file cannot be read.
    """
    names: dict[str, dict[str, str]] = {}
    for table in findings.tables:
        titles = [column.name for column in table.columns]
        if table.name not in places or not any(_MADE_UP.fullmatch(title) for title in titles):
            continue
        loaded = _loaded(places[table.name], project)
        plain = naming.column_names(titles)
        if len(loaded) != len(titles) or loaded == plain:
            continue
        # Those that are called alike keep the name of their source.
        others = [t if n == p else n for t, n, p in zip(titles, loaded, plain, strict=True)]
        called = others if naming.column_names(others) == loaded else loaded
        names[table.name] = dict(zip(titles, called, strict=True))
    if not names:
        return findings
    return replace(findings, tables=tuple(_renamed(table, names) for table in findings.tables))


def _loaded(place: Path, project: Project) -> list[str]:
    from controlplane.load import describe_source
    from controlplane.load.landing import Landing
    from controlplane.sniff.drafting import draft_process
    from controlplane.specs.etl import EtlProcess

    document = draft_process(place, "titles", project, Landing(project, '"'))
    process = EtlProcess.model_validate(document)
    return [column.name for column in describe_source(process, project).columns]


def _renamed(table: Table, names: Mapping[str, Mapping[str, str]]) -> Table:
    def named(of: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(of, {}).get(column, column) for column in columns)

    def key(found: Key) -> Key:
        return replace(found, columns=named(table.name, found.columns))

    def foreign(found: ForeignKey) -> ForeignKey:
        return replace(
            found,
            columns=named(table.name, found.columns),
            ref_columns=named(found.ref_table, found.ref_columns),
        )

    def hierarchy(found: Hierarchy) -> Hierarchy:
        levels = tuple(
            replace(level, column=named(level.table, (level.column,))[0]) for level in found.levels
        )
        return replace(found, levels=levels)

    return replace(
        table,
        columns=tuple(replace(c, name=named(table.name, (c.name,))[0]) for c in table.columns),
        primary_key=key(table.primary_key) if table.primary_key else None,
        candidate_keys=tuple(key(each) for each in table.candidate_keys),
        foreign_keys=tuple(foreign(each) for each in table.foreign_keys),
        hierarchies=tuple(hierarchy(each) for each in table.hierarchies),
    )
