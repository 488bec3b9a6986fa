"""Specs that are right by themselves and cannot stand side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from controlplane import naming
from controlplane.errors import Problem
from controlplane.specs.etl import EtlProcess

if TYPE_CHECKING:
    from controlplane.specs.files import SpecFile


def same_slugs(files: Sequence[SpecFile[Any]]) -> Iterator[Problem]:
    """A problem for each spec whose name has the slug of an earlier one."""
    first: dict[str, SpecFile[Any]] = {}
    for file in files:
        slug = file.spec.slug
        if slug in first:
            other = first[slug]
            yield file.problem(
                "name",
                f"found '{file.spec.name}', whose slug '{slug}' is that of {_place(other, 'name')};"
                " give one of them another name",
            )
        else:
            first[slug] = file


def model_names(process: EtlProcess) -> dict[str, str]:
    """The dbt models that a process may have, each with the field that its name comes from."""
    return {name: field for field, name in _claims(process)}


def process_collisions(files: Sequence[SpecFile[EtlProcess]]) -> Iterator[Problem]:
    """A problem for each table or model that two processes, or two parts of one, would write."""
    owners: dict[str, tuple[SpecFile[EtlProcess], str]] = {}
    for file in files:
        told: set[tuple[str, str, str]] = set()
        for field, name in _claims(file.spec):
            owner, owner_field = owners.setdefault(name, (file, field))
            pair = (field, owner.source, owner_field)
            if (owner is file and owner_field == field) or pair in told:
                continue
            if owner is not file and owner.spec.slug == file.spec.slug:
                continue  # `same_slugs` says so already
            told.add(pair)
            yield file.problem(field, _clash(file, name, owner, owner_field))


def _clash(
    file: SpecFile[EtlProcess], name: str, owner: SpecFile[EtlProcess], owner_field: str
) -> str:
    process, other = file.spec, owner.spec
    place = _place(owner, owner_field)
    schema = process.target_config.schema_name
    same_schema = schema == other.target_config.schema_name
    if owner is not file and name == process.table_name == other.table_name and same_schema:
        table = f"{schema}.{name}" if schema else name
        return f"writes the table '{table}', as does {place}; give one of them another table_name"
    return f"gives the model '{name}', as does {place}; give one of them another name"


def process_cycles(files: Sequence[SpecFile[EtlProcess]]) -> Iterator[Problem]:
    """A problem for each circle of processes that read each other's models."""
    writers = {name: file for file in files for name in model_names(file.spec)}
    by_slug = {file.spec.slug: file for file in files}
    graph = {
        file.spec.slug: {writers[file.spec.source_config.model].spec.slug}
        for file in files
        if file.spec.source_config.model in writers
    }
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            file = min((by_slug[slug] for slug in circle), key=lambda file: file.source)
            way = " reads ".join(f"'{slug}'" for slug in reversed(circle))
            yield file.problem("source_config.model", f"processes read each other: {way}")
            graph = {slug: reads for slug, reads in graph.items() if slug not in circle}
        else:
            return


def _claims(process: EtlProcess) -> Iterator[tuple[str, str]]:
    """Field and model name of every model that the process may have."""
    table, field = process.table_name, _table_field(process)
    # The table comes first, so that two processes with one table are told just that.
    if process.type != "extract":
        yield field, table
    if process.type != "transform":
        yield field, naming.bronze_model(table)
    if process.type == "extract":
        return
    yield field, naming.checked_model(table)
    yield field, naming.quarantine_model(table)
    yield field, naming.outcomes_model(table)
    for kind in ("joins", "aggregations"):
        for index, block in enumerate(getattr(process.transform_config, kind)):
            yield f"transform_config.{kind}[{index}].name", naming.snake_case(block.name)


def _table_field(process: EtlProcess) -> str:
    return "target_config.table_name" if process.target_config.table_name else "name"


def _place(file: SpecFile[Any], field: str) -> str:
    return f"{file.source}:{file.line(field)} ({field})"
