"""Loads a process: finds what is new in its sources, and writes each as a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from controlplane.config import Project
from controlplane.load import ledger
from controlplane.load.results import Batch, LoadResult
from controlplane.load.spool import remove_leftovers, spool_folder
from controlplane.naming import raw_table
from controlplane.specs.etl import EtlProcess
from controlplane.targets import Target
from controlplane.targets.base import OnWait


def load_process(
    process: EtlProcess,
    project: Project,
    target: Target,
    *,
    job_id: str | None,
    now: Callable[[], datetime],
    accept_empty: bool = False,
    accept_drift: bool = False,
    on_progress: Callable[[Batch], None] | None = None,
    dry_run: bool = False,
    known_tables: frozenset[str] = frozenset(),
    known: ledger.NewestBatches | None = None,
    wait: bool = True,
    on_wait: OnWait | None = None,
    holder: str | None = None,
    on_work: Callable[[], None] | None = None,
) -> LoadResult:
    """What was loaded: every source of the process that has something new, as batches.

    Each batch is one transaction. A batch that stands in the ledger as the newest of its source is
    not loaded again, and one that fails leaves nothing behind; those before it stay.

    Args:
        process: the process.
        project: the project that it belongs to.
        target: the warehouse.
        job_id: the job that the batches are recorded under.
        now: the clock.
        accept_empty: load an empty or collapsed delivery although it replaces another.
        accept_drift: load although columns came or went.
        on_progress: is told each batch as soon as it is committed.
        dry_run: only say which batches would be loaded.
        known_tables: the target tables of other processes, which joins read as models.
        known: the newest batches of the process, where somebody has asked the ledger before; if
            they are not the newest any more, that is found out when a batch is written.
        wait: whether to wait for another writer.
        on_wait: is told once who is waited for.
        holder: what those who wait for us are told; default: the process and the job.
        on_work: is told before a file is loaded that is not there yet.

    Raises:
        SourceError: a source cannot be read.
        LoadError: a gate stopped a batch.
        TargetError: the warehouse cannot be reached or refused the work.
        LockBusyError: somebody else is writing, and `wait` is false.
    """
    config = process.source_config
    if config.source_type == "model":
        return LoadResult(process.slug)
    remove_leftovers(project.state_dir)
    name = holder or f"databank ingest {process.slug}" + (f" (job {job_id})" if job_id else "")
    if known is None:
        if target.settings.type == "duckdb":
            # Whoever writes a DuckDB file shuts readers out too: wait here, where it can be said.
            with target.write_lock(name, wait=wait, on_wait=on_wait):
                pass
        known = ledger.newest_by_source(target, process.slug)
    if config.is_file:
        from controlplane.load.files import Later
        from controlplane.load.landing import Landing
        from controlplane.places import is_remote

        if any(map(is_remote, config.paths)):
            target.let_go()
        with Landing.of(config, project) as landing:
            files = landing.sources(config.paths)
        table = raw_table(process.slug)
        later = tuple(str(file) for file in files if isinstance(file, Later))
        fresh = [
            file
            for file in files
            if not isinstance(file, Later)
            and (
                (line := known.get((table, file.source))) is None
                or line.fingerprint != file.fingerprint
            )
        ]
        unchanged = len(files) - len(later) - len(fresh)
        if not fresh or dry_run:
            planned = tuple(Batch(None, table, file.source, file.fingerprint) for file in fresh)
            return LoadResult(process.slug, planned, unchanged_sources=unchanged, warnings=later)
        if on_work:
            on_work()

    # Only now there is work, which needs the engines.
    from controlplane.load.batch import LoadOptions
    from controlplane.load.loader import Loader

    options = LoadOptions(
        process=process.slug,
        handling=process.error_handling,
        job_id=job_id,
        now=now,
        replaces=process.target_config.load_strategy == "replace",
        accept_empty=accept_empty,
        schema_drift="evolve" if accept_drift else config.schema_drift or "freeze",
    )
    with spool_folder(project.ensure_state_dir()) as spool:
        loader = Loader(
            target=target,
            options=options,
            spool=spool,
            holder=name,
            wait=wait,
            on_wait=on_wait,
            on_progress=on_progress,
        )
        if config.is_file:
            with landing:
                loader.load_files(config, table, fresh, known, landing)
            loader.unchanged += unchanged
            loader.warnings += later
        else:
            from controlplane.load.from_database import load_database

            target.let_go()
            load_database(loader, process, project, known, known_tables, dry_run=dry_run)
    return loader.result()
