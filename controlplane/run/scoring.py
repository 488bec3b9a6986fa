"""The gate between loading and building: every batch gets its score before dbt builds on it.

The models themselves keep what error handling decides: what is told here is what they are going to
do. A score that cannot be had costs the score and not the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.errors import DatabankError, DbtError, LockBusyError
from controlplane.run.context import Context, now
from controlplane.state.records import QualityResult

if TYPE_CHECKING:
    from controlplane.dbt.process import DbtSession
    from controlplane.quality.scores import Batch
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.files import SpecFile

_DECIDED = {
    "stop": "the table stays as it is and the job fails",
    "skip": "all its records go to quarantine",
    "quarantine": "they go to quarantine",
}


class DbtStoppedError(DbtError):
    """dbt was ended before it was done: it cannot build in this session any more."""


def score_batches(context: Context, session: DbtSession) -> None:
    """Score each batch of the chosen processes that has no score yet.

    Raises:
        DbtStoppedError: dbt took longer than it may.
        LockBusyError: somebody else writes the warehouse, and waiting is not wanted.
    """
    from controlplane.quality.batches import batches_of, unscored

    files = {
        file.spec.slug: file
        for file in context.chosen
        if file.spec.type != "extract" and file.spec.source_config.source_type != "model"
    }
    scores = context.store.scored_batches(context.identity)
    open_batches = {
        slug: todo
        for slug, there in batches_of(context.target, list(files)).items()
        if (todo := unscored(there, scores.get(slug, {})))
    }
    if not open_batches:
        return
    context.job.check_cancelled()
    try:
        _score(context, session, [files[slug] for slug in open_batches], open_batches)
    except (LockBusyError, DbtStoppedError):
        raise
    except DatabankError as error:
        context.job.check_cancelled()
        _warn(context, f"the quality of the new batches could not be computed: {error}")


def _score(
    context: Context,
    session: DbtSession,
    files: Sequence[SpecFile[EtlProcess]],
    open_batches: dict[str, list[Batch]],
) -> None:
    from controlplane.plan.arguments import read_arguments
    from controlplane.quality.batches import AT_ONCE, score
    from controlplane.quality.masked import masking
    from controlplane.quality.prepared import prepare

    given = read_arguments(context.options.dbt_args)
    prepared = prepare(
        context.project,
        files,
        context.every,
        lambda command, args: _run_dbt(context, session, command, args),
        variables=given.variables,
        changing=given.changing,
    )
    hidden = masking(context.project, given.variables)
    for slug, batches in open_batches.items():
        if not prepared[slug].criteria:
            continue
        for start in range(0, len(batches), AT_ONCE):
            context.job.check_cancelled()
            part = batches[start : start + AT_ONCE]
            try:
                found = score(context.target, prepared[slug], part, hidden, now=now())
            except DatabankError as error:
                _warn(context, f"{slug}: the quality of its batches could not be computed: {error}")
                break
            context.store.save_quality(context.identity, found)
            for result in found:
                _tell(context, result)


def _run_dbt(context: Context, session: DbtSession, command: str, args: Sequence[str]) -> Path:
    from controlplane.plan.arguments import read_arguments

    given = read_arguments(context.options.dbt_args).for_parse
    folder = context.target_path / ("quality_rules" if "--inline" in args else "quality")
    # dbt opens the warehouse, and writes nothing. It is handed no part of the lock, which it would
    # keep for as long as it lives.
    with context.write_lock():
        done = session.run(
            command,
            [*args, *given],
            target_path=folder,
            timeout=context.options.timeout,
            cancelled=context.job.cancelled,
        )
    context.job.check_cancelled()
    if str(done.ending) == "timeout":
        seconds = f"{context.options.timeout:g} seconds"
        raise DbtStoppedError(f"dbt {command} did not end within {seconds} (--timeout)")
    if done.exit_code != 0 or str(done.ending) != "itself":
        raise DbtError(f"dbt {command} did not end well: {done.error or 'it said nothing'}")
    return folder


def _tell(context: Context, result: QualityResult) -> None:
    context.result.quality.append(result)
    score = "-" if result.overall_score is None else f"{result.overall_score:.1%}"
    text = f"{result.subject}: batch {result.batch_id} ({result.source}) scores {score}"
    if result.decision == "pass":
        context.job.log("info", text)
        return
    context.job.log(
        "warning", f"{text}: {result.bad:,} bad records, so {_DECIDED[result.decision]}"
    )


def _warn(context: Context, message: str) -> None:
    context.job.log("warning", message)
    context.reporter.note(message)
