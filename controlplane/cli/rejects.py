"""`databank rejects`: what loads could not read, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.load.rejected import Rejected, Summary

LONGEST_TEXT = 80


@click.group(epilog="Example: databank rejects list")
def rejects() -> None:
    """Say which records loads could not read, and why."""


@rejects.command("list", epilog="Example: databank rejects list -o json")
@output_option
@project_options
def list_rejects(project: Project, output: str) -> None:
    """List how many records of each source were rejected for which reason."""
    from controlplane.cli.output import emit, narrate
    from controlplane.load.rejected import summaries
    from controlplane.targets import open_target

    found = summaries(open_target(project.target, on_wait=narrate))
    document = {"target": project.target.identity, "rejects": [asdict(each) for each in found]}
    emit(document, output, lambda: _listed(found))


@rejects.command(epilog="Example: databank rejects show raw.sales --limit 20")
@click.argument("name", metavar="TABLE")
@click.option("--limit", type=click.IntRange(1), default=100, help="How many; default: 100.")
@output_option
@project_options
def show(project: Project, name: str, limit: int, output: str) -> None:
    """Show the newest rejected records of a raw table: where they stand, what they say, and why."""
    from controlplane.cli.output import emit, narrate
    from controlplane.load.rejected import rejected
    from controlplane.targets import open_target

    found = rejected(open_target(project.target, on_wait=narrate), name, limit)
    document = {"target": project.target.identity, "rejects": [asdict(each) for each in found]}
    emit(document, output, lambda: _shown(found))


def _listed(found: Sequence[Summary]) -> str:
    from controlplane.cli.output import table

    if not found:
        return "no record was rejected"
    header = ("table", "source", "reason", "records", "newest batch")
    return table(
        header,
        [
            (f"raw.{each.raw_table}", each.source, each.reason, each.records, each.last_batch)
            for each in found
        ],
    )


def _shown(found: Sequence[Rejected]) -> str:
    from controlplane.cli.output import table

    return table(
        ("source", "line", "reason", "text"),
        [(each.source, each.line_number, each.reason, _short(each.raw_text)) for each in found],
    )


def _short(text: str) -> str:
    line = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
