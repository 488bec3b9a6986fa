"""`databank rejects`: what loads could not read, and why; and reading it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.load.rejected import Rejected, Summary
    from controlplane.run.replaying import RejectsReplay

LONGEST_TEXT = 80


@click.group(epilog="Example: databank rejects list")
def rejects() -> None:
    """Say which records loads could not read, and why; read them again."""


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


@rejects.command(epilog="Example: databank rejects replay shop_orders --dry-run")
@click.argument("name", metavar="TABLE|ETL")
@click.option("--batch", type=click.IntRange(1), help="Only the rejects of this batch.")
@click.option("--dry-run", is_flag=True, help="Say what could be read now; write nothing.")
@click.option("--no-wait", is_flag=True, help="Exit with 4 if somebody else writes the warehouse.")
@output_option
@project_options
def replay(
    project: Project, name: str, batch: int | None, dry_run: bool, no_wait: bool, output: str
) -> None:
    """Read rejected records again, under the spec as it is now.

    Those that can be read become rows of the batch that they came with, in their place; the rest
    stay. The models follow with the next `databank run`.
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.run.replaying import replay_rejects

    done = replay_rejects(
        project, name, batch=batch, dry_run=dry_run, wait=not no_wait, on_wait=narrate
    )
    document = {
        "target": done.target,
        "job": done.job_id,
        "dry_run": dry_run,
        **done.result.to_dict(),
    }
    emit(document, output, lambda: _replayed(done, dry_run=dry_run))


def _replayed(done: RejectsReplay, *, dry_run: bool) -> str:
    from controlplane.cli.output import table

    result = done.result
    if not result.batches:
        return f"raw.{result.raw_table} has no rejects: nothing to replay"
    rows = [
        (batch.source, batch.batch_id, batch.replayed, sum(batch.remaining.values()))
        for batch in result.batches
    ]
    blocks = [table(("source", "batch", "can be read" if dry_run else "replayed", "remain"), rows)]
    if result.remaining:
        blocks.append(
            table(("remain", "because it"), [(n, why) for why, n in result.remaining.items()])
        )
    if dry_run:
        blocks.append("Nothing was written: leave out --dry-run to replay them.")
    elif result.replayed:
        blocks.append(f"The models follow with: databank run {result.process}")
    return "\n\n".join(blocks)


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
