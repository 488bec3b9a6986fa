"""Notices what a person corrected: the types of silver as they are drafted against those of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane import naming
from controlplane.discover.corrections import Correction, Corrections
from controlplane.discover.findings import ValueType
from controlplane.discover.memory import DraftedColumn, Memory
from controlplane.errors import ConfigError, DatabankError, SpecError
from controlplane.specs.files import ETL, SpecFile, scan

if TYPE_CHECKING:
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.source import Column
    from controlplane.specs.source_schema import SourceSchema

FILE = "specs/corrections.yml"
# What a type of silver says of the values, without their size.
_MEANT: Mapping[str, ValueType] = {
    "integer": "integer",
    "bigint": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "time": "time",
    "text": "string",
    "uuid": "string",
    "json": "string",
}
# Meanings that stay when a column turns out to be text.
_OF_TEXT = ("identifier", "categorical", "postcode", "phone", "constant")


@dataclass(frozen=True)
class Noticed:
    """The corrections of a project as they are now, and how many came and went.

    `problem` says why they could not be written.
    """

    corrections: Corrections
    new: int = 0
    withdrawn: int = 0
    problem: str = ""

    @property
    def sentence(self) -> str:
        """What a person is told; empty where nothing changed."""
        parts = []
        if self.new:
            were = "correction of a type was" if self.new == 1 else "corrections of types were"
            parts.append(f"{self.new} {were} noticed and written to {FILE}")
        if self.withdrawn:
            were = "was" if self.withdrawn == 1 else "were"
            parts.append(f"{self.withdrawn} {were} put back in the specs and taken out of {FILE}")
        if parts and self.problem:
            return f"{self.new + self.withdrawn} corrections count for now alone: {self.problem}"
        return "; ".join(parts)


def learn(root: Path) -> Noticed:
    """What was corrected in a project until now; what is new is written to `specs/corrections.yml`.

    Args:
        root: the folder of the project.

    Raises:
        SpecError: the file of corrections, or of what was drafted, cannot be used.
    """
    path = root / FILE
    known = Corrections.load(path, root)
    memory = Memory.load(root)
    if not memory.tables:
        return Noticed(known)
    noticed = notice(memory, _now(root, memory), known)
    if noticed.corrections.items != known.items:
        try:
            noticed.corrections.save(path)
        except DatabankError as error:
            return replace(noticed, problem=error.message)
    return noticed


def notice(
    memory: Memory, now: Mapping[str, tuple[str, Mapping[str, str]]], known: Corrections
) -> Noticed:
    """The corrections that the specs show, beside those that were written by hand.

    A column that a spec does not have any more says nothing, and neither does a spec that is gone or
    cannot be used: what was noticed of it before stays.

    Args:
        memory: what was drafted.
        now: the path of each spec by its slug, and the types of its columns in silver.
        known: the corrections until now.
    """
    said: dict[tuple[str, str], Correction] = {}
    back: set[tuple[str, str, str]] = set()
    for slug, drafted in memory.tables.items():
        path, types = now.get(slug, ("", {}))
        for name, column in drafted.columns.items():
            if name not in types:
                continue
            correction = _corrected(drafted.table, column, types[name], path)
            if correction is None:
                back.add((drafted.table, column.column, path))
            else:
                said[correction.table, correction.column] = correction
    kept: list[Correction] = []
    withdrawn = changed = 0
    for each in known.items:
        fresh = said.pop((each.table, each.column), None)
        if each.noticed_in is None:
            kept.append(each)
        elif fresh is not None:
            kept.append(fresh)
            changed += (fresh.type, fresh.found_type) != (each.type, each.found_type)
        elif (each.table, each.column, each.noticed_in) in back:
            withdrawn += 1
        else:
            kept.append(each)
    return Noticed(Corrections((*kept, *said.values())), len(said) + changed, withdrawn)


def _corrected(table: str, column: DraftedColumn, kind: str, path: str) -> Correction | None:
    """The correction that a type in silver is; None where it says what was drafted or answered."""
    meant, drafted = (_MEANT.get(_base(each)) for each in (kind, column.drafted))
    if meant is None or meant == drafted or meant == column.answer:
        return None
    if (column.found_type, meant) == ("year", "integer"):
        meant = column.found_type
    stays = meant == column.found_type or (meant == "string" and column.found_semantic in _OF_TEXT)
    return Correction(
        table,
        column.column,
        column.found_type,
        column.found_semantic,
        column.pattern,
        meant,
        column.found_semantic if stays else None,
        noticed_in=path,
    )


def _base(kind: str) -> str:
    return kind.split("(", maxsplit=1)[0]


def _now(root: Path, memory: Memory) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Path and types of the specs that were drafted, as far as they can be used."""
    found = {}
    for file in scan(root, ETL).files:
        if file.spec.slug in memory.tables:
            found[file.spec.slug] = (file.source, silver_types(root, file))
    return found


def silver_types(root: Path, file: SpecFile[EtlProcess]) -> Mapping[str, str]:
    """The types that a process's columns have in silver; none where they cannot be told.

    Its source is not asked: what the last generation noted of it is enough for the types.
    """
    from controlplane.generate.record import read_record, record_path
    from controlplane.generate.resolution import resolve

    try:
        record = read_record(record_path(root / "specs", file.spec.slug))
    except ConfigError:
        return {}
    if record is None or record.schema is None:
        return {}
    # What is made of the table beside itself, which other specs are needed for, changes no column.
    transform = file.spec.transform_config.model_copy(update={"joins": [], "aggregations": []})
    alone = replace(file, spec=file.spec.model_copy(update={"transform_config": transform}))
    for schema in (record.schema, _renamed(record.schema, file.spec.source_config.columns)):
        try:
            process = resolve(alone, schema, file.source)
        except SpecError:
            continue
        return {column.name: column.type for column in process.columns}
    return {}


def _renamed(schema: SourceSchema, declared: Sequence[Column]) -> SourceSchema:
    """The source with the names that a spec gives since then, where it lists every column."""
    if len(declared) != len(schema.columns):
        return schema
    names = naming.column_names(column.name for column in declared)
    columns = zip(schema.columns, names, declared, strict=True)
    return replace(
        schema,
        columns=tuple(replace(c, name=name, title=said.name) for c, name, said in columns),
    )
