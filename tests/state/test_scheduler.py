"""Each due time is run once, however many schedulers run and whenever one of them dies."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project
from controlplane.jobs import SCHEDULED_JOB_VARIABLE, find_job, list_jobs, request_cancel
from controlplane.schedule.scheduler import (
    Scheduler,
    child_command,
    read_schedules,
    retry_delay,
    schedule_statuses,
)
from controlplane.specs.block import RetryPolicy
from controlplane.state.records import Job, JobStatus
from controlplane.state.store import Store

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

# What a scheduler starts: it tracks the scheduled job as `databank run` does, and writes down what
# it ran. The file `behaviour` says what happens in it.
WORKER = """
clock = lambda: datetime.fromisoformat((root / "now").read_text())
behaviour = (root / "behaviour").read_text() if (root / "behaviour").exists() else "succeed"
if behaviour == "refuse":
    sys.exit("Error: postgres://me:hunter2@db/shop cannot be read")
if behaviour == "stall":
    (root / "stalled").write_text(str(os.getpid()))
    while not (root / "go on").exists():
        time.sleep(0.02)
store = open_store(project)
with track(store, project, "run", sys.argv[3], {"names": [sys.argv[3]]}, clock=clock) as run:
    with (root / "runs").open("a") as file:
        due = store.job(run.id).scheduled_for.isoformat()
        file.write(f"{sys.argv[3]} {due} {run._number}\\n")
    if behaviour == "hang":
        time.sleep(60)
    if behaviour == "fail":
        raise RuntimeError("no")
"""

# A scheduler in a process of its own: one tick for each line that it gets.
SCHEDULER = """
from controlplane.schedule.scheduler import Scheduler
clock = lambda: datetime.fromisoformat((root / "now").read_text())
prefix = [sys.executable, "-c", sys.argv[3], *sys.argv[1:3]]
scheduler = Scheduler(open_store(project), project, clock=clock,
                      command=lambda project, job: [*prefix, job.name])
say("ready")
for line in sys.stdin:
    scheduler.tick()
    if line == "tick and wait\\n":
        scheduler.wait()
    say("done")
"""


class World:
    """A project with specs, a clock that a test sets, and the runs that took place in it."""

    def __init__(self, project: Project, store: Store, python: Any) -> None:
        self.project = project
        self.store = store
        self.python = python
        self.said: list[str] = []
        self.set_clock(NOON)

    def set_clock(self, now: datetime) -> None:
        """Make it this late, for every process."""
        new = self.project.root / "now.new"
        new.write_text(now.isoformat())
        new.replace(self.project.root / "now")

    def clock(self) -> datetime:
        """How late it is."""
        return datetime.fromisoformat((self.project.root / "now").read_text())

    def behave(self, behaviour: str) -> None:
        """Say what happens in the runs that start from now on."""
        (self.project.root / "behaviour").write_text(behaviour)

    def spec(self, name: str, **schedule: Any) -> Path:
        """Write the spec of a process that is due every hour, or as said."""
        folder = self.project.specs_dir / "etl"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.json"
        body = {
            "name": name,
            "type": "full",
            "source_config": {"source_type": "csv", "path": "data/orders.csv"},
            "schedule": {"schedule_type": "cron", "cron_expression": "0 * * * *", **schedule},
        }
        file.write_text(json.dumps(body))
        return file

    def scheduler(self, **options: Any) -> Scheduler:
        """A scheduler in this process."""
        return Scheduler(
            self.store,
            self.project,
            clock=self.clock,
            command=lambda _project, job: self.python.command(WORKER, job.name),
            narrate=self.said.append,
            **options,
        )

    def start_scheduler(self) -> Any:
        """A scheduler in a process of its own."""
        prelude = self.python.command(WORKER)[2]
        child = self.python.start(SCHEDULER, prelude)
        assert child.stdout.readline() == "ready\n"
        return child

    def runs(self) -> list[str]:
        """What ran: process, due time, attempt."""
        file = self.project.root / "runs"
        return sorted(file.read_text().splitlines()) if file.exists() else []


@pytest.fixture
def world(project: Project, store: Store, python: Any) -> World:
    # Paths of the test's coverage or editable install come with the environment.
    return World(replace(project, environment=dict(os.environ)), store, python)


def at(scheduler: Scheduler, world: World, now: datetime) -> None:
    """One tick at this time, with the runs that it starts."""
    world.set_clock(now)
    scheduler.tick()
    scheduler.wait()


def run_line(due: datetime, attempt: int = 1, name: str = "orders") -> str:
    return f"{name} {due.isoformat()} {attempt}"


def test_four_schedulers_run_each_due_time_exactly_once(world: World) -> None:
    for name in ("orders", "customers"):
        world.spec(name)
    schedulers = [world.start_scheduler() for _ in range(4)]
    for hour in range(4):
        world.set_clock(NOON + hour * HOUR)
        for scheduler in schedulers:
            scheduler.stdin.write("tick and wait\n")
            scheduler.stdin.flush()
        for scheduler in schedulers:
            assert scheduler.stdout.readline() == "done\n"
    for scheduler in schedulers:
        assert scheduler.communicate() == ("", "")
    assert world.runs() == [
        run_line(NOON + hour * HOUR, name=name)
        for name in ("customers", "orders")
        for hour in (1, 2, 3)
    ]
    assert {job.status for job in list_jobs(world.store)} == {JobStatus.COMPLETED}
    assert len(list_jobs(world.store)) == 6


def test_a_process_starts_with_the_moment_a_scheduler_first_sees_it(world: World) -> None:
    world.spec("orders", start_time="2026-01-01T00:00:00")
    world.spec("later", start_time="2026-11-21T15:00:00")
    scheduler = world.scheduler()
    for hour in range(4):
        at(scheduler, world, NOON + hour * HOUR)
    assert world.runs() == [
        run_line(NOON + 3 * HOUR, name="later"),
        run_line(NOON + HOUR),
        run_line(NOON + 2 * HOUR),
        run_line(NOON + 3 * HOUR),
    ]


def test_times_missed_while_no_scheduler_ran_are_made_up_for_by_one_run(world: World) -> None:
    world.spec("orders")
    at(world.scheduler(), world, NOON)
    at(world.scheduler(), world, NOON + 5.5 * HOUR)
    at(world.scheduler(), world, NOON + 5.6 * HOUR)
    assert world.runs() == [run_line(NOON + 5 * HOUR)]
    assert any("since 2026-11-21 13:00 UTC were missed" in text for text in world.said)


def test_one_run_of_a_process_goes_on_at_a_time(world: World) -> None:
    world.spec("orders")
    scheduler = world.scheduler()
    at(scheduler, world, NOON)
    world.behave("hang")
    world.set_clock(NOON + HOUR)
    scheduler.tick()
    _until(lambda: world.runs() == [run_line(NOON + HOUR)])
    world.behave("succeed")
    world.set_clock(NOON + 3 * HOUR)
    scheduler.tick()
    world.scheduler().tick()
    assert world.runs() == [run_line(NOON + HOUR)]
    request_cancel(world.store, "last")
    scheduler.wait()
    at(scheduler, world, NOON + 3 * HOUR)
    assert world.runs() == [run_line(NOON + HOUR), run_line(NOON + 3 * HOUR)]


def test_a_failed_run_is_tried_again_after_the_interval_and_as_often_as_the_policy_says(
    world: World,
) -> None:
    policy = {"max_retries": 2, "retry_interval": "5 minutes", "backoff_strategy": "exponential"}
    world.spec("orders", retry_policy=policy)
    world.behave("fail")
    minute = timedelta(minutes=1)
    due = NOON + HOUR
    at(world.scheduler(), world, NOON)
    expected: list[str] = []
    # After the first failure 5 minutes, after the second 10 more, then never again.
    for offset, attempt in ((0, 1), (4, None), (5, 2), (14, None), (15, 3), (40, None), (59, None)):
        at(world.scheduler(), world, due + offset * minute)
        expected += [run_line(due, attempt)] if attempt else []
        assert world.runs() == expected
    job = find_job(world.store, "last")
    assert (job.status, job.error, job.attempt) == (JobStatus.FAILED, "RuntimeError: no", 3)
    world.behave("succeed")
    at(world.scheduler(), world, due + HOUR)
    assert find_job(world.store, "last").status is JobStatus.COMPLETED


def test_a_cancelled_run_is_not_tried_again(world: World) -> None:
    world.spec("orders", retry_policy={"max_retries": 5, "retry_interval": "1 minute"})
    scheduler = world.scheduler()
    at(scheduler, world, NOON)
    world.behave("hang")
    world.set_clock(NOON + HOUR)
    scheduler.tick()
    _until(lambda: bool(world.runs()))
    request_cancel(world.store, "last")
    scheduler.wait()
    at(scheduler, world, NOON + 1.5 * HOUR)
    assert find_job(world.store, "last").status is JobStatus.CANCELLED
    assert len(world.runs()) == 1


@pytest.mark.parametrize(
    ("strategy", "minutes"),
    [("fixed", [5, 5, 5, 5]), ("linear", [5, 10, 15, 20]), ("exponential", [5, 10, 20, 40])],
)
def test_waits_grow_as_the_strategy_says(strategy: str, minutes: list[int]) -> None:
    policy = RetryPolicy.model_validate(
        {"max_retries": 9, "retry_interval": "5 minutes", "backoff_strategy": strategy}
    )
    waits = [retry_delay(policy, failures) for failures in range(1, 5)]
    assert waits == [timedelta(minutes=item) for item in minutes]


def test_a_wait_beyond_all_time_is_no_error() -> None:
    policy = RetryPolicy.model_validate(
        {
            "max_retries": 9_999,
            "retry_interval": "7 years",
            "backoff_strategy": "exponential",
        }
    )
    assert retry_delay(policy, 5_000) == timedelta.max


def test_a_scheduler_killed_between_claim_and_start_loses_no_due_time(world: World) -> None:
    """The claim is there, the run is not; the policy allows no retry, and none is needed."""
    world.spec("orders")
    at(world.scheduler(), world, NOON)
    world.set_clock(NOON + HOUR)
    dead = world.python.start(
        """
from controlplane.schedule import scheduler as module
def die(*_, **__):
    os.kill(os.getpid(), 9)
module.Scheduler._start = die
clock = lambda: datetime.fromisoformat((root / "now").read_text())
module.Scheduler(open_store(project), project, clock=clock).tick()
"""
    )
    dead.communicate()
    assert dead.returncode == -signal.SIGKILL
    assert world.runs() == []
    at(world.scheduler(), world, NOON + HOUR)
    assert world.runs() == [run_line(NOON + HOUR)]
    assert find_job(world.store, "last").status is JobStatus.COMPLETED


def test_a_run_that_a_dead_scheduler_had_started_is_not_a_second_run(world: World) -> None:
    """The first process comes to its job late, when a second scheduler has run it already."""
    world.spec("orders", retry_policy={"max_retries": 3, "retry_interval": "1 minute"})
    at(world.scheduler(), world, NOON)
    world.behave("stall")
    world.set_clock(NOON + HOUR)
    first = world.start_scheduler()
    first.stdin.write("tick\n")
    first.stdin.flush()
    stalled = world.project.root / "stalled"
    _until(stalled.exists)
    first.kill()
    first.wait()
    world.behave("succeed")
    at(world.scheduler(), world, NOON + HOUR)
    late = os.pidfd_open(int(stalled.read_text()))
    (world.project.root / "go on").touch()
    select.select([late], [], [], 60)  # readable once the process has ended
    os.close(late)
    assert world.runs() == [run_line(NOON + HOUR)]
    job = find_job(world.store, "last")
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)


def test_schedulers_killed_at_any_moment_lose_and_double_nothing(world: World) -> None:
    """Each due time in turn has a scheduler that is killed somewhat later than the one before."""
    world.spec("orders", retry_policy={"max_retries": 9, "retry_interval": "1 second"})
    at(world.scheduler(), world, NOON)
    rounds = 8
    for number in range(1, rounds + 1):
        world.set_clock(NOON + number * HOUR)
        doomed = world.start_scheduler()
        doomed.stdin.write("tick\n")
        doomed.stdin.flush()
        select.select([doomed.stdout], [], [], 0.002 * 1.7**number)
        doomed.kill()
        doomed.wait()
        survivor = world.scheduler()
        world.set_clock(NOON + number * HOUR + timedelta(minutes=1))

        def settled(survivor: Scheduler = survivor, number: int = number) -> bool:
            survivor.tick()
            survivor.wait()
            claim = world.store.last_claims()["orders"]
            return (
                claim.due_at == NOON + number * HOUR
                and claim.job is not None
                and claim.job.status is JobStatus.COMPLETED
            )

        _until(settled)
    # A worker that was killed in the middle may have run before; here none is, only schedulers.
    assert world.runs() == [run_line(NOON + number * HOUR) for number in range(1, rounds + 1)]


def test_a_run_that_ends_before_its_job_begins_is_a_failed_attempt(world: World) -> None:
    """So it is told, without the password, and not started over and over."""
    world.spec("orders", retry_policy={"max_retries": 1, "retry_interval": "5 minutes"})
    world.behave("refuse")
    scheduler = world.scheduler()
    for offset in (0.0, 1.0, 1.01, 1.1, 1.2, 1.5):
        at(scheduler, world, NOON + offset * HOUR)
    job = find_job(world.store, "last")
    assert (job.status, job.attempt) == (JobStatus.FAILED, 2)
    assert job.error == (
        "the run ended with exit code 1: Error: postgres://me:***@db/shop cannot be read\n"
        "Error: postgres://me:***@db/shop cannot be read"
    )
    assert scheduler.failures == 2


def test_no_more_runs_go_on_at_once_than_allowed(world: World) -> None:
    for name in ("a", "b", "c"):
        world.spec(name)
    scheduler = world.scheduler(parallel=2)
    at(scheduler, world, NOON)
    world.behave("hang")
    world.set_clock(NOON + HOUR)
    scheduler.tick()
    assert len(list_jobs(world.store)) == 2
    _until(lambda: len(world.runs()) == 2)
    world.behave("succeed")
    for job in list_jobs(world.store):
        request_cancel(world.store, job.id)
    scheduler.wait()
    at(scheduler, world, NOON + HOUR)
    assert len(world.runs()) == 3


def test_specs_are_read_again_when_they_change(world: World) -> None:
    file = world.spec("orders")
    broken = world.spec("broken")
    broken.write_text('{"name": "broken"}')
    scheduler = world.scheduler()
    at(scheduler, world, NOON)
    assert any(text.startswith("not scheduled: specs/etl/broken.json") for text in world.said)
    file.unlink()
    world.spec("customers")
    for hour in (1, 2):
        at(scheduler, world, NOON + hour * HOUR)
    assert world.runs() == [run_line(NOON + 2 * HOUR, name="customers")]


def test_where_a_schedule_stands_is_told(world: World) -> None:
    world.spec("orders")
    at(world.scheduler(), world, NOON)
    at(world.scheduler(), world, NOON + HOUR)
    processes, problems = read_schedules(world.project.root)
    (status,) = schedule_statuses(world.store, processes, world.clock())
    assert problems == []
    assert (status.process.slug, status.next_due) == ("orders", NOON + 2 * HOUR)
    assert status.last_claim is not None
    assert (status.last_claim.due_at, status.last_claim.job) == (
        NOON + HOUR,
        find_job(world.store, "last"),
    )


def test_a_first_try_is_a_run_by_name_and_a_further_one_a_retry(
    project: Project, store: Store
) -> None:
    job = store.add_job(
        type="run", name="orders", params={}, status=JobStatus.PENDING, owner=None, now=NOON
    )
    assert child_command(project, job)[:5] == [
        sys.executable,
        "-m",
        "controlplane",
        "run",
        "orders",
    ]
    again: Job = replace(job, attempt=1)
    assert child_command(project, again)[3:6] == ["job", "retry", job.id]
    assert "--target" in child_command(project, job)


RUNNING = """
from controlplane.schedule.scheduler import Scheduler
from datetime import timedelta
start = time.monotonic()
clock = lambda: datetime.fromisoformat((root / "now").read_text()) + timedelta(
    seconds=time.monotonic() - start)
prefix = [sys.executable, "-c", sys.argv[3], *sys.argv[1:3]]
Scheduler(open_store(project), project, clock=clock, narrate=say,
          command=lambda project, job: [*prefix, job.name]).run(poll=0.1)
say("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_runs_end_and_a_second_one_cancels_them(
    world: World, number: signal.Signals
) -> None:
    world.spec("orders")
    at(world.scheduler(), world, NOON)
    world.behave("hang")
    world.set_clock(NOON + HOUR)
    child = world.python.start(RUNNING, world.python.command(WORKER)[2])
    assert child.stdout.readline().startswith("orders: due 2026-11-21 13:00 UTC, job_")
    _until(lambda: bool(world.runs()))
    child.send_signal(number)
    assert child.stdout.readline().startswith("waiting for 1 running job(s)")
    assert find_job(world.store, "last").status is JobStatus.RUNNING
    child.send_signal(number)
    output, errors = child.communicate()
    job = find_job(world.store, "last")
    assert (output, errors) == (f"orders: {job.id} cancelled\nended\n", "")
    assert (job.status, job.error) == (JobStatus.CANCELLED, "the process got SIGTERM")


def test_a_scheduled_process_hears_of_its_job_by_a_variable_and_takes_it_only_once(
    world: World,
) -> None:
    """A second process with the same variable, as an orphan of a dead scheduler, is refused."""
    world.spec("orders")
    at(world.scheduler(), world, NOON)
    at(world.scheduler(), world, NOON + HOUR)
    job = find_job(world.store, "last")
    orphan = world.python.start(
        WORKER, "orders", environment={SCHEDULED_JOB_VARIABLE: f"{job.id}/0"}
    )
    assert "is completed, so it cannot be started" in orphan.communicate()[1]
    assert world.runs() == [run_line(NOON + HOUR)]
    assert job.params == {"names": ["orders"]}


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Return when something has come true that another process does."""
    import time

    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        select.select([], [], [], 0.02)
