"""`databank run`: load, build and validate as one tracked job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.run import NodeOutcome, Reporter, RunResult

BAD = ("error", "fail", "runtime error")


@click.command(
    epilog="Example: databank run shop_orders --target postgres",
    context_settings={"ignore_unknown_options": False},
)
@click.argument("names", nargs=-1, metavar="[NAME…] [-- DBT_ARGS…]")
@click.option("--select", multiple=True, help="Build these nodes only, in dbt's own grammar.")
@click.option("--exclude", multiple=True, help="Leave these nodes out, in dbt's own grammar.")
@click.option("--full-refresh", is_flag=True, help="Build everything, and incremental models anew.")
@click.option("--rebuild", is_flag=True, help="Build everything, changed or not.")
@click.option("--accept-empty", is_flag=True, help="Let an empty or collapsed delivery replace.")
@click.option("--accept-drift", is_flag=True, help="Load a source whose columns changed.")
@click.option("--no-wait", is_flag=True, help="Exit with 4 if somebody else writes the warehouse.")
@click.option("--timeout", type=click.FloatRange(min=1), help="Stop dbt after so many seconds.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, as `databank plan` does.")
@output_option
@project_options
@click.pass_context
def run(
    context: click.Context,
    project: Project,
    names: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    full_refresh: bool,
    rebuild: bool,
    accept_empty: bool,
    accept_drift: bool,
    no_wait: bool,
    timeout: float | None,
    dry_run: bool,
    output: str,
) -> int:
    """Load the sources, build what that changes, and validate it, as one tracked job.

    What has not changed is not built again. NAME is an ETL process; without one, all are run.
    What follows `--` goes to dbt.
    """
    from controlplane.run import RunOptions
    from controlplane.run import run as start

    names, dbt_args = _split(names)
    if dry_run:
        from controlplane.cli.plan import plan

        answer = context.invoke(
            plan,
            names=names,
            select=select,
            exclude=exclude,
            full_refresh=full_refresh,
            rebuild=rebuild,
            output=output,
        )
        return int(answer or 0)
    options = RunOptions(
        names=names,
        select=select,
        exclude=exclude,
        full_refresh=full_refresh,
        rebuild=rebuild,
        accept_empty=accept_empty,
        accept_drift=accept_drift,
        wait=not no_wait,
        timeout=timeout,
        dbt_args=dbt_args,
    )
    return show_run(project, lambda reporter: start(project, options, reporter), output)


def _split(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of processes, and what follows `--`: click hands both over as one list."""
    first = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return words[:first], words[first:]


def show_run(project: Project, start: Callable[[Reporter], RunResult], output: str) -> int:
    """Run, show how far it is, then print the summary; the exit code."""
    from controlplane.cli.bad_records import explain
    from controlplane.cli.output import emit
    from controlplane.cli.progress import open_reporter

    reporter = open_reporter()
    try:
        result = start(reporter)
    finally:
        reporter.close()
    bad_records = explain(project, result)
    emit(document(result, bad_records), output, lambda: summary(result, bad_records))
    return int(result.exit_code)


def document(result: RunResult, bad_records: Mapping[str, list[str]]) -> dict[str, Any]:
    """The result as plain values; `bad_records` explain failed tests, by their names."""
    return {
        "job": result.job_id,
        "target": result.target,
        "status": str(result.status),
        "seconds": round(result.seconds, 3),
        "error": result.error,
        "loads": [load.to_dict() for load in result.loads],
        "checks": [asdict(check) for check in result.checks],
        "nodes": [asdict(node) for node in result.nodes],
        "bad_records": dict(bad_records),
        "unchanged_nodes": result.unchanged,
        "quality": result.scores,
        "metrics": result.metrics,
        "profiles": result.profiles,
    }


def summary(result: RunResult, bad_records: Mapping[str, list[str]]) -> str:
    """What a person reads at the end of a run."""
    from controlplane.cli.output import table

    blocks = []
    models = [node for node in result.nodes if node.resource_type not in ("test", "unit_test")]
    if models:
        rows = [
            (node.layer or "-", node.name, node.status, node.rows, round(node.seconds, 2))
            for node in sorted(models, key=_position)
        ]
        blocks.append(table(("layer", "model", "status", "rows", "seconds"), rows))
        blocks.append(table(("layer", "models", "tests", "failed"), _layers(result.nodes)))
    for node in result.nodes:
        if node.status in BAD:
            place = f"\n  SQL: {node.compiled_path}" if node.compiled_path else ""
            said = "".join(f"\n  {line}" for line in bad_records.get(node.name, ()))
            message = (node.message or "").strip()
            blocks.append(f"{node.status}: {node.name}\n  {message}{said}{place}")
    for process, metrics in result.metrics.items():
        shown = ", ".join(
            f"{name} {'-' if value is None else f'{value:.1%}'}" for name, value in metrics.items()
        )
        blocks.append(f"{process}: {shown}")
    blocks.append(_last_lines(result))
    return "\n\n".join(blocks)


def _position(node: NodeOutcome) -> tuple[int, str]:
    from controlplane.cli.progress import LAYERS

    layer = node.layer or ""
    return (LAYERS.index(layer) if layer in LAYERS else len(LAYERS), node.name)


def _layers(nodes: list[NodeOutcome]) -> list[tuple[str, int, int, int]]:
    """Per layer: models built, tests run, and how many of either failed."""
    from controlplane.cli.progress import LAYERS

    counts: dict[str, list[int]] = {}
    for node in nodes:
        is_test = node.resource_type in ("test", "unit_test")
        row = counts.setdefault(node.layer or "-", [0, 0, 0])
        row[1 if is_test else 0] += 1
        row[2] += node.status in BAD
    order = [*LAYERS, *sorted(set(counts) - set(LAYERS))]
    return [(layer, *counts[layer]) for layer in order if layer in counts]  # type: ignore[misc]


def _last_lines(result: RunResult) -> str:
    loaded = sum(load.rows_loaded for load in result.loads)
    rejected = sum(load.rows_rejected for load in result.loads)
    if not result.nodes and not loaded and result.exit_code == 0:
        head = f"Nothing changed: no new data, {result.unchanged} nodes unchanged, nothing rebuilt."
    else:
        head = (
            f"{'Done' if result.exit_code == 0 else 'Failed'} in {result.seconds:.1f} s:"
            f" {loaded:,} records loaded, {rejected:,} rejected,"
            f" {len(result.nodes)} nodes built, {result.unchanged} unchanged."
        )
    lines = [head]
    if result.error:
        lines.append(f"Error: {result.error}")
    lines.append(f"Job {result.job_id}: databank job show {result.job_id}")
    lines.append("Lineage and documentation: databank docs")
    return "\n".join(lines)
