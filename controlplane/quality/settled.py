"""Processes with nothing left open, from what is on record of their sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from controlplane.errors import ConfigError
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.generate.process import Process
    from controlplane.specs.source_schema import SourceSchema


def settled(
    project: Project, files: Sequence[SpecFile[EtlProcess]], every: Sequence[SpecFile[EtlProcess]]
) -> list[Process]:
    """The processes of these specs, as their models were generated.

    Raises:
        ConfigError: nothing is on record of a source, so its models are not generated yet.
        SpecError: a spec cannot be used.
    """
    from controlplane.generate.catalog import Catalog

    catalog = Catalog(project, _not_on_record, list(every))
    return [catalog.settle(file)[2] for file in files]


def _not_on_record(process: EtlProcess, _tables: frozenset[str]) -> SourceSchema:
    raise ConfigError(
        f"the columns of the source of '{process.slug}' are not on record",
        hint="write the models of the process with `databank generate`",
    )
