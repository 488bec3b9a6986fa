"""All files of one process: path in the project to text."""

from __future__ import annotations

from controlplane.generate import bronze, gold, properties, silver
from controlplane.generate.resolve import Process

SHARED_ORIGIN = "specs/etl"


def process_files(process: Process) -> dict[str, str]:
    """The models of a process with their properties, each under its path in the project."""
    files: dict[str, str] = {}

    def add(layer: str, name: str, text: str, described: str) -> None:
        files[f"models/{layer}/{name}.sql"] = text
        files[f"models/{layer}/{name}.yml"] = described

    if process.reads_model is None:
        add("bronze", process.bronze, bronze.bronze(process), properties.bronze(process))
    for join in process.joins:
        if join.right_raw:
            add(
                "bronze",
                join.right_ref,
                bronze.join_bronze(process, join),
                properties.join_bronze(process, join),
            )
    if process.kind == "extract":
        return files
    add("silver", process.checked, silver.checked(process), properties.checked(process))
    add("silver", process.table, silver.silver(process), properties.silver(process))
    add("silver", process.quarantine, silver.quarantine(process), properties.quarantine(process))
    add("silver", process.outcomes, silver.outcomes(process), properties.outcomes(process))
    for join in process.joins:
        add("silver", join.model, silver.join(process, join), properties.join(process, join))
    for aggregation in process.aggregations:
        add(
            "gold",
            aggregation.model,
            gold.gold(process, aggregation),
            properties.gold(process, aggregation),
        )
    return files


def shared_files() -> dict[str, str]:
    """The models over the load ledger and the rejected lines, which every project with specs has."""
    files = {}
    for name, (statement, described) in properties.shared_models(SHARED_ORIGIN).items():
        files[f"models/bronze/{name}.sql"] = statement
        files[f"models/bronze/{name}.yml"] = described
    return files
