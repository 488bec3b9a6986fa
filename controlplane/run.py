"""One tracked job: pre-validation, load, `dbt build` of what that changes, post-validation.

Order matters for a crash at any instant: every load is a transaction of its own, nodes are marked
as owed before dbt starts, and what a node has read is recorded only once its result is known. The
same command after a crash therefore goes on where this one ended.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from controlplane.config import Project
from controlplane.destination import destination
from controlplane.errors import DatabankError, DbtError, ExitCode, JobError, SourceError
from controlplane.generate.pending import require_generated
from controlplane.jobs import JobCancelled, JobRun, find_job, track
from controlplane.specs.files import SpecFile, read_etl_specs
from controlplane.state.records import BatchResult, JobStatus, NodeResult, NodeState
from controlplane.state.store import Store, open_store
from controlplane.targets import Target, WriteLock, open_target

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import NodeResult as DbtResult
    from controlplane.dbt.events import Event
    from controlplane.dbt.process import DbtSession
    from controlplane.load import LoadResult
    from controlplane.plan import Plan
    from controlplane.plan.steps import Step
    from controlplane.quality import CheckResult
    from controlplane.specs.etl import EtlProcess

# Of a job's progress, the share that loading takes; the rest is dbt's.
LOAD_SHARE = 30
LOGGED_BAD_RECORDS = 20


@dataclass(frozen=True)
class RunOptions:
    """What somebody asked for; kept with the job, so that a retry asks for the same."""

    names: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False
    rebuild: bool = False
    accept_empty: bool = False
    accept_drift: bool = False
    wait: bool = True
    load_only: bool = False
    timeout: float | None = None
    dbt_args: tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> RunOptions:
        """The options that a job was started with."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in params.items()
            if name in known
        }
        return cls(**values)


@dataclass(frozen=True)
class NodeOutcome:
    """What a run did with one model, seed or test."""

    unique_id: str
    name: str
    resource_type: str
    layer: str | None
    status: str
    seconds: float
    rows: int | None
    message: str | None
    reason: str
    compiled_path: str | None = None


@dataclass
class RunResult:
    """What a run did; filled in as it goes, so that a failed one says how far it came."""

    job_id: str
    target: str
    status: JobStatus = JobStatus.RUNNING
    loads: list[LoadResult] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    nodes: list[NodeOutcome] = field(default_factory=list)
    unchanged: int = 0
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    profiles: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return ExitCode.DONE if self.status is JobStatus.COMPLETED else ExitCode.FAILED


class Reporter(Protocol):
    """Shows a person how far a run is."""

    def job(self, job_id: str, target: str) -> None:
        """The job has begun."""

    def waiting(self, message: str) -> None:
        """The warehouse is somebody else's for now."""

    def loading(self, process: str) -> None:
        """A process's sources are read."""

    def loaded(self, result: LoadResult) -> None:
        """A process's sources are in the warehouse."""

    def checked(self, result: CheckResult) -> None:
        """A check came out."""

    def planned(self, plan: Plan) -> None:
        """It is decided what is built."""

    def event(self, event: Event) -> None:
        """Something happened in dbt."""

    def note(self, message: str) -> None:
        """Something a person should know."""

    def close(self) -> None:
        """Nothing more is going to be shown."""


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
            raise JobError(f"job {job.id} is a {job.type}, which cannot be retried")
        options = RunOptions.from_params(job.params)
        return _run(store, project, options, reporter, job.id)


def choose(
    files: Sequence[SpecFile[EtlProcess]], names: Sequence[str]
) -> list[SpecFile[EtlProcess]]:
    """The processes with these names, slugs or table names; all of them if none is named.

    Raises:
        DatabankError: a name fits none.
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
    chosen = choose(every, options.names)
    if not options.load_only:
        for note in require_generated(project):
            reporter.note(note)
    project = destination(project, chosen)
    target = open_target(project.target, on_wait=reporter.waiting)
    name = ", ".join(file.spec.slug for file in chosen) if options.names else "all"
    kind = "ingest" if options.load_only else "run"
    params = asdict(options)
    started = time.monotonic()
    try:
        with track(store, project, kind, name, params, job_id=job_id) as job:
            result = RunResult(job.id, project.target.identity)
            reporter.job(job.id, project.target.identity)
            with job.attempt() as attempt:
                execution = _Execution(
                    project=project,
                    target=target,
                    store=store,
                    options=options,
                    reporter=reporter,
                    job=job,
                    result=result,
                    every=every,
                    chosen=chosen,
                    build=f"{job.id}/{attempt.number}",
                )
                try:
                    execution.carry_out(attempt.target_path)
                finally:
                    result.seconds = time.monotonic() - started
                    job.result(_document(result))
        result.status = job.status
        result.error = job.error
    except BaseException as error:
        _tell(chosen, project, reporter, name, error)
        raise
    if result.status is not JobStatus.COMPLETED:
        _tell(chosen, project, reporter, name, DatabankError(result.error or "failed"), result)
    return result


@dataclass
class _Execution:
    """One attempt of one run."""

    project: Project
    target: Target
    store: Store
    options: RunOptions
    reporter: Reporter
    job: JobRun
    result: RunResult
    every: list[SpecFile[EtlProcess]]
    chosen: list[SpecFile[EtlProcess]]
    build: str
    session: DbtSession | None = None
    # Processes whose table was built and whose validation has not passed since, be it in a run that
    # was killed or failed before.
    unvalidated: set[str] = field(default_factory=set)

    def carry_out(self, target_path: Any) -> None:
        """Everything, in order."""
        from controlplane.dbt.process import DbtSession

        self._queue()
        self._pre_validate()
        with DbtSession(self.project, environment=self._dbt_environment()) as session:
            self.session = session
            self._load()
            if self.options.load_only:
                return
            self._build(self._plan(target_path), target_path)
        self._post_validate()

    @property
    def _holder(self) -> str:
        return f"databank run, {self.job.id}"

    def _queue(self) -> None:
        """Wait for whoever writes the warehouse, where a writer shuts readers out.

        Raises:
            LockBusyError: somebody does, and waiting was not wanted.
        """
        if self.project.target.type == "duckdb":
            with self._write_lock(self.reporter.waiting):
                pass

    def _write_lock(self, on_wait: Callable[[str], None]) -> AbstractContextManager[WriteLock]:
        return self.target.write_lock(self._holder, wait=self.options.wait, on_wait=on_wait)

    def _dbt_environment(self) -> dict[str, str]:
        """dbt's environment: the project's, with PostgreSQL's compiler off.

        Just-in-time compilation of long generated expressions takes a hundred times what it saves.
        """
        options = self.project.environment.get("PGOPTIONS", "")
        return {**self.project.environment, "PGOPTIONS": f"{options} -c jit=off".strip()}

    def _pre_validate(self) -> None:
        from controlplane.load import check_source
        from controlplane.quality import check_result

        for file in self.chosen:
            if not self._has_news(file):
                continue  # the checks held when what is there was loaded
            for check in file.spec.validation.pre_validation:
                self.job.check_cancelled()
                error: SourceError | None = None
                passed = False
                try:
                    with _placed(file):
                        passed = check_source(file.spec, self.project, check.expression)
                except SourceError as problem:
                    error = problem
                found = check_result(file.spec, check, passed=passed, error=error)
                self._note_check(found)
                if found.failed and error is not None:
                    raise error
        self._stop_on_checks("nothing was loaded")

    def _has_news(self, file: SpecFile[EtlProcess]) -> bool:
        """Whether the process has checks to make: for files that are loaded already it has none."""
        from controlplane.load import load_process

        process = file.spec
        if not process.validation.pre_validation or not process.source_config.is_file:
            return bool(process.validation.pre_validation)
        with _placed(file):
            planned = load_process(
                process,
                self.project,
                self.target,
                job_id=self.job.id,
                now=_now,
                dry_run=True,
                wait=self.options.wait,
                on_wait=self.reporter.waiting,
                holder=self._holder,
            )
        return bool(planned.batches)

    def _note_check(self, check: CheckResult) -> None:
        self.result.checks.append(check)
        self.reporter.checked(check)
        word = "passed" if check.passed else f"failed ({check.error or check.description})"
        level = "info" if check.passed else "error" if check.failed else "warning"
        self.job.log(level, f"{check.process}: {check.stage} {check.name} {word}")

    def _stop_on_checks(self, consequence: str) -> None:
        failed = [check for check in self.result.checks if check.failed]
        if failed:
            named = "; ".join(
                f"{check.process}: {check.stage} '{check.name}' ({check.error or check.description})"
                for check in failed
            )
            raise CheckFailedError(f"{named}: {consequence}")

    def _load(self) -> None:
        from controlplane.load import load_process
        from controlplane.load.ledger import newest_by_process

        tables = frozenset(file.spec.table_name for file in self.every)
        loading = [file for file in self.chosen if file.spec.type != "transform"]
        known = newest_by_process(self.target)
        for index, file in enumerate(loading):
            self.job.check_cancelled()
            process = file.spec
            self.reporter.loading(process.slug)
            self.job.progress(LOAD_SHARE * index / len(loading), f"loading {process.slug}")
            with _placed(file):
                loaded = load_process(
                    process,
                    self.project,
                    self.target,
                    job_id=self.job.id,
                    now=_now,
                    accept_empty=self.options.accept_empty,
                    accept_drift=self.options.accept_drift,
                    known_tables=tables,
                    known=known.get(process.slug, {}),
                    wait=self.options.wait,
                    on_wait=self.reporter.waiting,
                    holder=self._holder,
                )
            self.result.loads.append(loaded)
            self._record_load(process, loaded)
            self.reporter.loaded(loaded)
            if loaded.batches and not self.options.load_only and self.session:
                # There will be something to build: dbt can start while the rest is loaded.
                self.session.start()

    def _record_load(self, process: EtlProcess, loaded: LoadResult) -> None:
        self.job.record_batches(
            BatchResult(
                process=loaded.process,
                source=batch.source,
                batch_id=batch.batch_id or 0,
                rows_read=batch.rows_read,
                rows_loaded=batch.rows_loaded,
                rows_rejected=batch.rows_rejected,
            )
            for batch in loaded.batches
        )
        self.job.log(
            "info",
            f"{loaded.process}: {len(loaded.batches)} batches, {loaded.rows_read} records read,"
            f" {loaded.rows_loaded} loaded, {loaded.rows_rejected} rejected",
        )
        for skipped in loaded.skipped:
            self.job.log("warning", f"{loaded.process}: {skipped.source} skipped: {skipped.reason}")
        for warning in loaded.warnings:
            self.job.log("warning", f"{loaded.process}: {warning}")
            self.reporter.note(f"{loaded.process}: {warning}")
        if process.error_handling.error_logging and loaded.rows_rejected:
            self._log_rejects(loaded)

    def _log_rejects(self, loaded: LoadResult) -> None:
        ids = ", ".join(str(batch.batch_id) for batch in loaded.batches)
        rows = self.target.query(
            "select source, line_number, reason from raw._rejects"  # noqa: S608
            f" where batch_id in ({ids}) order by batch_id, line_number limit {LOGGED_BAD_RECORDS}"
        )
        for source, line, reason in rows:
            self.job.log("warning", f"{loaded.process}: {source}:{line} rejected: {reason}")

    def _plan(self, target_path: Any) -> Plan:
        from controlplane.plan import make_plan

        self.job.check_cancelled()
        self.job.progress(LOAD_SHARE, "deciding what to build")
        states = self.store.node_states(self.project.target.identity)
        self.unvalidated = {
            file.spec.slug
            for file in self.chosen
            if (state := states.get(_validation(file.spec))) and state.status != "pass"
        }
        plan = make_plan(
            self.project,
            self.target,
            states,
            processes=[file.spec for file in self.chosen] if self.options.names else None,
            select=self.options.select,
            exclude=self.options.exclude,
            full_refresh=self.options.full_refresh,
            rebuild=self.options.rebuild,
            dbt_args=self.options.dbt_args,
            session=self.session,
            target_path=target_path / "parse",
        )
        self.result.unchanged = len(plan.unchanged)
        self.reporter.planned(plan)
        return plan

    def _build(self, plan: Plan, target_path: Any) -> None:
        """Carry out the plan, or another one where somebody else built meanwhile."""
        if not plan.to_build:
            return
        waited = False

        def on_wait(message: str) -> None:
            nonlocal waited
            waited = True
            self.reporter.waiting(message)

        with self._write_lock(on_wait) as lock:
            if waited:
                plan = self._plan(target_path)
            if plan.to_build:
                self._carry_out(plan, target_path, lock.pass_fds)

    def _carry_out(self, plan: Plan, target_path: Any, pass_fds: Sequence[int]) -> None:
        from controlplane.plan import pending_states, steps

        session = self.session
        assert session is not None  # noqa: S101
        identity = self.project.target.identity
        self.job.owe_nodes(
            NodeResult(node.unique_id, node.resource_type, node.layer, "owed")
            for node in plan.to_build
        )
        names = {node.name for node in plan.to_build}
        owed = [file.spec for file in self.chosen if file.spec.table_name in names]
        self.unvalidated |= {process.slug for process in owed}
        self.store.save_node_states(
            identity,
            [
                *pending_states(plan, job_id=self.job.id, now=_now()),
                *(self._validation_state(process, "pending") for process in owed),
            ],
        )
        results: dict[str, DbtResult] = {}
        try:
            for number, step in enumerate(steps(plan), start=1):
                remaining, left_out = step.after(results)
                results |= left_out
                if remaining.nodes:
                    path = target_path / f"build_{number}"
                    self._dbt_build(session, plan, remaining, path, pass_fds, results)
        finally:
            self._record(plan, results)
        if len(results) < len(plan.to_build):
            missing = [node.unique_id for node in plan.to_build if node.unique_id not in results]
            shown = ", ".join(missing[:5])
            self.job.log("warning", f"{len(missing)} nodes have no result: {shown}")

    def _dbt_build(
        self,
        session: DbtSession,
        plan: Plan,
        step: Step,
        path: Any,
        pass_fds: Sequence[int],
        results: dict[str, DbtResult],
    ) -> None:
        """Build the nodes of a step; `results` gets each as it ends, also when the step does not."""
        from controlplane.dbt.artifacts import collect_results, results_of
        from controlplane.dbt.events import LogLine, NodeFinished

        total = max(1, len(plan.to_build))

        def on_event(event: Event) -> None:
            if isinstance(event, NodeFinished):
                results.update(collect_results(None, {event.unique_id: event}))
                share = LOAD_SHARE + (99 - LOAD_SHARE) * len(results) / total
                self.job.progress(share, f"{event.unique_id} {event.status}")
            elif isinstance(event, LogLine) and event.level in ("warn", "error"):
                self.job.log("warning" if event.level == "warn" else "error", event.message)
            self.reporter.event(event)

        self.job.check_cancelled()
        done_run = session.run(
            "build",
            step.arguments,
            target_path=path,
            timeout=self.options.timeout,
            on_event=on_event,
            pass_fds=pass_fds,
            cancelled=self.job.cancelled,
            reuse_manifest=plan.started_dbt,
        )
        found = results_of(done_run)
        results.update(found)
        self.job.check_cancelled()
        if str(done_run.ending) == "timeout":
            raise DbtError(f"dbt was stopped after {self.options.timeout:g} seconds (--timeout)")
        if done_run.exit_code not in (0, 1) or not found:
            word = "broke off" if found else "did not run"
            raise DbtError(f"dbt build {word}: {done_run.error or 'it said nothing'}")

    def _record(self, plan: Plan, results: Mapping[str, DbtResult]) -> None:
        """Keep what became of the nodes, whatever ended the build."""
        from controlplane.plan import new_states

        identity = self.project.target.identity
        now = _now()
        self.store.save_node_states(
            identity, new_states(plan, results, job_id=self.job.id, build=self.build, now=now)
        )
        planned = {node.unique_id: node for node in plan.to_build}
        rows = self._row_counts(plan, results)
        outcomes = []
        for unique_id, found in results.items():
            node = planned.get(unique_id)
            if node is None:
                continue
            outcomes.append(
                NodeOutcome(
                    unique_id,
                    node.name,
                    node.resource_type,
                    node.layer,
                    found.status,
                    found.seconds,
                    rows.get(unique_id),
                    found.message,
                    node.reason,
                    found.compiled_path,
                )
            )
        self.result.nodes += outcomes
        self.job.record_nodes(
            NodeResult(
                outcome.unique_id,
                outcome.resource_type,
                outcome.layer,
                outcome.status,
                outcome.seconds,
                outcome.rows,
                outcome.message,
                outcome.compiled_path,
            )
            for outcome in outcomes
        )

    def _row_counts(self, plan: Plan, results: Mapping[str, DbtResult]) -> dict[str, int]:
        """Rows of each table that was built; views are not counted, since that would run them."""
        tables = {}
        for unique_id, found in results.items():
            node = plan.dag.nodes.get(unique_id)
            if node and found.is_good and node.relation and node.materialized != "view":
                tables[unique_id] = node.relation
        if not tables:
            return {}
        try:
            counts = [
                f'select {index} as position, count(*) as records from "{schema}"."{name}"'  # noqa: S608
                for index, (schema, name) in enumerate(tables.values())
            ]
            rows = dict(self.target.query(" union all ".join(counts)))
        except DatabankError as error:
            self.job.log("warning", f"rows could not be counted: {error}")
            return {}
        return {unique_id: int(rows[index]) for index, unique_id in enumerate(tables)}

    def _post_validate(self) -> None:
        """Check and measure the processes whose silver table was built since they last passed."""
        from controlplane import quality

        models = {node.name: node.status for node in self.result.nodes if not _is_test(node)}
        for file in self.chosen:
            process = file.spec
            if process.slug not in self.unvalidated or process.type == "extract":
                continue
            if models.get(process.table_name, "success") != "success":
                continue  # it stays owed
            failed = False
            for check in quality.check_target(file, self.target):
                self._note_check(check)
                failed = failed or check.failed
            state = self._validation_state(process, "fail" if failed else "pass")
            self.store.save_node_states(self.project.target.identity, [state])
            if process.validation.quality_metrics:
                self.result.metrics[process.slug] = quality.metrics(process, self.target)
            if process.validation.data_profiling or process.transform_config.data_quality.profiling:
                schema, table = quality.silver_relation(process)
                self.result.profiles[process.slug] = quality.profile(self.target, schema, table)
        self._stop_on_checks("the tables are built, and the job is failed")

    def _validation_state(self, process: EtlProcess, status: str) -> NodeState:
        return NodeState(_validation(process), {}, status, None, self.job.id, _now())


def _validation(process: EtlProcess) -> str:
    """Under which name the state store remembers whether a process's table passed its checks."""
    return f"validation.{process.slug}"


def _is_test(node: NodeOutcome) -> bool:
    return node.resource_type in ("test", "unit_test")


class CheckFailedError(DatabankError):
    """A check of a spec's validation failed, and its severity is error."""

    exit_code = ExitCode.FAILED


@contextmanager
def _placed(file: SpecFile[EtlProcess]) -> Iterator[None]:
    """Adds to what is wrong with a source which spec names it, and where."""
    try:
        yield
    except SourceError as error:
        place = f"{file.source}:{file.line('source_config')}: source_config"
        raise SourceError(f"{place}: {error.message}", hint=error.hint) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _document(result: RunResult) -> dict[str, Any]:
    """What the job store keeps of a run, beside batches and nodes."""
    return {
        "target": result.target,
        "seconds": round(result.seconds, 3),
        "unchanged_nodes": result.unchanged,
        "checks": [asdict(check) for check in result.checks],
        "metrics": result.metrics,
        "profiles": {name: dict(profile) for name, profile in result.profiles.items()},
    }


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


__all__ = [
    "CheckFailedError",
    "NodeOutcome",
    "Reporter",
    "RunOptions",
    "RunResult",
    "choose",
    "retry",
    "run",
]
