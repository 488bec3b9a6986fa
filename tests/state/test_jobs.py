"""A job's life: legal states only, and an end for every job, whatever becomes of its process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from controlplane import jobs
from controlplane.config import Project
from controlplane.errors import DbtError, JobError
from controlplane.jobs import (
    FORGOTTEN_AFTER,
    STALE_AFTER,
    JobCancelled,
    find_job,
    list_jobs,
    merged_results,
    reap,
    request_cancel,
    track,
)
from controlplane.state.job_log import log_path, read_lines
from controlplane.state.owner import current_owner
from controlplane.state.records import (
    TRANSITIONS,
    BatchResult,
    Job,
    JobStatus,
    NodeResult,
    Owner,
)
from controlplane.state.store import Store

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOON


def model(name: str, status: str, **values: Any) -> NodeResult:
    return NodeResult(f"model.shop.{name}", "model", "silver", status, **values)


def add(store: Store, status: JobStatus, owner: Owner | None = None) -> Job:
    """A job in this state."""
    begins = JobStatus.PENDING if status is JobStatus.PENDING else JobStatus.RUNNING
    job = store.add_job(
        type="run",
        name="orders",
        params={},
        status=begins,
        owner=owner or current_owner(),
        now=NOON,
    )
    if status.ended:
        return store.finish_job(job.id, 1, status, now=NOON, progress=0, message="")
    return job


def test_a_body_that_ends_makes_the_job_completed(store: Store, project: Project) -> None:
    with track(store, project, "run", "orders", {"names": ["orders"]}, clock=clock) as run:
        during = find_job(store, run.id)
        with run.attempt() as attempt:
            run.progress(40, "silver")
            run.record_batches([BatchResult("orders", "orders.csv", 7, 10, 9, 1)])
            run.record_nodes([model("orders", "success", seconds=0.5, rows=9)])
        run.result({"models": 1})

    job = find_job(store, run.id)
    assert during.status is JobStatus.RUNNING
    assert (job.status, job.progress, job.message) == (JobStatus.COMPLETED, 100, "silver")
    assert (job.records_read, job.records_loaded, job.records_rejected) == (10, 9, 1)
    assert job.records_written == 9
    assert (job.params, job.result) == ({"names": ["orders"]}, {"models": 1})
    assert (job.created_at, job.started_at, job.finished_at) == (NOON, NOON, NOON)
    assert job.id.startswith("job_20261121_120000_")
    assert [(item.number, item.status) for item in store.attempts(job.id)] == [
        (1, JobStatus.COMPLETED)
    ]
    assert Path(store.attempts(job.id)[0].target_path or "") == attempt.target_path
    assert attempt.target_path.is_dir()
    assert store.batches(job.id) == [BatchResult("orders", "orders.csv", 7, 10, 9, 1, attempt=1)]


def test_the_errors_of_the_body_become_the_jobs_error_and_go_on(
    store: Store, project: Project
) -> None:
    with suppress(DbtError), track(store, project, "run", "orders", {}) as run:
        with run.attempt():
            run.record_nodes(
                [model("b", "skipped"), model("a", "error", compiled_path="target/a.sql")]
            )
            raise DbtError("model a did not build", hint="look at a")
        pytest.fail("the error did not go on")
    job = find_job(store, run.id)
    assert (job.status, job.error) == (
        JobStatus.FAILED,
        "model a did not build\n  look at a",
    )
    assert job.error_path == "target/a.sql"
    assert store.attempts(job.id)[0].status is JobStatus.FAILED


def test_an_unforeseen_error_is_kept_with_its_type(store: Store, project: Project) -> None:
    with pytest.raises(ZeroDivisionError):
        with track(store, project, "run", "orders", {}):
            _ = 1 / 0
    assert find_job(store, "last").error == "ZeroDivisionError: division by zero"


def start(store: Store, job: Job) -> None:
    store.start_job(job.id, owner=current_owner(), now=NOON, accepted=set(JobStatus))


def finish(status: JobStatus) -> Callable[[Store, Job], None]:
    def end(store: Store, job: Job) -> None:
        store.finish_job(job.id, job.attempt, status, now=NOON, progress=0, message="")

    return end


def take(store: Store, job: Job) -> None:
    if not store.take_failed(job.id, attempt=job.attempt, owner=current_owner()):
        raise JobError("not taken")


def die(store: Store, job: Job) -> None:
    store.mark_dead(job, message="dead", now=NOON)


@pytest.mark.parametrize(
    ("move", "after", "legal_from"),
    [
        (start, JobStatus.RUNNING, "pending failed cancelled"),
        (finish(JobStatus.COMPLETED), JobStatus.COMPLETED, "running"),
        (finish(JobStatus.FAILED), JobStatus.FAILED, "running"),
        (finish(JobStatus.CANCELLED), JobStatus.CANCELLED, "running"),
        (finish(JobStatus.PENDING), JobStatus.PENDING, ""),
        (take, JobStatus.PENDING, "failed"),
        (die, JobStatus.FAILED, "pending running"),
    ],
)
def test_only_legal_moves_are_made(
    store: Store, move: Callable[[Store, Job], None], after: JobStatus, legal_from: str
) -> None:
    """From every state; an illegal move is refused and leaves the job as it was."""
    for before in JobStatus:
        job = add(store, before)
        if before in legal_from.split():
            assert after in TRANSITIONS[before]
            move(store, job)
            assert store.jobs(id_prefix=job.id)[0].status is after
        else:
            with pytest.raises(JobError):
                move(store, job)
            assert store.job(job.id) == job


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ended_cannot_be_cancelled(store: Store, status: JobStatus) -> None:
    job = add(store, status)
    with pytest.raises(JobError, match=f"is {status}, so it cannot be cancelled"):
        request_cancel(store, job.id)


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.RUNNING])
def test_a_job_that_is_not_broken_is_not_run_again(
    store: Store, project: Project, status: JobStatus
) -> None:
    job = add(store, status)
    with pytest.raises(JobError, match=f"is {status}, so it cannot be started"):
        with track(store, project, "run", "orders", {}, job_id=job.id):
            pass
    assert store.job(job.id) == job


def test_a_retry_is_a_further_attempt_of_the_same_job(store: Store, project: Project) -> None:
    with suppress(DbtError), track(store, project, "run", "orders", {"a": 1}) as run, run.attempt():
        raise DbtError("no")
    with track(store, project, "run", "orders", {}, job_id=run.id) as again:
        with again.attempt() as attempt:
            during = find_job(store, run.id)
        assert again.params == {"a": 1}
    job = find_job(store, run.id)
    assert attempt.number == 2
    assert (during.status, during.error, during.finished_at) == (JobStatus.RUNNING, None, None)
    assert (job.status, job.error, job.attempt) == (JobStatus.COMPLETED, None, 2)
    assert [item.status for item in store.attempts(job.id)] == [
        JobStatus.FAILED,
        JobStatus.COMPLETED,
    ]
    assert [item.error for item in store.attempts(job.id)] == ["no", None]


def test_a_retry_does_not_turn_red_into_green_by_forgetting(store: Store, project: Project) -> None:
    """What the second attempt did not run keeps the result of the first."""
    with suppress(DbtError), track(store, project, "run", "orders", {}) as run, run.attempt():
        run.record_nodes([model("a", "success"), model("b", "error"), model("c", "skipped")])
        raise DbtError("no")
    with track(store, project, "run", "orders", {}, job_id=run.id) as again, again.attempt():
        again.record_nodes([model("b", "success")])
    assert again.status is JobStatus.FAILED
    assert [
        (node.unique_id[-1], node.status, node.attempt) for node in merged_results(store, run.id)
    ] == [
        ("a", "success", 1),
        ("b", "success", 2),
        ("c", "skipped", 1),
    ]
    job = find_job(store, run.id)
    assert job.error == "1 of 3 nodes did not succeed: model.shop.c (skipped)"

    with track(store, project, "run", "orders", {}, job_id=run.id) as last, last.attempt():
        last.record_nodes([model("c", "pass")])
    assert last.status is JobStatus.COMPLETED


def test_a_node_that_is_owed_and_has_no_result_is_not_green(store: Store, project: Project) -> None:
    with track(store, project, "run", "orders", {}) as run, run.attempt():
        run.owe_nodes([model("a", ""), model("b", "")])
        run.record_nodes([model("a", "success")])
    assert run.status is JobStatus.FAILED
    assert run.error == "1 of 2 nodes did not succeed: model.shop.b (owed)"
    assert store.attempts(run.id)[0].status is JobStatus.FAILED


def test_two_attempts_in_one_go_have_folders_of_their_own(store: Store, project: Project) -> None:
    with track(store, project, "run", "orders", {}) as run:
        with suppress(DbtError), run.attempt() as first:
            raise DbtError("no")
        with run.attempt() as second:
            pass
    assert (first.number, second.number) == (1, 2)
    assert first.target_path != second.target_path
    assert find_job(store, run.id).attempt == 2
    assert run.status is JobStatus.COMPLETED


def test_a_job_whose_process_is_killed_is_failed(
    store: Store, project: Project, python: Any
) -> None:
    """With SIGKILL no code of the process runs any more; whoever looks next sees the truth."""
    child = python.start(
        """
with track(open_store(project), project, "run", "orders", {}) as run, run.attempt():
    run.owe_nodes([NodeResult("model.shop.a", "model", "silver", "")])
    say(run.id)
    time.sleep(60)
"""
    )
    job_id = child.stdout.readline().strip()
    assert find_job(store, job_id).status is JobStatus.RUNNING
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but its parent has not looked
    job = find_job(store, job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, f"the process died (pid {child.pid})")
    assert store.attempts(job_id)[0].status is JobStatus.FAILED
    with track(store, project, "run", "orders", {}, job_id=job_id) as again, again.attempt():
        again.record_nodes([model("a", "success")])
    assert again.status is JobStatus.COMPLETED


def test_a_process_number_that_another_process_has_now_is_no_sign_of_life(store: Store) -> None:
    me = current_owner()
    world = (me.process_start or "").rpartition("/")[0]
    job = add(store, JobStatus.RUNNING, replace(me, process_start=f"{world}/1"))
    assert reap(store) == [job.id]


@pytest.mark.parametrize(
    "owner",
    [
        Owner("another-machine", 1, "boot/namespace/1"),
        replace(current_owner(), process_start="another-boot/4026531836/5"),
    ],
)
def test_a_process_that_cannot_be_seen_lives_as_long_as_its_heart_beats(
    store: Store, owner: Owner
) -> None:
    job = add(store, JobStatus.RUNNING, owner)
    assert reap(store) == []
    _age(store, job, STALE_AFTER + timedelta(seconds=1))
    assert store.beat(job.id, 1).owned
    assert reap(store) == []
    _age(store, job, STALE_AFTER + timedelta(seconds=1))
    assert reap(store) == [job.id]
    found = store.job(job.id)
    assert found is not None
    assert found.error is not None
    assert found.error.startswith(f"the process died (pid {owner.pid} on {owner.host}, no sign of")


def test_a_process_that_is_seen_to_live_gets_longer_but_not_for_ever(store: Store) -> None:
    job = add(store, JobStatus.RUNNING)
    _age(store, job, STALE_AFTER + timedelta(seconds=1))
    assert reap(store) == []
    _age(store, job, FORGOTTEN_AFTER + timedelta(seconds=1))
    assert reap(store) == [job.id]


def test_a_heartbeat_that_comes_just_in_time_saves_the_job(store: Store) -> None:
    """The job is judged by what was read, and failed only if nothing changed since."""
    job = add(store, JobStatus.RUNNING)
    assert store.beat(job.id, 1).owned
    assert not store.mark_dead(job, message="dead", now=NOON)
    assert store.jobs()[0].status is JobStatus.RUNNING


def test_a_process_taken_for_dead_learns_it_and_does_not_overwrite_its_successor(
    store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)

    def body() -> None:
        with track(store, project, "run", "orders", {}) as run:
            seen = store.job(run.id)
            while seen is not None and not store.mark_dead(seen, message="dead", now=NOON):
                seen = store.job(run.id)
            store.start_job(run.id, owner=current_owner(), now=NOON, accepted={JobStatus.FAILED})
            assert run.cancelled.wait(20)
            run.check_cancelled()

    with pytest.raises(JobCancelled, match="taken for dead"):
        body()
    job = store.jobs()[0]
    assert (job.status, job.attempt) == (JobStatus.RUNNING, 2)


def test_the_heart_beats_while_the_body_runs(
    store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)
    with track(store, project, "run", "orders", {}) as run:
        first = store.jobs()[0].heartbeat_at
        seen = first
        while seen == first:
            seen = store.jobs()[0].heartbeat_at
    assert run.status is JobStatus.COMPLETED
    assert not [item for item in threading.enumerate() if item.name.startswith("heartbeat")]


def test_a_running_job_is_cancelled_from_another_process(store: Store, python: Any) -> None:
    """The request comes with a heartbeat; what the job started is stopped, and its end says so."""
    child = python.start(
        """
import subprocess
with track(open_store(project), project, "run", "orders", {}) as run:
    dbt = subprocess.Popen(["sleep", "60"], start_new_session=True)
    run.on_cancel(lambda: os.killpg(dbt.pid, 15))
    say(run.id)
    code = dbt.wait()
    run.check_cancelled()
    raise AssertionError(code)
"""
    )
    job_id = child.stdout.readline().strip()
    asked = request_cancel(store, job_id)
    assert (asked.status, asked.cancel_requested) == (JobStatus.RUNNING, True)
    errors = child.communicate()[1]
    assert "JobCancelled" in errors
    job = find_job(store, job_id)
    assert job.status is JobStatus.CANCELLED
    assert job.error == f"job {job_id} was cancelled: somebody asked for it"


def test_a_body_that_does_not_look_whether_it_is_cancelled_is_interrupted(
    store: Store, python: Any
) -> None:
    child = python.start(
        """
with track(open_store(project), project, "run", "orders", {}) as run:
    say(run.id)
    time.sleep(60)
"""
    )
    job_id = child.stdout.readline().strip()
    request_cancel(store, job_id)
    assert "JobCancelled" in child.communicate()[1]
    job = find_job(store, job_id)
    assert (job.status, job.error) == (JobStatus.CANCELLED, "somebody asked for it")


def test_what_breaks_because_of_the_cancellation_is_not_called_a_failure(
    store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)

    def body() -> None:
        with track(store, project, "run", "orders", {}) as run:
            stopped = threading.Event()
            run.on_cancel(stopped.set)
            request_cancel(store, run.id)
            assert stopped.wait(20)
            raise DbtError("dbt was killed")

    with pytest.raises(JobCancelled) as caught:
        body()
    assert caught.value.exit_code == 130
    assert find_job(store, "last").status is JobStatus.CANCELLED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_job_and_what_it_started(
    store: Store, python: Any, number: signal.Signals
) -> None:
    child = python.start(
        """
import subprocess
with track(open_store(project), project, "run", "orders", {}) as run, run.attempt():
    dbt = subprocess.Popen(["sleep", "60"], start_new_session=True)
    run.on_cancel(lambda: (os.killpg(dbt.pid, 15), say("stopped")))
    say(run.id)
    dbt.wait()
"""
    )
    job_id = child.stdout.readline().strip()
    child.send_signal(number)
    output, errors = child.communicate()
    assert output == "stopped\n"
    assert "JobCancelled" in errors
    job = find_job(store, job_id)
    assert (job.status, job.error) == (
        JobStatus.CANCELLED,
        f"the process got {number.name}",
    )
    assert store.attempts(job_id)[0].status is JobStatus.CANCELLED


def test_a_callback_comes_at_once_when_the_job_is_cancelled_already(
    store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)
    called: list[str] = []
    with suppress(JobCancelled), track(store, project, "run", "orders", {}) as run:
        take_back = run.on_cancel(lambda: called.append("taken back"))
        take_back()
        request_cancel(store, run.id)
        assert run.cancelled.wait(20)
        run.on_cancel(lambda: called.append("late"))
        run.check_cancelled()
    assert called == ["late"]


def test_a_pending_job_is_cancelled_at_once(store: Store) -> None:
    job = add(store, JobStatus.PENDING)
    assert request_cancel(store, job.id).status is JobStatus.CANCELLED


SECRET = "hunter2secret"


def test_no_password_reaches_the_store_or_the_log(
    make_project: Any, state_url: str, store: Store
) -> None:
    """Neither one in a URL or a setting, nor the value of a variable that is named like one."""
    project = make_project(state_url, SHOP_PASSWORD=SECRET)
    leaks = (
        f"postgres://me:p@ss/{SECRET}@db:5432/shop failed",
        f"connect(password='{SECRET}', host=db)",
        f"host=db password={SECRET}",
        f"tried {SECRET} in vain",
    )

    def body() -> None:
        with track(store, project, "run", "orders", {"url": leaks[0]}) as run, run.attempt():
            for leak in leaks:
                run.log("error", leak)
            run.progress(1, leaks[1])
            run.result({"errors": leaks})
            run.record_nodes([model("a", "error", message=leaks[0])])
            raise DbtError("\n".join(leaks))

    with pytest.raises(DbtError):
        body()
    job = find_job(store, "last")
    kept = repr((job, store.attempts(job.id), store.node_results(job.id)))
    log = log_path(project.state_dir, job.id).read_text()
    assert SECRET not in kept + log
    assert "p@ss" not in kept + log
    assert "postgres://me:***@db:5432/shop failed" in log
    assert "host=db password=***" in log


def test_the_log_is_read_back_line_by_line(store: Store, project: Project) -> None:
    with track(store, project, "run", "orders", {}, clock=clock) as run:
        run.log("info", "first\nand more")
        run.log("warning", "größer")
    path = log_path(project.state_dir, run.id)
    with path.open("a") as file:
        file.write('{"time": "2026')  # a crash in the middle of a line
    lines = [(line.time, line.level, line.message, line.attempt) for line, _ in read_lines(path)]
    assert lines == [(NOON, "info", "first\nand more", 1), (NOON, "warning", "größer", 1)]


def test_an_id_may_be_cut_short_as_long_as_it_fits_one_job(store: Store) -> None:
    first = add(store, JobStatus.COMPLETED)
    second = add(store, JobStatus.FAILED)
    assert find_job(store, first.id) == first
    assert find_job(store, first.id[4:]) == first
    with pytest.raises(JobError, match="several jobs begin with 'job_2026'"):
        find_job(store, "job_2026")
    with pytest.raises(JobError, match=f"there is no job 'job_x' .the nearest: .*{second.id}"):
        find_job(store, "job_x")


def test_last_is_the_newest_job(store: Store, project: Project) -> None:
    with pytest.raises(JobError, match="no jobs yet"):
        find_job(store, "last")
    for minute in range(3):
        moment = NOON + timedelta(minutes=minute)
        with track(store, project, "run", "orders", {}, clock=partial(_same, moment)) as run:
            pass
    assert find_job(store, "last").id == run.id
    assert list_jobs(store, limit=2)[0].id == run.id


def test_projects_that_share_a_store_do_not_see_each_others_jobs(
    store: Store, state_url: str
) -> None:
    job = add(store, JobStatus.PENDING)
    with Store(state_url, "another") as other:
        assert list_jobs(other) == []
        with pytest.raises(JobError):
            request_cancel(other, job.id)


def test_many_processes_write_one_store_at_once(store: Store, python: Any) -> None:
    children = [
        python.start(
            """
sys.stdin.readline()
store = open_store(project)
for number in range(10):
    with track(store, project, "run", "orders", {}) as run, run.attempt():
        run.progress(50, "half")
        run.record_batches([BatchResult("orders", "a.csv", number, 2, 1, 1)])
        run.record_nodes([NodeResult("model.shop.a", "model", "silver", "success", rows=3)])
"""
        )
        for _ in range(4)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        assert child.communicate() == ("", "")
    found = list_jobs(store)
    assert len({job.id for job in found}) == 40
    assert {(job.status, job.records_read, job.records_written) for job in found} == {
        (JobStatus.COMPLETED, 2, 3)
    }


def _same(moment: datetime) -> datetime:
    return moment


def _age(store: Store, job: Job, age: timedelta) -> None:
    """Set the job's last heartbeat back."""
    from sqlalchemy import update

    from controlplane.state.tables import jobs as table

    with store._database.write() as connection:
        heartbeat = store.now(connection) - age
        connection.execute(update(table).where(table.c.id == job.id).values(heartbeat_at=heartbeat))
