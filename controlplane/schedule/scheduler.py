"""Runs what is due: any number of schedulers may run, on one machine or on several.

What is guaranteed:

- A due time is claimed by one scheduler, in one transaction with the pending job that answers for
  it (`state.claim_rows`). From then on the job's row decides, and no memory of a scheduler matters.
- A scheduler that dies after the claim leaves a pending job, which counts as dead; every scheduler
  sees a job without an attempt and starts it, whatever the retry policy says. If the dead one had
  already started a process, only one of the two can turn the pending job into a running one.
- A run that dies or fails is tried again within the retry policy of its spec, by whichever
  scheduler takes the failed job first. What a broken run loaded is not loaded again (load ledger).
- One run of a process goes on at a time. Due times that pass meanwhile, or while no scheduler runs,
  are made up for by one run: that of the latest. Times count from the last claim, and for a process
  without one from the moment a scheduler first saw it, never from before its `start_time`.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import StateError
from controlplane.jobs import SCHEDULED_JOB_VARIABLE, Clock, reap, utc_now
from controlplane.schedule.calendar import latest_due, next_due
from controlplane.specs.block import RetryPolicy
from controlplane.specs.etl import Schedule
from controlplane.specs.files import ETL, scan
from controlplane.state.job_log import job_folder
from controlplane.state.owner import current_owner
from controlplane.state.records import Claim, Job, JobStatus
from controlplane.state.scrub import known_secrets, scrub
from controlplane.state.stop import stop_signals
from controlplane.state.store import Store

JOB_TYPE = "run"
_WAIT_SECONDS = 0.2
_TAIL_BYTES = 2_000


@dataclass(frozen=True)
class ScheduledProcess:
    """An ETL process that runs by itself."""

    slug: str
    schedule: Schedule


@dataclass(frozen=True)
class ScheduleStatus:
    """Where a scheduled process stands."""

    process: ScheduledProcess
    next_due: datetime | None
    last_claim: Claim | None


@dataclass(frozen=True)
class _Child:
    """A run in a process of its own, and the attempt it is to add to."""

    process: subprocess.Popen[bytes]
    job: Job
    output: Path


def read_schedules(project_root: Path) -> tuple[list[ScheduledProcess], list[str]]:
    """The processes at work that have a cron schedule, and what is wrong with other specs."""
    found = scan(project_root, ETL)
    processes = [
        ScheduledProcess(file.spec.slug, file.spec.schedule)
        for file in found.files
        if file.spec.is_active
        and file.spec.schedule is not None
        and file.spec.schedule.schedule_type == "cron"
    ]
    return processes, [str(problem) for problem in found.problems]


def schedule_statuses(
    store: Store, processes: Sequence[ScheduledProcess], now: datetime
) -> list[ScheduleStatus]:
    """Each process with its last claim and the time it is due next."""
    claims = store.last_claims()
    return [
        ScheduleStatus(process, next_due(process.schedule, now), claims.get(process.slug))
        for process in processes
    ]


def retry_delay(policy: RetryPolicy, failures: int) -> timedelta:
    """How long to wait after this many failed attempts before the next."""
    interval: timedelta = policy.retry_interval
    factors = {"fixed": 1, "linear": failures, "exponential": 1 << (failures - 1)}
    try:
        return interval * factors[policy.backoff_strategy]
    except OverflowError:
        return timedelta.max


def owed(job: Job, policy: RetryPolicy, now: datetime) -> bool:
    """Whether a job of a due time has to be tried (again) now."""
    if job.status is not JobStatus.FAILED:
        return False
    if job.attempt == 0:
        return True  # it died before it began: the due time has not had its run
    ended = job.finished_at or job.created_at
    return job.attempt <= policy.max_retries and now - ended >= retry_delay(policy, job.attempt)


def child_command(project: Project, job: Job) -> list[str]:
    """The command that runs a job of a due time: the first time by name, later as a retry."""
    task = ["run", job.name] if job.attempt == 0 else ["job", "retry", job.id]
    places = ["--project-dir", str(project.root), "--profiles-dir", str(project.profiles_dir)]
    return [sys.executable, "-m", "controlplane", *task, *places, "--target", project.target.name]


class Scheduler:
    """Claims due times and runs them in child processes."""

    def __init__(
        self,
        store: Store,
        project: Project,
        *,
        clock: Clock = utc_now,
        command: Callable[[Project, Job], list[str]] = child_command,
        narrate: Callable[[str], None] = lambda _message: None,
        parallel: int = 4,
    ) -> None:
        self._store = store
        self._project = project
        self._clock = clock
        self._command = command
        self._narrate = narrate
        self._parallel = parallel
        self._owner = current_owner()
        self._children: dict[str, _Child] = {}
        self._processes: list[ScheduledProcess] = []
        self._stamp: Mapping[str, tuple[int, int]] | None = None
        self._stops = 0
        self.failures = 0

    def run(self, poll: float) -> None:
        """Run what is due until a signal asks to stop; then wait for the runs that go on.

        A second signal cancels these runs.
        """
        with self._stopping() as pause:
            while not self._stops:
                self._guarded(self.tick)
                pause(self._seconds_to_next(poll))
            if self._children:
                self._narrate(
                    f"waiting for {len(self._children)} running job(s); stop again to cancel them"
                )
            self._drain(pause)

    def run_once(self) -> bool:
        """Run what is due now to its end, and say whether all of it succeeded."""
        with self._stopping() as pause:
            self.tick()
            self._drain(pause)
        return self.failures == 0

    def tick(self) -> None:
        """Settle the runs that ended, and start those that are due."""
        self._collect()
        self._store.beat_pending(self._children)
        reap(self._store, self._clock)
        self._read_specs()
        claims = self._store.last_claims()
        for process in self._processes:
            if len(self._children) >= self._parallel:
                return  # another scheduler may have room; else it is due at the next tick, too
            self._attend(process, claims.get(process.slug))

    def wait(self) -> None:
        """Wait until every run that this scheduler started has ended."""
        for child in self._children.values():
            child.process.wait()
        self._collect()

    def _attend(self, process: ScheduledProcess, claim: Claim | None) -> None:
        now = self._clock()
        if claim is None:
            self._store.begin_schedule(process.slug, owner=self._owner, now=now)
            return
        job = claim.job
        if job is not None and (not job.status.ended or job.id in self._children):
            return
        due = latest_due(process.schedule, claim.due_at, now)
        if due is not None:
            self._claim(process, claim, due, now)
        elif (
            job is not None
            and owed(job, process.schedule.retry_policy, now)
            and self._store.take_failed(job.id, attempt=job.attempt, owner=self._owner)
        ):
            self._narrate(f"{process.slug}: trying {job.id} again ({job.error})")
            self._start(job)

    def _claim(self, process: ScheduledProcess, last: Claim, due: datetime, now: datetime) -> None:
        job = self._store.claim_due(
            process.slug,
            due,
            after=last.due_at,
            type=JOB_TYPE,
            params={"names": [process.slug]},
            owner=self._owner,
            now=now,
        )
        if job is None:
            return  # another scheduler was first
        first = next_due(process.schedule, last.due_at)
        if first is not None and first < due:
            self._narrate(
                f"{process.slug}: due times since {first:%Y-%m-%d %H:%M} UTC were missed;"
                " one run makes up for them"
            )
        self._narrate(f"{process.slug}: due {due:%Y-%m-%d %H:%M} UTC, {job.id}")
        self._start(job)

    def _start(self, job: Job) -> None:
        """Start the process that runs a job which is pending in our name."""
        folder = job_folder(self._project.state_dir, job.id)
        output = folder / "output.log"
        environment = {
            **self._project.environment,
            SCHEDULED_JOB_VARIABLE: f"{job.id}/{job.attempt}",
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with output.open("ab") as file:
                child = subprocess.Popen(
                    self._command(self._project, job),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    # Ctrl-C at the scheduler's terminal is for the scheduler.
                    start_new_session=True,
                )
        except OSError as error:
            self._fail_unstarted(job, f"the run could not be started: {error}")
            return
        self._children[job.id] = _Child(child, job, output)

    def _collect(self) -> None:
        """Settle the children that have ended."""
        ended = [child for child in self._children.values() if child.process.poll() is not None]
        for child in ended:
            code = child.process.returncode
            if code != 0:
                self._fail_unstarted(
                    child.job, f"the run ended with exit code {code}: {self._tail(child.output)}"
                )
            # A child that ended well without touching its job did not run it.
            elif (job := self._store.job(child.job.id)) and job.status is JobStatus.PENDING:
                self._fail_unstarted(child.job, "the run ended without having begun the job")
            del self._children[child.job.id]
            now = self._store.job(child.job.id)
            status = now.status if now else JobStatus.FAILED
            self.failures += status is not JobStatus.COMPLETED
            self._narrate(f"{child.job.name}: {child.job.id} {status}")

    def _fail_unstarted(self, job: Job, error: str) -> None:
        self._store.fail_unstarted(job.id, attempt=job.attempt, error=error, now=self._clock())

    def _tail(self, output: Path) -> str:
        try:
            text = output.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
        except OSError as error:
            return f"its output cannot be read: {error.strerror}"
        secrets = known_secrets(self._project.environment, self._project.target.password)
        return scrub(text, secrets)

    def _read_specs(self) -> None:
        """Read the specs if a file of theirs changed; one that is broken is not scheduled."""
        stamp = _stamp(self._project.specs_dir / ETL.folder)
        if stamp == self._stamp:
            return
        self._processes, problems = read_schedules(self._project.root)
        self._stamp = stamp
        for problem in problems:
            self._narrate(f"not scheduled: {problem}")

    def _seconds_to_next(self, poll: float) -> float:
        now = self._clock()
        due = [moment for item in self._processes if (moment := next_due(item.schedule, now))]
        return min([poll, *((moment - now).total_seconds() for moment in due)])

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run a step; a store that does not answer is tried again later."""
        try:
            step()
        except StateError as error:
            self._narrate(f"{error}\n  trying again")

    def _drain(self, pause: Callable[[float], None]) -> None:
        """Wait for the children; from the second signal on, cancel them."""
        cancelled = False
        while self._children:
            if self._stops > 1 and not cancelled:
                cancelled = True
                for child in self._children.values():
                    child.process.terminate()
            self._guarded(self._collect)
            self._guarded(lambda: self._store.beat_pending(self._children))
            if self._children:
                pause(_WAIT_SECONDS)

    @contextmanager
    def _stopping(self) -> Iterator[Callable[[float], None]]:
        """Count signals instead of dying of them; yields a sleep that a signal ends."""
        # A pipe, because a lock that the main thread holds must not be taken in a handler.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)

        def stop(_name: str) -> None:
            self._stops += 1
            os.write(writer, b".")

        def pause(seconds: float) -> None:
            if select.select([reader], [], [], max(0.0, seconds))[0]:
                os.read(reader, 1)

        try:
            with stop_signals(stop):
                yield pause
        finally:
            os.close(reader)
            os.close(writer)


def _stamp(folder: Path) -> Mapping[str, tuple[int, int]]:
    """What tells whether a file of a folder changed: size and time of each."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        stats = ((entry.name, entry.stat()) for entry in entries if entry.is_file())
        return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats}
