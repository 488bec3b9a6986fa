"""`databank etl`: the definitions of ETL processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.definitions import definition_group, write_definition
from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.specs.etl import EtlProcess


def _cells(process: EtlProcess) -> list[Any]:
    schedule = process.schedule
    target = process.target_config
    return [
        process.type,
        process.source_config.source_type,
        f"{target.schema_name}.{process.table_name}" if target.schema_name else process.table_name,
        target.load_strategy,
        schedule.cron_expression if schedule else None,
        process.status,
    ]


etl = definition_group(
    "etl", (("type", "source", "table", "strategy", "schedule", "status"), _cells)
)


@etl.command(
    "draft",
    help="Look at a file that nobody described, and write the ETL process that loads it.\n\n"
    "What was found out of its layout is pinned in the spec: later files are read the same way. A"
    " layout that a spec cannot say is refused.\n\n"
    "Example: databank etl draft export.csv --as sales",
)
@click.argument("path", metavar="PATH")
@click.option("--as", "name", metavar="NAME", help="What the process is called; default: the file.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--replace", is_flag=True, help="Take the place of one with the same slug.")
@project_options
@output_option
def draft(
    project: Project, path: str, name: str | None, sheet: str | None, output: str, **flags: bool
) -> None:
    """Draft a process for one file."""
    import json

    from controlplane.cli.ingest_file import one_file
    from controlplane.sniff.drafting import draft_process
    from controlplane.sniff.loading import table_name

    given, landing = one_file(project, path)
    called = name or table_name(path.rstrip("/").rpartition("/")[2])
    document = draft_process(given, called, project, landing, sheet=sheet)
    write_definition(project, "etl", json.dumps(document), path, output, **flags)
