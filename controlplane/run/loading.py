"""The first part of a run: the sources go into the raw tables, process by process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from controlplane.run.context import Context, now, placed
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.state.records import BatchResult

if TYPE_CHECKING:
    from controlplane.load import Batch, LoadResult
    from controlplane.load.ledger import NewestBatches

# Of a job's progress, the share that loading takes; the rest is dbt's.
LOAD_SHARE = 30
LOGGED_BAD_RECORDS = 20


def load(context: Context, on_work: Callable[[], None]) -> None:
    """Load each chosen process; `on_work` is called whenever one has something new.

    Raises:
        SourceError: a source cannot be read, or what it brings is held back by a gate.
    """
    from controlplane.load.ledger import newest_by_process

    tables = frozenset(file.spec.table_name for file in context.every)
    files = [file for file in context.chosen if file.spec.type != "transform"]
    known = newest_by_process(context.target)
    with context.target.stay_open() if len(files) > 1 else nullcontext():
        for index, file in enumerate(files):
            context.job.progress(LOAD_SHARE * index / len(files), f"loading {file.spec.slug}")
            _load(context, file, tables, known.get(file.spec.slug, {}), on_work)


def _load(
    context: Context,
    file: SpecFile[EtlProcess],
    tables: frozenset[str],
    known: NewestBatches,
    on_work: Callable[[], None],
) -> None:
    from controlplane.load import load_process

    context.job.check_cancelled()
    process = file.spec
    context.reporter.loading(process.slug)
    with placed(file):
        loaded = load_process(
            process,
            context.project,
            context.target,
            job_id=context.job.id,
            now=now,
            accept_empty=context.options.accept_empty,
            accept_drift=context.options.accept_drift,
            on_progress=partial(_note, context),
            known_tables=tables,
            known=known,
            wait=context.options.wait,
            on_wait=context.reporter.waiting,
            holder=context.holder,
            on_work=on_work,
        )
    context.result.loads.append(loaded)
    _record(context, process, loaded)
    context.reporter.loaded(loaded)
    if loaded.batches:
        on_work()


def has_news(context: Context, file: SpecFile[EtlProcess]) -> bool:
    """Whether a load would bring something; of a database that is known only afterwards."""
    from controlplane.load import load_process

    if not file.spec.source_config.is_file:
        return True
    with placed(file):
        planned = load_process(
            file.spec,
            context.project,
            context.target,
            job_id=context.job.id,
            now=now,
            dry_run=True,
            wait=context.options.wait,
            on_wait=context.reporter.waiting,
            holder=context.holder,
        )
    return bool(planned.batches)


def batch_result(process: str, batch: Batch) -> BatchResult:
    """A batch as it is kept with the job that loaded it."""
    return BatchResult(
        process=process,
        source=batch.source,
        batch_id=batch.batch_id or 0,
        rows_read=batch.rows_read,
        rows_loaded=batch.rows_loaded,
        rows_rejected=batch.rows_rejected,
    )


def _note(context: Context, batch: Batch) -> None:
    """Say what a person should know of a batch at once: what comes after it may fail."""
    for note in batch.notes:
        context.job.log("warning", note)
        context.reporter.note(note)


def _record(context: Context, process: EtlProcess, loaded: LoadResult) -> None:
    job = context.job
    job.record_batches(batch_result(loaded.process, batch) for batch in loaded.batches)
    job.log(
        "info",
        f"{loaded.process}: {len(loaded.batches)} batches, {loaded.rows_read} records read,"
        f" {loaded.rows_loaded} loaded, {loaded.rows_rejected} rejected",
    )
    for skipped in loaded.skipped:
        job.log("warning", f"{loaded.process}: {skipped.source} skipped: {skipped.reason}")
    for warning in loaded.warnings:
        job.log("warning", f"{loaded.process}: {warning}")
        context.reporter.note(f"{loaded.process}: {warning}")
    if process.error_handling.error_logging and loaded.rows_rejected:
        _log_rejects(context, loaded)


def _log_rejects(context: Context, loaded: LoadResult) -> None:
    ids = ", ".join(str(batch.batch_id) for batch in loaded.batches)
    rows = context.target.query(
        "select source, line_number, reason from raw._rejects"  # noqa: S608
        f" where batch_id in ({ids}) order by batch_id, line_number limit {LOGGED_BAD_RECORDS}"
    )
    for source, line, reason in rows:
        context.job.log("warning", f"{loaded.process}: {source}:{line} rejected: {reason}")
