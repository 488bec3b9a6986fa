"""One tracked job: pre-validation, load, scores, `dbt build` of what that changes, post-validation.

Order matters for a crash at any instant: every load is a transaction of its own, and a build leaves
what it owes in the state store. The same command after a crash therefore goes on where this one
ended.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from controlplane.config import Project
from controlplane.dbt.process import DbtSession
from controlplane.dbt.salt import postgres_options, require_salt
from controlplane.destination import destination
from controlplane.errors import DatabankError, JobError
from controlplane.generate.pending import require_generated
from controlplane.jobs import JobCancelled, find_job, track
from controlplane.plan import ParseAhead, asks_dbt, is_parsed
from controlplane.plan.arguments import read_arguments
from controlplane.run.building import Build
from controlplane.run.checks import post_validate, pre_validate
from controlplane.run.context import Context
from controlplane.run.loading import load
from controlplane.run.options import RunOptions
from controlplane.run.result import Reporter, RunResult
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile, read_etl_specs, refuse_planned
from controlplane.state.records import JobStatus
from controlplane.state.store import Store, open_store
from controlplane.targets import open_target


def run(project: Project, options: RunOptions, reporter: Reporter) -> RunResult:
    """Load, build and validate as one tracked job.

    Raises:
        SpecError: specs cannot be used; no job was started.
        DatabankError: the job failed before dbt could say anything; it is recorded as failed.
        JobCancelled: somebody stopped it.
    """
    with open_store(project) as store:
        return _run(store, project, options, reporter, None)


def retry(project: Project, job_id: str, reporter: Reporter) -> RunResult:
    """The next attempt of a failed or cancelled job, with what was asked for then."""
    with open_store(project) as store:
        job = find_job(store, job_id)
        if job.type not in ("run", "ingest"):
            raise JobError(
                f"job {job.id} is of type {job.type}; only a run or an ingest can be retried",
                hint="give its command once more; what was loaded is not loaded again",
            )
        options = RunOptions.from_params(job.params)
        return _run(store, project, options, reporter, job.id)


def choose(
    files: Sequence[SpecFile[EtlProcess]], names: Sequence[str], project_root: Path
) -> list[SpecFile[EtlProcess]]:
    """The processes with these names, slugs or table names; all of them if none is named.

    Raises:
        DatabankError: a name fits none, or a process that is only planned.
    """
    if not names:
        return list(files)
    known: dict[str, SpecFile[EtlProcess]] = {}
    for file in files:
        for name in (file.spec.table_name, file.spec.name, file.spec.slug):
            known[name] = file
    chosen = []
    for name in names:
        if name not in known:
            refuse_planned(project_root, [name])
            slugs = [file.spec.slug for file in files]
            near = difflib.get_close_matches(name, list(known), n=1)
            hint = f" Did you mean '{known[near[0]].spec.slug}'?" if near else ""
            raise DatabankError(
                f"there is no ETL process '{name}' (has: {', '.join(slugs) or 'none'}).{hint}"
            )
        if known[name] not in chosen:
            chosen.append(known[name])
    return chosen


def _run(
    store: Store, project: Project, options: RunOptions, reporter: Reporter, job_id: str | None
) -> RunResult:
    every = read_etl_specs(project.root)
    chosen = choose(every, options.names, project.root)
    project = destination(project, chosen)
    if not options.load_only:
        require_salt(project, read_arguments(options.dbt_args).variables)
    with _dbt_session(project, options) as session:
        if not options.load_only:
            for note in require_generated(project):
                reporter.note(note)
        target = open_target(project.target, on_wait=reporter.waiting)
        name = ", ".join(file.spec.slug for file in chosen) if options.names else "all"
        kind = "ingest" if options.load_only else "run"
        started = time.monotonic()
        try:
            with track(store, project, kind, name, asdict(options), job_id=job_id) as job:
                result = RunResult(job.id, project.target.identity)
                reporter.job(job.id, project.target.identity)
                with job.attempt() as attempt:
                    context = Context(
                        project=project,
                        target=target,
                        store=store,
                        options=options,
                        reporter=reporter,
                        job=job,
                        result=result,
                        every=every,
                        chosen=chosen,
                        attempt=attempt.number,
                        target_path=attempt.target_path,
                    )
                    try:
                        _carry_out(context, session)
                    finally:
                        result.seconds = time.monotonic() - started
                        job.result(result.document)
            result.status = job.status
            result.error = job.error
        except BaseException as error:
            _tell(chosen, project, reporter, name, error)
            raise
    if result.status is not JobStatus.COMPLETED:
        _tell(chosen, project, reporter, name, DatabankError(result.error or "failed"), result)
    return result


def _dbt_session(project: Project, options: RunOptions) -> DbtSession:
    """The session that builds; it begins to load dbt now if it is sure to be needed."""
    session = DbtSession(project, environment=_dbt_environment(project))
    if not options.load_only and (
        options.rebuild
        or options.full_refresh
        or asks_dbt(options.select, options.exclude)
        or not is_parsed(project)
    ):
        session.start()
    return session


def _carry_out(context: Context, session: DbtSession) -> None:
    options = context.options
    if context.project.target.type == "duckdb":
        # Whoever writes the file shuts readers out: they are waited for before anything is asked.
        with context.write_lock():
            pass
    if not options.build_only:
        pre_validate(context)
    if options.load_only:
        load(context, on_work=lambda: None)
        return
    with session:  # dbt is gone before the job says that it ended
        parse_path = context.target_path / "parse"
        ahead = ParseAhead(context.project, session, parse_path, options.dbt_args)
        # There will be something to build: dbt can read the project while the rest is loaded.
        if not options.build_only:
            load(context, on_work=ahead.begin)
        build = Build(context, session, ahead)
        build.carry_out()
    post_validate(context, build.unvalidated)


def _dbt_environment(project: Project) -> dict[str, str]:
    """dbt's environment: the project's, with PostgreSQL's compiler off and the salt for masking.

    Just-in-time compilation of long generated expressions takes a hundred times what it saves.
    """
    given = project.environment.get("PGOPTIONS", "")
    options = f"{given} -c jit=off {postgres_options(project.environment)}".strip()
    return {**project.environment, "PGOPTIONS": options}


def _tell(
    files: Iterable[SpecFile[EtlProcess]],
    project: Project,
    reporter: Reporter,
    name: str,
    error: BaseException,
    result: RunResult | None = None,
) -> None:
    """Notify of a failed run, if one of its processes asks for it."""
    if isinstance(error, (JobCancelled, KeyboardInterrupt)):
        return
    asking = [f.spec.slug for f in files if f.spec.error_handling.error_notification]
    if not asking:
        return
    from controlplane.notify import notify
    from controlplane.state.scrub import known_secrets, scrub

    text = scrub(str(error), known_secrets(project.environment, project.target.password))
    document = {
        "event": "job_failed",
        "job_id": result.job_id if result else None,
        "name": name,
        "processes": asking,
        "error": text,
    }
    reporter.note(notify(document, project.environment))
