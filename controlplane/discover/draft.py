"""Drafts the ETL process of each table, out of what was found out about it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane import naming, sql
from controlplane.config import Project
from controlplane.discover.findings import Column, Key, Table
from controlplane.discover.names import TableName
from controlplane.specs.files import ETL
from controlplane.specs.secrets import externalise_password
from controlplane.specs.write import render
from controlplane.sql import ExpressionError

SOURCE_PASSWORD = "DATABANK_SOURCE_PASSWORD"  # noqa: S105 - the name of a variable
_ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
# The parts of a date that can be put in order by a pattern; each with its pattern.
_PARTS = {
    "%Y": "([0-9]{4})",
    "%m": "([0-9]{1,2})",
    "%d": "([0-9]{1,2})",
    "%H": "([0-9]{1,2})",
    "%M": "([0-9]{2})",
    "%S": "([0-9]{2})",
}


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
        kind, expression = self._typed(column, name)
        self.types[name] = kind
        clear = self._titles.count(column.name) == 1 and column.name.strip()
        said: dict[str, Any] = {"name": column.name if clear else name}
        said["type"] = "text" if expression else kind
        if column.kind.semantic:
            said["description"] = f"{column.kind.semantic.replace('_', ' ').capitalize()}."
        if expression:
            self.transformations.append(
                {
                    "name": f"{name} as {kind}",
                    "type": "transform",
                    "expression": expression,
                    "parameters": {"column": name},
                    "description": f"The source writes it as {column.kind.format}.",
                }
            )
        return said

    def _typed(self, column: Column, name: str) -> tuple[str, str | None]:
        """The type in silver, and the expression that gives it where a checked cast cannot."""
        try:
            kind = sql.portable_type(column.kind.storage)
        except ExpressionError:
            return "text", None
        if any(not _reads(kind, each.value) for each in column.kind.sentinels):
            # It stays text until somebody says what its odd values mean.
            return "text", None
        form = column.kind.format
        if kind not in ("date", "timestamp") or not form or form.startswith(_ISO):
            return kind, None
        rewritten = _in_order(form, kind, name)
        if rewritten is None:
            self.notes.append(f"{self.table.name}.{column.name}: {form} is kept as text")
            return "text", None
        return kind, rewritten

    def comments(self) -> list[str]:
        """The rules that would read stand-ins as missing, for a person to take into the spec."""
        found = [(column, name) for column, name in self._listed if column.kind.sentinels]
        if not found:
            return []
        lines = [
            "Values that may stand for a missing one. They are kept as they are until somebody says",
            "so: take the rules that hold into transform_config.data_quality.cleaning_rules.",
            "",
            "cleaning_rules:",
        ]
        for column, name in found:
            for number, each in enumerate(column.kind.sentinels, start=1):
                lines += [
                    f"  # {each.rows:,} rows: {' '.join(each.reason.split())}",
                    f"  - name: {name} is missing{f' {number}' if number > 1 else ''}",
                    "    type: null_if",
                    f"    expression: {json.dumps(each.value, ensure_ascii=False)}",
                    f"    parameters: {{ column: {name} }}",
                ]
            if self.types[name] == "text" and column.kind.storage != "text":
                lines.append(f"  # Without them it can be {column.kind.storage}.")
        return lines


def _in_order(form: str, kind: str, name: str) -> str | None:
    """SQL that reads a date or time in another order than ISO's; None for what has no such way."""
    parts = re.findall("%[A-Za-z]", form)
    needed = ["%Y", "%m", "%d"]
    clock = [part for part in ("%H", "%M", "%S") if part in parts]
    if sorted(parts) != sorted([*needed, *clock]) or clock not in ([], ["%H", "%M"], [*_PARTS][3:]):
        return None
    if (kind == "date") == bool(clock):
        return None
    texts = re.split("%[A-Za-z]", form)
    compact = all(not text for text in texts[1:-1])
    pattern = re.escape(texts[0]).replace("\\ ", " ")
    for part, after in zip(parts, texts[1:], strict=True):
        digits = _PARTS[part].replace("{1,2}", "{2}") if compact else _PARTS[part]
        pattern += digits + re.sub(r"([.\\+*?\[\](){}^$|])", r"\\\1", after)
    if "'" in pattern:
        return None
    place = {part: f"\\{parts.index(part) + 1}" for part in parts}
    ordered = "-".join(place[part] for part in needed)
    if clock:
        ordered += " " + ":".join(place[part] for part in clock)
    # Days and hours of one digit get a second one first.
    text = f"regexp_replace(trim({name}), '^{pattern}$', '{ordered}')"
    if not compact:
        text = f"regexp_replace({text}, '^([0-9]{{4}})-([0-9])-', '\\1-0\\2-')"
        text = f"regexp_replace({text}, '-([0-9])( |$)', '-0\\1\\2')"
        text = f"regexp_replace({text}, ' ([0-9]):', ' 0\\1:')" if clock else text
    return f"cast(nullif({text}, '') as {kind})"


def _reads(kind: str, value: str) -> bool:
    """Whether a checked cast reads a text as the type; of the types that a stand-in may spoil."""
    base = kind.split("(", maxsplit=1)[0]
    patterns = {
        "integer": r"[+-]?\d{1,18}",
        "bigint": r"[+-]?\d{1,19}",
        "decimal": r"[+-]?\d*\.?\d+",
        "double": r"[+-]?\d*\.?\d*([eE][+-]?\d+)?",
        "date": r"\d{4}-\d\d-\d\d",
        "timestamp": r"\d{4}-\d\d-\d\d.*",
        "time": r"\d\d:\d\d.*",
        "boolean": r"(?i)true|false|t|f|yes|no|y|n|0|1",
    }
    pattern = patterns.get(base)
    text = value.strip()
    return pattern is None or not text or re.fullmatch(pattern, text) is not None
