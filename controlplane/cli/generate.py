"""`databank generate`: write the dbt models of the specs, or say what would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options
from controlplane.cli.output import emit, narrate
from controlplane.errors import ExitCode

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.generate import Generation
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.source_schema import SourceSchema


@click.command(epilog="Example: databank generate --dry-run")
@click.option("--dry-run", is_flag=True, help="Print the difference and write nothing.")
@click.option("--check", is_flag=True, help="As --dry-run, and exit with 1 if there is any.")
@click.option("--refresh", is_flag=True, help="Ask the sources for their columns again.")
@click.option(
    "--keep",
    multiple=True,
    metavar="FILE",
    help="A file in conflict, as the conflict names it, that is right as it is.",
)
@output_option
@project_options
def generate(
    project: Project,
    dry_run: bool,
    check: bool,
    refresh: bool,
    keep: tuple[str, ...],
    output: str,
) -> int:
    """Write the dbt models of the specs; what people changed by hand is kept."""
    from controlplane import generate as generator

    def describe(process: EtlProcess, known_tables: frozenset[str]) -> SourceSchema:
        from controlplane.load import describe_source

        return describe_source(process, project, known_tables=known_tables)

    write = not (dry_run or check)
    done = generator.generate(project, describe, write=write, refresh=refresh, keep=keep)
    emit(_document(done), output, lambda: _text(done, write=write))
    for change in done.conflicts:
        narrate(
            f"Conflict: {change.path}: {change.note}. It was left alone; bring in what the spec asks"
            f" for, or say --keep {change.path}:\n{change.diff()}"
        )
    if done.conflicts or (check and done.pending):
        return ExitCode.FAILED
    return ExitCode.DONE


def _document(done: Generation) -> dict[str, object]:
    return {
        "processes": done.processes,
        "changes": [
            {"path": change.path, "action": change.action, "note": change.note}
            for change in done.changes
            if change.action != "unchanged"
        ],
    }


def _text(done: Generation, *, write: bool) -> str:
    lines = []
    for change in done.changes:
        if change.action == "unchanged":
            continue
        lines.append(f"{change.action:8} {change.path}{f' ({change.note})' if change.note else ''}")
        if not write and change.action != "conflict":
            lines.append(change.diff())
    count = len(done.pending)
    verb = "written" if write else "to write"
    summary = f"{done.processes} processes: " + (
        f"{count} files {verb}" if count else "nothing to change"
    )
    if done.conflicts:
        summary += f", {len(done.conflicts)} in conflict"
    return "\n".join([*lines, summary])
