"""`databank job`: list, show, cancel and retry executions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option, project_options
from controlplane.cli.output import emit, narrate, table
from controlplane.errors import JobError

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.state.job_log import LogLine
    from controlplane.state.records import Job, NodeResult
    from controlplane.state.store import Store

STATUSES = ("pending", "running", "completed", "failed", "cancelled")
FOLLOW_SECONDS = 0.5


@click.group(epilog="Example: databank job show last")
def job() -> None:
    """List, show, cancel and retry executions.

    Where a command takes an ID, the beginning of one is enough, and `last` is the newest job.
    """


@job.command(name="list", epilog="Example: databank job list --status failed")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most."
)
@click.option(
    "--status", "statuses", type=click.Choice(STATUSES), multiple=True, help="Only these."
)
@output_option
@project_options
def list_command(limit: int, statuses: tuple[str, ...], output: str, project: Project) -> None:
    """List jobs, newest first."""
    from controlplane.jobs import list_jobs
    from controlplane.state.records import JobStatus

    with _store(project) as store:
        found = list_jobs(store, statuses=[JobStatus(item) for item in statuses], limit=limit)
    now = datetime.now(UTC)

    def render() -> str:
        if not found:
            return "no jobs" + (" with this status" if statuses else " yet")
        return table(
            ("id", "type", "name", "status", "progress", "attempts", "created", "seconds"),
            [
                (
                    item.id,
                    item.type,
                    item.name,
                    item.status,
                    f"{item.progress}%",
                    item.attempt,
                    _local(item.created_at),
                    _seconds(item.started_at, item.finished_at, now),
                )
                for item in found
            ],
        )

    emit({"jobs": [_job_document(item) for item in found]}, output, render)


@job.command(epilog="Example: databank job show last -o json")
@click.argument("job_id", metavar="ID")
@output_option
@project_options
def show(job_id: str, output: str, project: Project) -> None:
    """Show everything that is known of a job: attempts, batches, nodes, result, error."""
    from controlplane.jobs import find_job, merged_results
    from controlplane.state.job_log import log_path

    with _store(project) as store:
        found = find_job(store, job_id)
        attempts = store.attempts(found.id)
        batches = store.batches(found.id)
        nodes = merged_results(store, found.id)
    log = log_path(project.state_dir, found.id)
    document = {
        **_job_document(found),
        "attempts": [_without(asdict(item), "job_id") for item in attempts],
        "batches": [asdict(item) for item in batches],
        "nodes": [asdict(item) for item in nodes],
        "log": log if log.exists() else None,
    }

    def render() -> str:
        now = datetime.now(UTC)
        parts = [_summary(found, now)]
        if len(attempts) > 1:
            parts.append(
                table(
                    ("attempt", "status", "started", "seconds", "error"),
                    [
                        (
                            item.number,
                            item.status,
                            _local(item.started_at),
                            _seconds(item.started_at, item.finished_at, now),
                            _first_line(item.error),
                        )
                        for item in attempts
                    ],
                )
            )
        if batches:
            parts.append(
                table(
                    ("batch", "process", "source", "read", "loaded", "rejected"),
                    [
                        (
                            item.batch_id,
                            item.process,
                            item.source,
                            item.rows_read,
                            item.rows_loaded,
                            item.rows_rejected,
                        )
                        for item in batches
                    ],
                )
            )
        if nodes:
            parts.append(_node_table(nodes))
        if attempts and attempts[-1].target_path:
            parts.append(f"artifacts  {attempts[-1].target_path}")
        if log.exists():
            parts.append(f"log        {log}")
        return "\n\n".join(parts)

    emit({"job": document}, output, render)


@job.command(epilog="Example: databank job logs last --follow")
@click.argument("job_id", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job ends.")
@output_option
@project_options
def logs(job_id: str, follow: bool, output: str, project: Project) -> None:
    """Print the log of a job; with --follow as it is written."""
    from controlplane.jobs import find_job
    from controlplane.state.job_log import log_path

    if follow and output == "json":
        raise click.UsageError("--follow prints lines as they come; it cannot be one JSON document")
    with _store(project) as store:
        found = find_job(store, job_id)
        path = log_path(project.state_dir, found.id)
        if follow:
            for line in _follow(store, found.id, path):
                emit({}, "text", partial(_log_text, line))
            return
    from controlplane.state.job_log import read_lines

    lines = [line for line, _ in read_lines(path)]
    if not lines and not path.exists():
        where = "" if found.host is None else f"; it ran on {found.host}"
        narrate(f"{found.id} has no log here{where}")
    emit(
        {"job": found.id, "lines": [asdict(line) for line in lines]},
        output,
        lambda: "\n".join(_log_text(line) for line in lines),
    )


@job.command(epilog="Example: databank job cancel last")
@click.argument("job_id", metavar="ID")
@output_option
@project_options
def cancel(job_id: str, output: str, project: Project) -> None:
    """Ask a job to stop; it does so within seconds, and stops dbt."""
    from controlplane.jobs import request_cancel

    with _store(project) as store:
        found = request_cancel(store, job_id)
    asked = "asked to stop" if found.cancel_requested else str(found.status)
    emit({"job": _job_document(found)}, output, lambda: f"{found.id}: {asked}")


@job.command(epilog="Example: databank job retry last")
@click.argument("job_id", metavar="ID")
@output_option
@project_options
def retry(job_id: str, output: str, project: Project) -> int:
    """Run a failed or cancelled job again, as a new attempt of the same job.

    What succeeded before and has not changed is not done again.
    """
    from controlplane.jobs import SCHEDULED_JOB_VARIABLE, find_job

    with _store(project) as store:
        found = find_job(store, job_id)
    # A scheduler that has it tried again has made it pending before.
    scheduled = project.environment.get(SCHEDULED_JOB_VARIABLE, "").partition("/")[0]
    if found.status not in {"failed", "cancelled"} and found.id != scheduled:
        raise JobError(
            f"job {found.id} is {found.status}; only a failed or cancelled job can be retried",
            hint="databank run starts a new one",
        )
    from controlplane.cli.run import show_run
    from controlplane.run import retry as run_again

    return show_run(project, lambda reporter: run_again(project, found.id, reporter), output)


@contextmanager
def _store(project: Project) -> Iterator[Store]:
    from controlplane.state.store import open_store

    with open_store(project) as store:
        yield store


def _follow(store: Store, job_id: str, path: Path) -> Iterator[LogLine]:
    """The lines of a log, until the job has ended and every line was read."""
    from controlplane.jobs import reap
    from controlplane.state.job_log import read_lines

    offset = 0
    while True:
        reap(store)
        found = store.job(job_id)
        ended = found is None or found.status.ended
        for line, end in read_lines(path, offset):
            offset = end
            yield line
        if ended:
            return
        time.sleep(FOLLOW_SECONDS)


def _summary(found: Job, now: datetime) -> str:
    counts = ", ".join(
        f"{getattr(found, f'records_{what}'):,} {what}"
        for what in ("read", "loaded", "rejected", "written")
    )
    status = str(found.status)
    if found.status == "running":
        status += f", {found.progress}%" + (f": {found.message}" if found.message else "")
        status += ", asked to stop" if found.cancel_requested else ""
    facts: dict[str, Any] = {
        "job": found.id,
        "what": f"{found.type} {found.name}",
        "status": status,
        "created": _local(found.created_at),
        "due": found.scheduled_for and _local(found.scheduled_for),
        "started": found.started_at and _local(found.started_at),
        "finished": found.finished_at and _local(found.finished_at),
        "seconds": _seconds(found.started_at, found.finished_at, now),
        "process": found.pid and f"{found.pid} on {found.host}",
        "records": counts,
        "params": _values(found.params),
        "result": _values(found.result or {}),
        "error": found.error,
        "see": found.error_path,
    }
    return "\n".join(f"{key:<9} {value}" for key, value in facts.items() if value is not None)


def _values(document: Mapping[str, Any]) -> str | None:
    """The values that say something, in one line; the JSON document has them all."""
    shown = {key: value for key, value in document.items() if value and value is not True}
    flags = [key for key, value in document.items() if value is True]
    words = [
        f"{key}={', '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in shown.items()
        if not isinstance(value, dict) and not _nested(value)
    ]
    return "; ".join([*words, *flags]) or None


def _nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)


def _node_table(nodes: list[NodeResult]) -> str:
    return table(
        ("type", "node", "layer", "status", "attempt", "rows", "seconds", "message"),
        [
            (
                item.resource_type,
                # type.package.name, and for a test what tells it from others of its name
                item.unique_id.split(".")[2],
                item.layer,
                item.status,
                item.attempt,
                item.rows,
                item.seconds,
                _first_line(item.message),
            )
            for item in nodes
        ],
    )


def _job_document(found: Job) -> dict[str, Any]:
    document = _without(asdict(found), "process_start", "attempt")
    return {**document, "attempt_count": found.attempt}


def _without(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


def _log_text(line: LogLine) -> str:
    return f"{line.time.astimezone():%H:%M:%S} {line.level:<7} {line.message}"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _seconds(started: datetime | None, finished: datetime | None, now: datetime) -> float | None:
    if started is None:
        return None
    return round(((finished or now) - started).total_seconds(), 1)


def _first_line(text: str | None) -> str | None:
    return None if text is None else text.strip().partition("\n")[0]
