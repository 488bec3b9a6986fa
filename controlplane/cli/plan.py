"""`databank plan`: what a run would load and build, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option, project_options
from controlplane.errors import ExitCode

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.load import LoadResult
    from controlplane.plan import Plan
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.files import SpecFile
    from controlplane.targets import Target

LONGEST_NAME = 60


@click.command(epilog="Example: databank plan --detailed-exitcode")
@click.argument("names", nargs=-1, metavar="[NAME…] [-- DBT_ARGS…]")
@click.option("--select", multiple=True, help="Plan these nodes only, in dbt's own grammar.")
@click.option("--exclude", multiple=True, help="Leave these nodes out, in dbt's own grammar.")
@click.option("--full-refresh", is_flag=True, help="Build everything, and incremental models anew.")
@click.option("--rebuild", is_flag=True, help="Build everything, changed or not.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 3 if there is something to load or build."
)
@output_option
@project_options
def plan(
    project: Project,
    names: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    full_refresh: bool,
    rebuild: bool,
    detailed_exitcode: bool,
    output: str,
) -> int:
    """Say what a run would load and build, and why; nothing is written.

    NAME is an ETL process; without one, all are planned. What follows `--` is what a run would hand
    on to dbt.
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.destination import destination
    from controlplane.generate.pending import require_generated
    from controlplane.plan import make_plan
    from controlplane.run import choose
    from controlplane.specs.files import read_etl_specs
    from controlplane.state.store import open_store
    from controlplane.targets import open_target

    names, dbt_args = _split(names)
    every = read_etl_specs(project.root)
    chosen = choose(every, names, project.root)
    for note in require_generated(project):
        narrate(f"Note: {note}")
    project = destination(project, chosen)
    target = open_target(project.target, on_wait=narrate)
    processes = [file.spec for file in chosen]
    loads = _dry_loads(processes, every, project, target)
    with open_store(project) as store:
        states = store.node_states(project.target.identity)
    made = make_plan(
        project,
        target,
        states,
        processes=processes if names else None,
        select=select,
        exclude=exclude,
        full_refresh=full_refresh,
        rebuild=rebuild,
        dbt_args=dbt_args,
        incoming={batch.raw_table for load in loads for batch in load.batches},
    )
    emit(_document(made, loads, project), output, lambda: _render(made, loads))
    pending = bool(made.to_build) or any(load.batches for load in loads)
    return ExitCode.PENDING if detailed_exitcode and pending else ExitCode.DONE


def _split(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of processes, and what follows `--`: click hands both over as one list."""
    first = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return words[:first], words[first:]


def _dry_loads(
    processes: Sequence[EtlProcess],
    every: Sequence[SpecFile[EtlProcess]],
    project: Project,
    target: Target,
) -> list[LoadResult]:
    from controlplane.cli.output import narrate
    from controlplane.load import load_process

    tables = frozenset(file.spec.table_name for file in every)
    return [
        load_process(
            process,
            project,
            target,
            job_id=None,
            now=lambda: datetime.now(UTC),
            dry_run=True,
            known_tables=tables,
            on_wait=narrate,
        )
        for process in processes
        if process.type != "transform"
    ]


def _document(made: Plan, loads: Sequence[LoadResult], project: Project) -> dict[str, Any]:
    return {
        "target": project.target.identity,
        "loads": [
            {
                "process": load.process,
                "new": [
                    {"raw_table": batch.raw_table, "source": batch.source} for batch in load.batches
                ],
                "unchanged_sources": load.unchanged_sources,
            }
            for load in loads
        ],
        "nodes": [
            {
                "unique_id": node.unique_id,
                "name": node.name,
                "resource_type": node.resource_type,
                "layer": node.layer,
                "action": str(node.action),
                "cause": str(node.cause),
                "reason": node.reason,
                "full_refresh": node.full_refresh,
            }
            for node in made.nodes
        ],
        "summary": {
            "to_load": sum(len(load.batches) for load in loads),
            "to_build": len(made.to_build),
            "unchanged": len(made.unchanged),
        },
    }


def _short(name: str) -> str:
    """The name of a node as far as it fits into a line; dbt makes a test's from its arguments."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _render(made: Plan, loads: Sequence[LoadResult]) -> str:
    from controlplane.cli.output import table

    lines = [f"load   {load.process}: {batch.source}" for load in loads for batch in load.batches]
    if made.nodes:
        rows = [
            (node.action, node.layer or "-", node.resource_type, _short(node.name), node.reason)
            for node in made.nodes
        ]
        lines.append(table(("action", "layer", "type", "node", "reason"), rows))
    count = sum(len(load.batches) for load in loads)
    built, unchanged = len(made.to_build), len(made.unchanged)
    lines.append(f"{count} to load, {built} to build, {unchanged} unchanged.")
    return "\n".join(lines)
