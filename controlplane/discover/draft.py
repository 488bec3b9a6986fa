"""Drafts the ETL process of each table, out of what was found out about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.discover.findings import Column, Key, Table
from controlplane.discover.names import TableName
from controlplane.discover.readings import Reading, reading_of, texts_read
from controlplane.discover.stand_ins import counted, offered, stand_in_rule, stand_ins_step
from controlplane.specs.files import ETL
from controlplane.specs.secrets import externalise_password
from controlplane.specs.write import render

SOURCE_PASSWORD = "DATABANK_SOURCE_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Draft:
    """One spec that is to be written: its path in the project and its text."""

    path: str
    document: Mapping[str, Any]
    comments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    # Types of the columns in silver, by their names there.
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file's text; what waits for a person's consent is a comment at its end."""
        lines = "".join(f"# {line}".rstrip() + "\n" for line in self.comments)
        body = render(self.document, ETL.model)
        return f"{body}\n{lines}" if lines else body


def draft_process(
    table: Table,
    names: TableName,
    project: Project,
    *,
    place: Path | None = None,
    connection: str | None = None,
) -> Draft:
    """The draft of the process that loads a table.

    Args:
        table: what was found out about it.
        names: what it is to be called.
        project: the project that gets it.
        place: the file; its layout is found out now.
        connection: instead of a file, the database's connection string, without a password.

    Raises:
        SourceError: the file cannot be read, or no spec can say how it is laid out.
    """
    document: dict[str, Any] = {"name": names.model, "type": "full"}
    if place is not None:
        document |= _file_document(place, names, project)
    else:
        document["source_config"] = {
            "source_type": "postgresql",
            "connection_string": connection,
            "table": table.source,
        }
    document["description"] = _description(table)
    columns = _Columns(table)
    source: dict[str, Any] = document["source_config"]
    declared = {each["name"]: each for each in source.get("columns", ())}
    source["columns"] = columns.declared() if not declared else columns.beside(declared)
    if columns.transformations:
        document["transform_config"] = {"transformations": columns.transformations}
    key = verified_key(table)
    target: dict[str, Any] = {"load_strategy": "replace"}
    if key:
        target["unique_key"] = [columns.names[name] for name in key.columns]
    document["target_config"] = target
    return Draft(
        f"specs/{ETL.folder}/{names.model}.yml",
        document,
        tuple(columns.comments()),
        tuple(columns.notes),
        columns.types,
    )


def verified_key(table: Table) -> Key | None:
    """The key that every row confirms: the primary key, else the narrowest candidate."""
    known = {column.name for column in table.columns}
    keys = [table.primary_key] if table.primary_key else []
    keys += sorted(table.candidate_keys, key=lambda key: (len(key.columns), -key.confidence))
    for key in keys:
        if key.columns and not key.duplicates and not key.nulls and known.issuperset(key.columns):
            return key
    return None


def outside_password(url: str) -> tuple[str, str | None]:
    """A connection string as specs hold it, and the password that was taken out of it."""
    return externalise_password(url, SOURCE_PASSWORD)


def _file_document(place: Path, names: TableName, project: Project) -> dict[str, Any]:
    from controlplane.load.landing import Landing
    from controlplane.sniff.drafting import draft_process as draft_file

    document = draft_file(place, names.model, project, Landing(project, '"'))
    config = document["source_config"]
    config["path"] = Path(os.path.relpath(place, project.root)).as_posix()
    return document


def _description(table: Table) -> str:
    kind = {"fact": "Events", "dimension": "Entities", "bridge": "Links", "lookup": "A look-up"}
    what = f"{kind[table.role]}: " if table.role else ""
    return f"{what}the {table.rows:,} records of {table.name}."


class _Columns:
    """The columns of one table while they are drafted."""

    def __init__(self, table: Table) -> None:
        self.table = table
        titles = [column.name for column in table.columns]
        plain = naming.column_names(titles)
        self.names = dict(zip(titles, plain, strict=True))
        self._listed = list(zip(table.columns, plain, strict=True))
        self._titles = titles
        self.transformations: list[dict[str, Any]] = []
        self.types: dict[str, str] = {}
        self.notes: list[str] = []
        # Stand-ins as the column's type has them, None for those that are none of it; and the
        # readings that these are in the way of.
        self._stand_ins: dict[str, list[str | None]] = {}
        self._open: dict[str, Reading] = {}
        self._said = [self._column(column, name) for column, name in self._listed]

    def declared(self) -> list[dict[str, Any]]:
        """The columns as the spec declares them: by their source's names where these are told apart."""
        return list(self._said)

    def beside(self, declared: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The columns in the order in which a file without a plain header has them declared."""
        by_name = {each["name"]: each for each in self._said}
        by_place = dict(zip(declared, self._said, strict=False))
        return [by_name.get(name) or {**by_place.get(name, {}), "name": name} for name in declared]

    def _column(self, column: Column, name: str) -> dict[str, Any]:
        reading = self._reading(column, name)
        self.types[name] = reading.kind
        clear = self._titles.count(column.name) == 1 and column.name.strip()
        said: dict[str, Any] = {"name": column.name if clear else name}
        said["type"] = "text" if reading.expression else reading.kind
        if column.kind.semantic:
            said["description"] = f"{column.kind.semantic.replace('_', ' ').capitalize()}."
        if reading.expression:
            self.transformations.append(
                {
                    "name": f"{name} as {reading.kind}",
                    "type": "transform",
                    "expression": reading.expression,
                    "parameters": {"column": name, "type": reading.kind},
                    "description": f"The source writes it as {reading.said}.",
                }
            )
        return said

    def _reading(self, column: Column, name: str) -> Reading:
        """How silver reads the column; as text until somebody says what its odd values mean."""
        kind = column.kind
        reading = reading_of(kind, name)
        doubt = kind.written is not None and kind.written.doubt
        values = [each.value for each in kind.sentinels]
        meant = reading
        if (reading.kind, kind.storage) == ("text", "text") and kind.type != "string" and not doubt:
            meant = reading_of(replace(kind, storage=kind.storage_without), name)
        texts = texts_read(meant, name, values)
        if None in texts:
            self._stand_ins[name], self._open[name] = texts, meant
            return Reading("text")
        self._stand_ins[name] = texts_read(reading, name, values)
        if reading.note:
            self.notes.append(f"{self.table.name}.{column.name}: {reading.note}")
        return reading

    def comments(self) -> list[str]:
        """The steps and rules that would read stand-ins as missing, for a person to consent to."""
        steps: list[dict[str, Any]] = []
        rules: list[dict[str, Any]] = []
        for column, name in self._listed:
            pairs = list(zip(column.kind.sentinels, self._stand_ins[name], strict=True))
            if unread := [each for each, text in pairs if text is None]:
                steps.append(stand_ins_step(name, self._open[name], unread))
            read = [(each, text) for each, text in pairs if text is not None]
            for number, (each, text) in enumerate(read, start=1):
                rules.append(stand_in_rule(name, text, counted(each), number))
        return offered(steps, rules)
