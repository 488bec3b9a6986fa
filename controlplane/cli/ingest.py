"""`databank ingest`: load sources into raw tables, as one tracked job, and build nothing."""

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


@click.command(
    epilog="Example: databank ingest shop_orders, or databank ingest --file sales.csv --as sales"
)
@click.argument("names", nargs=-1, metavar="[ETL…]")
@click.option(
    "--file",
    "given",
    metavar="PATH|URL",
    help="Load a file that has no spec, from here or elsewhere; a folder or a glob for all of it.",
)
@click.option("--as", "table", metavar="NAME", help="With --file: its table is raw.NAME.")
@click.option("--table-per-file", is_flag=True, help="With --file: a table for each file or sheet.")
@click.option("--sheet", metavar="NAME", help="With --file: the sheet of a workbook.")
@click.option("--accept-empty", is_flag=True, help="Let an empty or collapsed delivery replace.")
@click.option("--accept-drift", is_flag=True, help="Load a source whose columns changed.")
@click.option("--no-wait", is_flag=True, help="Exit with 4 if somebody else writes the warehouse.")
@click.option("--dry-run", is_flag=True, help="Say which batches would be loaded; write nothing.")
@output_option
@project_options
def ingest(
    project: Project,
    names: tuple[str, ...],
    given: str | None,
    table: str | None,
    table_per_file: bool,
    sheet: str | None,
    accept_empty: bool,
    accept_drift: bool,
    no_wait: bool,
    dry_run: bool,
    output: str,
) -> int:
    """Load what is new in the sources of ETL processes into raw tables.

    ETL is the name of a process; without one, all are loaded. What the warehouse already has is not
    loaded again.

    With --file no spec is needed: encoding, delimiter, header and what stands around the table are
    found out and printed, every record goes to raw.NAME or, with its reason, to raw._rejects.
    """
    from controlplane.cli.output import emit

    if given is not None:
        from controlplane.cli.ingest_file import ingest_files

        if names or dry_run or accept_empty:
            wrong = "ETL" if names else "--dry-run" if dry_run else "--accept-empty"
            raise click.UsageError(f"{wrong} does not go with --file")
        return ingest_files(
            project,
            given,
            table=table,
            table_per_file=table_per_file,
            sheet=sheet,
            accept_drift=accept_drift,
            wait=not no_wait,
            output=output,
        )
    if table is not None or table_per_file or sheet is not None:
        raise click.UsageError("--as, --table-per-file and --sheet need --file")

    if dry_run:
        loads = _dry_run(project, names)
        emit(_document(loads), output, lambda: _render(loads))
        return ExitCode.DONE

    from controlplane.cli.progress import open_reporter
    from controlplane.run import RunOptions, run

    options = RunOptions(
        names=names,
        accept_empty=accept_empty,
        accept_drift=accept_drift,
        wait=not no_wait,
        load_only=True,
    )
    reporter = open_reporter()
    try:
        result = run(project, options, reporter)
    finally:
        reporter.close()
    document = {
        "job": result.job_id,
        "target": result.target,
        "status": str(result.status),
        "error": result.error,
        **_document(result.loads),
    }
    emit(document, output, lambda: _render(result.loads))
    return int(result.exit_code)


def _dry_run(project: Project, names: tuple[str, ...]) -> list[LoadResult]:
    from controlplane.cli.output import narrate
    from controlplane.destination import destination
    from controlplane.load import load_process
    from controlplane.run import choose
    from controlplane.specs.files import read_etl_specs
    from controlplane.targets import open_target

    every = read_etl_specs(project.root)
    chosen = choose(every, names, project.root)
    project = destination(project, chosen)
    target = open_target(project.target)
    return [
        load_process(
            file.spec,
            project,
            target,
            job_id=None,
            now=lambda: datetime.now(UTC),
            known_tables=frozenset(other.spec.table_name for other in every),
            dry_run=True,
            on_wait=narrate,
        )
        for file in chosen
        if file.spec.type != "transform"
    ]


def _document(loads: Sequence[LoadResult]) -> dict[str, Any]:
    return {"loads": [load.to_dict() for load in loads]}


def _render(loads: Sequence[LoadResult]) -> str:
    from controlplane.cli.output import table

    rows = []
    for load in loads:
        rows += [
            (
                load.process,
                batch.source,
                batch.batch_id,
                batch.rows_read,
                batch.rows_loaded,
                batch.rows_rejected,
            )
            for batch in load.batches
        ]
    header = ("process", "source", "batch", "read", "loaded", "rejected")
    lines = [table(header, rows)] if rows else []
    unchanged = sum(load.unchanged_sources for load in loads)
    if unchanged:
        lines.append(f"{unchanged:,} {'source' if unchanged == 1 else 'sources'} unchanged")
    lines += [f"skipped: {skip.reason}" for load in loads for skip in load.skipped]
    lines += [f"warning: {warning}" for load in loads for warning in load.warnings]
    return "\n".join(lines) or "nothing to load"
