"""`databank schedule`: run the processes that are due; list what comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from controlplane.cli.options import output_option, project_options
from controlplane.cli.output import emit, narrate, table
from controlplane.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.schedule.scheduler import ScheduledProcess


@click.group(epilog="Example: databank schedule next")
def schedule() -> None:
    """Run the processes that are due; list what comes next."""


@schedule.command(name="list", epilog="Example: databank schedule list")
@output_option
@project_options
def list_command(output: str, project: Project) -> None:
    """List the processes that have a schedule, with their last and their next run."""
    from controlplane.schedule.scheduler import schedule_statuses
    from controlplane.state.store import open_store

    processes = _processes(project)
    with open_store(project) as store:
        found = schedule_statuses(store, processes, datetime.now(UTC))
    rows = [
        {
            "process": item.process.slug,
            "cron_expression": item.process.schedule.cron_expression,
            "timezone": item.process.schedule.timezone,
            "next_due": item.next_due,
            "last_due": item.last_claim and item.last_claim.job and item.last_claim.due_at,
            "last_job": item.last_claim and item.last_claim.job and item.last_claim.job.id,
            "last_status": item.last_claim and item.last_claim.job and item.last_claim.job.status,
        }
        for item in found
    ]

    def render() -> str:
        if not rows:
            return "no process has a cron schedule"
        header = (
            "process",
            "cron",
            "time zone",
            "next (UTC)",
            "last due (UTC)",
            "last job",
            "status",
        )
        return table(header, [tuple(_shown(value) for value in row.values()) for row in rows])

    emit({"schedules": rows}, output, render)


@schedule.command(name="next", epilog="Example: databank schedule next shop_orders -n 3")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "-n", "--count", type=click.IntRange(min=1), default=5, show_default=True, help="How many."
)
@output_option
@project_options
def next_command(names: tuple[str, ...], count: int, output: str, project: Project) -> None:
    """List the next due times, of all processes or of those named."""
    from controlplane.schedule.calendar import instants
    from controlplane.specs.files import refuse_planned

    processes = _processes(project)
    known = {item.slug for item in processes}
    if missing := [name for name in names if name not in known]:
        refuse_planned(project.root, missing[:1])
        raise ConfigError(
            f"no process with a cron schedule is called '{missing[0]}'"
            f" (has: {', '.join(sorted(known)) or 'none'})"
        )
    now = datetime.now(UTC)
    due = sorted(
        (moment, item.slug, item.schedule.timezone)
        for item in processes
        if not names or item.slug in names
        for moment in islice(instants(item.schedule, now), count)
    )[:count]
    emit(
        {
            "due": [
                {"due_at": moment, "process": slug, "timezone": zone} for moment, slug, zone in due
            ]
        },
        output,
        lambda: (
            table(
                ("due", "time zone", "process"),
                [(moment.astimezone(ZoneInfo(zone)), zone, slug) for moment, slug, zone in due],
            )
            if due
            else "nothing is due any more"
        ),
    )


@schedule.command(epilog="Example: databank schedule start")
@click.option("--once", is_flag=True, help="Run what is due now, and exit when it is done.")
@click.option(
    "--poll",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look for changed specs and failed runs; due times are met exactly.",
)
@click.option(
    "--parallel",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="How many runs may go on at once.",
)
@project_options
def start(once: bool, poll: float, parallel: int, project: Project) -> int:
    """Run processes when they are due, until stopped.

    Any number of schedulers may run: each due time is run by one of them. Times missed while none
    ran are made up for by one run. Ctrl-C or SIGTERM lets running jobs end; again, it cancels them.
    """
    from controlplane.schedule.scheduler import Scheduler
    from controlplane.state.store import open_store

    with open_store(project) as store:
        scheduler = Scheduler(store, project, narrate=narrate, parallel=parallel)
        if once:
            return ExitCode.DONE if scheduler.run_once() else ExitCode.FAILED
        narrate("scheduler started; stop it with Ctrl-C")
        scheduler.run(poll)
    return ExitCode.DONE


def _shown(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value


def _processes(project: Project) -> list[ScheduledProcess]:
    from controlplane.schedule.scheduler import read_schedules

    processes, problems = read_schedules(project.root)
    for problem in problems:
        narrate(f"not scheduled: {problem}")
    return processes
