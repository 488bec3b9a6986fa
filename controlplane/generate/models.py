"""All files of one process: path in the project to text."""

from __future__ import annotations

from controlplane.generate import properties, silver_properties
from controlplane.generate.bronze import SHARED_MODELS, bronze, join_bronze, over_raw
from controlplane.generate.checked import checked
from controlplane.generate.gold import gold
from controlplane.generate.joined import joined
from controlplane.generate.outcomes import outcomes, quarantine
from controlplane.generate.process import Process
from controlplane.generate.silver import silver

SHARED_ORIGIN = "specs/etl"


def process_files(process: Process) -> dict[str, str]:
    """The models of a process with their properties, each under its path in the project."""
    files: dict[str, str] = {}

    def add(layer: str, name: str, text: str, described: str) -> None:
        files[f"models/{layer}/{name}.sql"] = text
        files[f"models/{layer}/{name}.yml"] = described

    if process.reads_model is None:
        add("bronze", process.bronze, bronze(process), properties.bronze(process))
    for join in process.joins:
        if join.right.raw:
            described = properties.join_bronze(process, join)
            add("bronze", join.right.table.model, join_bronze(process, join), described)
    if process.kind == "extract":
        return files
    for name, write, describe in (
        (process.checked, checked, silver_properties.checked),
        (process.table, silver, silver_properties.silver),
        (process.quarantine, quarantine, silver_properties.quarantine),
        (process.outcomes, outcomes, silver_properties.outcomes),
    ):
        add("silver", name, write(process), describe(process))
    for join in process.joins:
        add("silver", join.table.model, joined(process, join), properties.joined(process, join))
    for item in process.aggregations:
        add("gold", item.model, gold(process, item), properties.gold(process, item))
    return files


def shared_files() -> dict[str, str]:
    """The models over the load ledger and the rejected lines, which every project with specs has."""
    files = {}
    for name, (table, _, columns) in SHARED_MODELS.items():
        files[f"models/bronze/{name}.sql"] = over_raw(SHARED_ORIGIN, table, columns)
        files[f"models/bronze/{name}.yml"] = properties.over_raw(SHARED_ORIGIN, name)
    return files
