"""`databank quarantine`: which records did not pass, and why; and judging them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.quarantine import Quarantine, Record, Summary
    from controlplane.run.quarantined import Judged, QuarantineReplay
    from controlplane.targets import Target

LONGEST_VALUES = 100


@click.group(epilog="Example: databank quarantine list")
def quarantine() -> None:
    """Say which records did not pass, and why; judge them again."""


@quarantine.command("list", epilog="Example: databank quarantine list shop_orders")
@click.argument("name", metavar="[ETL|TABLE]", required=False)
@output_option
@project_options
def list_quarantine(project: Project, name: str | None, output: str) -> None:
    """List how many records are in quarantine for which reason.

    The stage is load for what could not be read, check for what a rule did not let pass.
    """
    from controlplane.cli.output import emit
    from controlplane.quarantine import summaries

    target, chosen = _chosen(project, name)
    found = [summary for each in chosen for summary in summaries(target, each)]
    document = {
        "target": project.target.identity,
        "quarantine": [asdict(summary) for summary in found],
    }
    emit(document, output, lambda: _listed(found))


@quarantine.command(epilog="Example: databank quarantine show shop_orders --reason total_usd")
@click.argument("name", metavar="ETL|TABLE")
@click.option("--reason", metavar="TEXT", help="Only those with this text in their reason.")
@click.option("--limit", type=click.IntRange(1), default=100, help="How many; default: 100.")
@output_option
@project_options
def show(project: Project, name: str, reason: str | None, limit: int, output: str) -> None:
    """Show the newest records in quarantine: where they stand, why, and what they say."""
    from controlplane.cli.output import emit
    from controlplane.quarantine import records

    target, [chosen] = _chosen(project, name)
    found = records(target, chosen, reason, limit)
    document = {
        "target": project.target.identity,
        "name": chosen.name,
        "records": [asdict(record) for record in found],
    }
    emit(document, output, lambda: _shown(found))


@quarantine.command(epilog="Example: databank quarantine replay shop_orders")
@click.argument("name", metavar="[ETL]", required=False)
@click.option("--no-wait", is_flag=True, help="Exit with 4 if somebody else writes the warehouse.")
@output_option
@project_options
def replay(project: Project, name: str | None, no_wait: bool, output: str) -> int:
    """Judge the records in quarantine again, after a rule or the data was mended.

    The process's models are built anew from all raw data, as one tracked job that loads nothing;
    without ETL, those of every process that has something in quarantine.
    """
    from controlplane.cli.output import emit
    from controlplane.cli.progress import open_reporter
    from controlplane.run.quarantined import replay_quarantine

    reporter = open_reporter()
    try:
        done = replay_quarantine(project, name, wait=not no_wait, reporter=reporter)
    finally:
        reporter.close()
    document = {
        "job": done.run.job_id if done.run else None,
        "target": project.target.identity if done.run is None else done.run.target,
        "status": str(done.run.status) if done.run else None,
        "error": done.run.error if done.run else None,
        "processes": [each.to_dict() for each in done.judged],
    }
    emit(document, output, lambda: _replayed(done))
    return int(done.exit_code)


def _chosen(project: Project, name: str | None) -> tuple[Target, list[Quarantine]]:
    from controlplane.cli.output import narrate
    from controlplane.quarantine import find, quarantines
    from controlplane.specs.files import read_etl_specs
    from controlplane.targets import open_target

    processes = [file.spec for file in read_etl_specs(project.root)]
    target = open_target(project.target, on_wait=narrate)
    found = quarantines(target, processes)
    return target, [find(found, processes, name)] if name else found


def _listed(found: Sequence[Summary]) -> str:
    from controlplane.cli.output import table

    if not found:
        return "nothing is in quarantine"
    return table(
        ("name", "stage", "reason", "records", "batches", "newest batch"),
        [
            (each.name, each.stage, each.reason, each.records, each.batches, each.newest_batch)
            for each in found
        ],
    )


def _shown(found: Sequence[Record]) -> str:
    from controlplane.cli.output import table

    if not found:
        return "nothing is in quarantine for such a reason"
    return table(
        ("source", "row", "stage", "reason", "values"),
        [
            (each.source, each.row_number, each.stage, each.reason, _short(each.values))
            for each in found
        ],
    )


def _short(values: dict[str, object]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in values.items())
    line = text if text.isprintable() else text.encode("unicode_escape").decode()
    return line if len(line) <= LONGEST_VALUES else f"{line[:LONGEST_VALUES]}…"


def _replayed(done: QuarantineReplay) -> str:
    if done.run is None:
        return "nothing is in quarantine: nothing to replay"
    blocks = [_process(each) for each in done.judged]
    if done.run.error:
        blocks.append(f"Error: {done.run.error}")
    blocks.append(f"Job {done.run.job_id}: databank job show {done.run.job_id}")
    return "\n\n".join(blocks)


def _process(each: Judged) -> str:
    left = sum(each.left.values())
    places = ", ".join(f"{count:,} {place}" for place, count in sorted(each.left.items()))
    lines = [f"{each.process}: {left:,} of {each.before:,} left" + (f" ({places})" if left else "")]
    if each.entered:
        lines.append(f"  {each.entered:,} came into quarantine")
    lines += [
        f"  {reason.records:,} remain ({reason.stage}): {reason.reason}"
        for reason in each.remaining
    ]
    sums = each.sums
    word = "=" if sums.hold else "is not"
    lines.append(
        f"  {sums.records:,} records {word} {sums.silver:,} silver + {sums.quarantine:,} quarantine"
        f" + {sums.duplicate:,} duplicates + {sums.filtered:,} filtered"
    )
    return "\n".join(lines)
