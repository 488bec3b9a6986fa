"""Tracks executions: a job goes through legal states only, and none stays running for ever.

`track` runs a body as a job. Meanwhile a thread writes a heartbeat, passes on how far the job is
and hears of requests to cancel. A job whose process is gone is found by `reap`, which everything
that lists, shows or starts jobs calls first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controlplane.config import Project
from controlplane.errors import DatabankError, ExitCode, JobError, StateError
from controlplane.state.job_log import LogLine, append_line, job_folder, log_path
from controlplane.state.owner import alive, current_owner
from controlplane.state.records import (
    OWED_STATUS,
    BatchResult,
    Job,
    JobStatus,
    NodeResult,
)
from controlplane.state.scrub import known_secrets, scrub, scrub_values
from controlplane.state.stop import interrupt_main_thread, stop_signals
from controlplane.state.store import Store

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.5
# A body that is asked to stop has this long to do so in its own way, which takes dbt up to ten
# seconds; then it is interrupted.
CANCEL_GRACE_SECONDS = 15.0
# After this long without a heartbeat a process that cannot be looked at is dead …
STALE_AFTER = timedelta(seconds=15)
# … and one that is seen to be there hangs or has forgotten the job. It gets longer, because a
# suspended machine or a long wait for the store must not cost a job.
FORGOTTEN_AFTER = timedelta(minutes=5)
# Set by the scheduler for the process that it starts: `<job id>/<attempts before>`.
SCHEDULED_JOB_VARIABLE = "DATABANK_SCHEDULED_JOB"

_RETRYABLE = frozenset({JobStatus.PENDING, JobStatus.FAILED, JobStatus.CANCELLED})
_FAILED_NODES = frozenset({"error", "fail", "runtime error", "partial success"})

Clock = Callable[[], datetime]


class JobCancelled(DatabankError):  # noqa: N818
    """The job was asked to stop, and did."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True)
class AttemptRun:
    """A try that is going on; dbt writes its artifacts into `target_path`."""

    number: int
    target_path: Path


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class JobRun:
    """The running job, as its body sees it. `status` and `error` are its end once it has one."""

    def __init__(self, store: Store, project: Project, job: Job, clock: Clock) -> None:
        self.id = job.id
        self.name = job.name
        self.params = job.params
        self.cancelled = threading.Event()
        self.status = job.status
        self.error: str | None = None
        self._store = store
        self._clock = clock
        self._number = job.attempt
        self._attempt_given = False
        self._folder = job_folder(project.state_dir, job.id)
        self._log_file = log_path(project.state_dir, job.id)
        self._secrets = _secrets(project)
        self._percent = 0
        self._message = ""
        self._told_at = float("-inf")
        self._result: Mapping[str, Any] | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._stopper: threading.Thread | None = None
        self._reason = ""
        self._finishing = False

    def log(self, level: str, message: str) -> None:
        """Add a line to the job's log; level is debug, info, warning or error."""
        line = LogLine(self._clock(), level, self._scrub(message), self._number)
        with suppress(OSError):  # a full disk shall fail the work, not what is said about it
            append_line(self._log_file, line)

    def progress(self, percent: float, message: str = "") -> None:
        """Say how far the job is (0 to 100); cheap enough to call for every node."""
        self._percent = max(0, min(100, int(percent)))
        self._message = self._scrub(message)
        if time.monotonic() - self._told_at >= PROGRESS_SECONDS:
            self._told_at = time.monotonic()
            self._beat()

    @contextmanager
    def attempt(self) -> Iterator[AttemptRun]:
        """One try, with a folder of its own; entered again, it is the next try of the same job."""
        if self._attempt_given:
            self._number = self._store.next_attempt(
                self.id, attempt=self._number, now=self._clock()
            )
        self._attempt_given = True
        number = self._number
        target_path = self._folder / f"attempt_{number}"
        target_path.mkdir(parents=True, exist_ok=True)
        self._store.set_target_path(self.id, number, str(target_path))
        try:
            yield AttemptRun(number, target_path)
        except BaseException as error:
            # The job's own end closes it too, should the store not answer now.
            with suppress(StateError):
                self._close_attempt(number, self._status_of(error), self._describe(error))
            raise
        mine = [node for node in self._store.node_results(self.id) if node.attempt == number]
        problem = _not_green(mine)
        self._close_attempt(number, JobStatus.FAILED if problem else JobStatus.COMPLETED, problem)

    def record_batches(self, batches: Iterable[BatchResult]) -> None:
        """Keep what was loaded."""
        self._store.add_batches(self.id, self._number, batches)

    def owe_nodes(self, nodes: Iterable[NodeResult]) -> None:
        """Name the nodes that this attempt has to build; without a result they are not green."""
        owed = [replace(node, status=OWED_STATUS) for node in nodes]
        self._store.put_nodes(self.id, self._number, owed)

    def record_nodes(self, nodes: Iterable[NodeResult]) -> None:
        """Keep what became of nodes in this attempt."""
        clean = [
            replace(node, message=None if node.message is None else self._scrub(node.message))
            for node in nodes
        ]
        self._store.put_nodes(self.id, self._number, clean)

    def result(self, document: Mapping[str, Any]) -> None:
        """Set what the job answers when it ends: values that JSON can hold."""
        self._result = scrub_values(document, self._secrets)

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """A function that takes `callback` back; until then it is called once on cancellation.

        It may be called from another thread, and is called at once if that time has passed.
        """
        with self._lock:
            if not self.cancelled.is_set():
                self._callbacks.append(callback)
                return lambda: self._take_back(callback)
        callback()
        return lambda: None

    def check_cancelled(self) -> None:
        """Raise JobCancelled if somebody asked the job to stop."""
        if self.cancelled.is_set():
            raise JobCancelled(f"job {self.id} was cancelled: {self._reason}")

    def _take_back(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def _stop(self, reason: str) -> None:
        """Note that the job shall stop, and stop what it has started."""
        with self._lock:
            if self.cancelled.is_set():
                return
            self._reason = reason
            self.cancelled.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:
                self.log("warning", f"stopping: {self._describe(error)}")

    def _signalled(self, name: str) -> None:
        if self._finishing:
            return  # the job's end is being written, and is the better answer
        if self._stopper is None:
            # In a thread, because the code that the signal interrupts may hold the locks it takes.
            reason = f"the process got {name}"
            self._stopper = threading.Thread(target=self._stop, args=(reason,), daemon=True)
            self._stopper.start()
        raise KeyboardInterrupt

    def _beat(self) -> None:
        with suppress(StateError):  # the next beat tries again
            beat = self._store.beat(self.id, self._number, self._percent, self._message)
            if not beat.owned:
                self._stop("it was taken for dead")
            elif beat.cancel_requested:
                self._stop("somebody asked for it")

    def _scrub(self, text: str) -> str:
        return scrub(text, self._secrets)

    def _describe(self, error: BaseException) -> str:
        if isinstance(error, DatabankError):
            return self._scrub(str(error))
        if isinstance(error, KeyboardInterrupt):
            return self._reason or "interrupted"
        text = str(error)
        return self._scrub(f"{type(error).__name__}: {text}" if text else type(error).__name__)

    def _status_of(self, error: BaseException) -> JobStatus:
        stopped = isinstance(error, (KeyboardInterrupt, JobCancelled)) or self.cancelled.is_set()
        return JobStatus.CANCELLED if stopped else JobStatus.FAILED

    def _close_attempt(self, number: int, status: JobStatus, error: str | None) -> None:
        self._store.close_attempt(self.id, number, status, error=error, now=self._clock())

    def _finish(self, error: BaseException | None) -> None:
        self._finishing = True
        if self._stopper is not None:
            self._stopper.join()
        merged = merged_results(self._store, self.id)
        if error is None:
            self.error = _not_green(merged)
            self.status = JobStatus.FAILED if self.error else JobStatus.COMPLETED
        else:
            self.error = self._describe(error)
            self.status = self._status_of(error)
        if self.error:
            self.log("error", f"{self.status}: {self.error}")
        self._store.finish_job(
            self.id,
            self._number,
            self.status,
            now=self._clock(),
            progress=100 if self.status is JobStatus.COMPLETED else self._percent,
            message=self._message,
            result=self._result,
            error=self.error,
            error_path=next(
                (node.compiled_path for node in merged if node.status in _FAILED_NODES), None
            )
            if self.status is JobStatus.FAILED
            else None,
        )


@contextmanager
def track(
    store: Store,
    project: Project,
    type: str,  # noqa: A002
    name: str,
    params: Mapping[str, Any],
    *,
    clock: Clock = utc_now,
    scheduled_for: datetime | None = None,
    job_id: str | None = None,
) -> Iterator[JobRun]:
    """Run the body as a job: a new one, or the next attempt of the job with this id.

    The body's exception becomes the job's error and goes on. After a body without one the job is
    completed only if every node that it owed in any attempt is green; see `JobRun.status`.

    Raises:
        JobCancelled: the job was asked to stop, by a signal or from another process.
        JobError: the job with this id is running or completed.
    """
    reap(store, clock)
    params = scrub_values(params, _secrets(project))
    owner = current_owner()
    scheduled = project.environment.get(SCHEDULED_JOB_VARIABLE, "")
    scheduled_id, _, before = scheduled.partition("/")
    if scheduled_id and job_id in {None, scheduled_id}:
        job = store.start_job(
            scheduled_id,
            owner=owner,
            now=clock(),
            # A scheduler that died may have started another process for this job before.
            accepted={JobStatus.PENDING},
            after_attempt=int(before),
            params=None if job_id else params,
        )
    elif job_id:
        job = store.start_job(job_id, owner=owner, now=clock(), accepted=_RETRYABLE)
    else:
        job = store.add_job(
            type=type,
            name=name,
            params=params,
            status=JobStatus.RUNNING,
            owner=owner,
            now=clock(),
            scheduled_for=scheduled_for,
        )
    run = JobRun(store, project, job, clock)
    with stop_signals(run._signalled) as stoppable, _heartbeat(run, stoppable):
        try:
            yield run
        except BaseException as error:
            try:
                run._finish(error)
            except DatabankError as second:
                error.add_note(f"and the job's end could not be written: {second}")
            if run.status is JobStatus.CANCELLED and not isinstance(error, JobCancelled):
                raise JobCancelled(f"job {run.id} was cancelled: {run._describe(error)}") from error
            raise
        run._finish(None)


def _secrets(project: Project) -> tuple[str, ...]:
    return known_secrets(project.environment, project.target.password)


@contextmanager
def _heartbeat(run: JobRun, stoppable: bool) -> Iterator[None]:
    """Write the job's heartbeat from a thread while the body runs.

    A body in the main thread that has not stopped some time after it was asked to is interrupted
    as by Ctrl-C (`stoppable`); in another thread it stops when it looks.
    """
    done = threading.Event()

    def beat() -> None:
        asked_at: float | None = None
        interrupted = False
        while not done.wait(HEARTBEAT_SECONDS):
            run._beat()
            if not run.cancelled.is_set() or interrupted or not stoppable:
                continue
            asked_at = asked_at or time.monotonic()
            if time.monotonic() - asked_at >= CANCEL_GRACE_SECONDS:
                interrupted = True
                interrupt_main_thread()

    thread = threading.Thread(target=beat, name=f"heartbeat {run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def reap(store: Store, clock: Clock = utc_now) -> list[str]:
    """The ids of jobs that were pending or running, and are failed now since their process died."""
    unfinished = store.unfinished_jobs()
    if not unfinished:
        return []
    now = store.store_time()
    dead = [(job, problem) for job in unfinished if (problem := _death(job, now))]
    return [job.id for job, why in dead if store.mark_dead(job, message=why, now=clock())]


def _death(job: Job, now: datetime) -> str | None:
    """Why the job's process is taken for dead; None if it is not."""
    owner = job.owner
    if owner is None or job.heartbeat_at is None:
        return None  # waits for somebody to take it
    there = alive(owner)
    silence = now - job.heartbeat_at
    if there is False:
        return f"the process died (pid {owner.pid})"
    if there is None and silence > STALE_AFTER:
        return (
            f"the process died (pid {owner.pid} on {owner.host},"
            f" no sign of life for {int(silence.total_seconds())} s)"
        )
    if silence > FORGOTTEN_AFTER:
        return (
            f"the process (pid {owner.pid}) hangs or has dropped the job:"
            f" no sign of life for {int(silence.total_seconds())} s"
        )
    return None


def list_jobs(
    store: Store, *, statuses: Collection[JobStatus] = (), limit: int | None = None
) -> list[Job]:
    """Jobs, newest first, none shown as running whose process is gone."""
    reap(store)
    return store.jobs(statuses=statuses, limit=limit)


def find_job(store: Store, wanted: str) -> Job:
    """The job with this id, or the beginning of one that fits no other, or `last`.

    Raises:
        JobError: no job fits, or several do.
    """
    reap(store)
    if wanted == "last":
        newest = store.jobs(limit=1)
        if not newest:
            raise JobError("there are no jobs yet", hint="databank run starts one")
        return newest[0]
    exact = store.job(wanted)
    if exact is not None:
        return exact
    prefix = wanted if wanted.startswith("job_") else f"job_{wanted}"
    found = store.jobs(id_prefix=prefix, limit=6)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(job.id for job in found[:5]) + (", …" if len(found) > 5 else "")
        raise JobError(f"several jobs begin with '{wanted}': {listed}")
    recent = ", ".join(_nearest(wanted, [job.id for job in store.jobs(limit=100)]))
    raise JobError(
        f"there is no job '{wanted}'" + (f" (the nearest: {recent})" if recent else ""),
        hint="databank job list shows them all",
    )


def _nearest(wanted: str, ids: list[str], count: int = 3) -> list[str]:
    """The ids that look most like the one wanted, else the newest."""
    import difflib

    return difflib.get_close_matches(wanted, ids, n=count, cutoff=0.8) or ids[:count]


def request_cancel(store: Store, wanted: str, clock: Clock = utc_now) -> Job:
    """The job, cancelled, or asked to stop if it runs: it hears of it with its next heartbeat.

    Raises:
        JobError: there is no such job, or it has ended.
    """
    return store.request_cancel(find_job(store, wanted).id, now=clock())


def merged_results(store: Store, job_id: str) -> list[NodeResult]:
    """The last result of each node over all attempts of a job.

    A node that a later attempt did not owe keeps its earlier result, so that a retry does not turn
    red into green by forgetting.
    """
    merged: dict[str, NodeResult] = {}
    for node in store.node_results(job_id):
        merged[node.unique_id] = node
    return list(merged.values())


def _not_green(nodes: Iterable[NodeResult]) -> str | None:
    """What is wrong with nodes that are not green; None if all are."""
    every = list(nodes)
    red = [node for node in every if not node.green]
    if not red:
        return None
    # What failed says more than what was skipped because of it.
    red.sort(key=lambda node: node.status not in _FAILED_NODES)
    named = ", ".join(f"{node.unique_id} ({node.status})" for node in red[:5])
    more = f" and {len(red) - 5} more" if len(red) > 5 else ""
    text = f"{len(red)} of {len(every)} nodes did not succeed: {named}{more}"
    return f"{text}: {_reason(red[0].message)}" if red[0].message else text


def _reason(message: str) -> str:
    """What the database said, in a line: dbt's own first line only repeats which node it was."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 and " Error in " in lines[0] else lines[0]
