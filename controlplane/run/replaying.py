"""Replays as tracked jobs: of rejects into raw tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlplane.config import Project
from controlplane.destination import destination
from controlplane.errors import ConfigError, DatabankError
from controlplane.jobs import track
from controlplane.naming import RAW_SCHEMA, raw_table
from controlplane.run.context import now
from controlplane.run.job import choose
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import read_etl_specs
from controlplane.state.store import open_store
from controlplane.targets import Target, open_target

if TYPE_CHECKING:
    from controlplane.load.results import BatchReplay, ReplayResult


@dataclass(frozen=True)
class RejectsReplay:
    """What came of a replay of rejects; no job is tracked for a dry run."""

    target: str
    job_id: str | None
    result: ReplayResult


def replay_rejects(
    project: Project,
    name: str,
    *,
    batch: int | None,
    dry_run: bool,
    wait: bool,
    on_wait: Callable[[str], None],
) -> RejectsReplay:
    """Read the rejects of a process again, given its name or its raw table's, as a tracked job.

    Raises:
        ConfigError: it has no spec, or its rejects cannot be replayed; no job was started.
        SourceError: a source cannot be read.
        LockBusyError: somebody else is writing, and `wait` is false.
    """
    from controlplane.load import replay

    process, project = _process_of(project, name, on_wait)
    replay.check_replayable(process)
    target = open_target(project.target, on_wait=on_wait)
    if dry_run:
        result = replay.replay_rejects(
            process, project, target, job_id=None, now=now, batch=batch, dry_run=True
        )
        return RejectsReplay(project.target.identity, None, result)
    with (
        open_store(project) as store,
        track(store, project, "replay", process.slug, {"batch": batch}) as job,
        job.attempt(),
    ):

        def note(done: BatchReplay) -> None:
            job.check_cancelled()
            left = sum(done.remaining.values())
            job.log("info", f"batch {done.batch_id}: {done.replayed} replayed, {left} remain")

        result = replay.replay_rejects(
            process,
            project,
            target,
            job_id=job.id,
            now=now,
            batch=batch,
            holder=f"databank rejects replay, {job.id}",
            wait=wait,
            on_wait=on_wait,
            on_batch=note,
        )
        job.result(result.to_dict())
    return RejectsReplay(project.target.identity, job.id, result)


def _process_of(
    project: Project, name: str, on_wait: Callable[[str], None]
) -> tuple[EtlProcess, Project]:
    """The process that loads a table, and the project with the target that it goes to."""
    every = read_etl_specs(project.root)
    table = name.removeprefix(f"{RAW_SCHEMA}.")
    loaders = [file for file in every if raw_table(file.spec.slug) == table]
    try:
        chosen = loaders or choose(every, [name], project.root)
    except DatabankError:
        if _was_loaded(open_target(project.target, on_wait=on_wait), table):
            raise ConfigError(
                f"{RAW_SCHEMA}.{table} was loaded without a spec, which would say how to read its"
                " rejects again",
                hint="correct the file and load it again with databank ingest --file: its content"
                " is another then; or describe the source in a spec, which loads it for itself",
            ) from None
        raise
    return chosen[0].spec, destination(project, chosen)


def _was_loaded(target: Target, table: str) -> bool:
    from controlplane.load.rejected import summaries

    return any(found.raw_table == table for found in summaries(target))
