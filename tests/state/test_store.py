"""What the store keeps of results and of claims."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from controlplane.errors import StateError
from controlplane.state.owner import current_owner
from controlplane.state.records import BatchResult, Job, JobStatus, NodeResult, NodeState
from controlplane.state.store import Store

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def add_job(store: Store) -> Job:
    return store.add_job(
        type="run",
        name="orders",
        params={},
        status=JobStatus.RUNNING,
        owner=current_owner(),
        now=NOON,
    )


def claim(store: Store, due_at: datetime, after: datetime) -> Job | None:
    return store.claim_due(
        "orders", due_at, after=after, type="run", params={}, owner=current_owner(), now=NOON
    )


def test_node_states_are_kept_per_target_and_replaced(store: Store) -> None:
    first = [
        NodeState(
            f"model.shop.m{number}", {"code": "a", "batches": [1]}, "success", None, "j", NOON
        )
        for number in range(1_200)
    ]
    store.save_node_states("duckdb:a", first)
    store.save_node_states("duckdb:b", first[:1])
    changed = NodeState("model.shop.m7", {"code": "b"}, "error", "no", None, NOON)
    store.save_node_states("duckdb:a", [changed])
    store.forget_node_states("duckdb:a", [f"model.shop.m{number}" for number in range(100, 1_200)])

    states = store.node_states("duckdb:a")
    assert len(states) == 100
    assert states["model.shop.m7"] == changed
    assert states["model.shop.m8"] == first[8]
    assert store.node_states("duckdb:b") == {"model.shop.m0": first[0]}


def test_batches_recorded_twice_count_once(store: Store) -> None:
    job = add_job(store)
    batch = BatchResult("orders", "a.csv", 1, 10, 8, 2)
    store.add_batches(job.id, 1, [batch])
    store.add_batches(job.id, 1, [batch, BatchResult("orders", "b.csv", 2, 5, 5, 0)])
    found = store.job(job.id)
    assert found is not None
    assert (found.records_read, found.records_loaded, found.records_rejected) == (15, 13, 2)
    assert [item.source for item in store.batches(job.id)] == ["a.csv", "b.csv"]


def test_a_later_result_of_a_node_in_one_attempt_replaces_the_earlier(store: Store) -> None:
    job = add_job(store)
    owed = [NodeResult(f"model.shop.{name}", "model", "gold", "owed") for name in "abc"]
    store.put_nodes(job.id, 1, owed)
    store.put_nodes(job.id, 1, [NodeResult("model.shop.b", "model", "gold", "success", 1.5, 7)])
    found = store.node_results(job.id)
    assert {node.unique_id[-1]: node.status for node in found} == {
        "a": "owed",
        "b": "success",
        "c": "owed",
    }
    assert store.jobs()[0].records_written == 7


def test_rows_that_a_test_finds_are_not_rows_written(store: Store) -> None:
    job = add_job(store)
    store.put_nodes(job.id, 1, [NodeResult("test.shop.t", "test", None, "fail", rows=99)])
    assert store.jobs()[0].records_written == 0


def test_a_due_time_is_claimed_with_its_pending_job(store: Store) -> None:
    store.begin_schedule("orders", owner=current_owner(), now=NOON)
    due = NOON + timedelta(hours=1)
    job = claim(store, due, NOON)
    assert job is not None
    assert (job.status, job.attempt, job.scheduled_for) == (JobStatus.PENDING, 0, due)
    last = store.last_claims()["orders"]
    assert (last.due_at, last.job) == (due, job)


def test_a_due_time_is_claimed_once_and_claims_only_move_forward(store: Store) -> None:
    store.begin_schedule("orders", owner=current_owner(), now=NOON)
    due = NOON + timedelta(hours=1)
    assert claim(store, due, NOON) is not None
    assert claim(store, due, NOON) is None
    assert claim(store, due, due) is None
    assert claim(store, due - timedelta(minutes=1), NOON) is None, "an older one is too late"
    assert claim(store, due + timedelta(minutes=1), NOON) is None, "decided by what has changed"
    assert len(store.jobs()) == 1, "a claim that fails leaves no job"


def test_a_schedule_begins_once(store: Store) -> None:
    store.begin_schedule("orders", owner=current_owner(), now=NOON)
    store.begin_schedule("orders", owner=current_owner(), now=NOON + timedelta(hours=1))
    last = store.last_claims()["orders"]
    assert (last.due_at, last.job) == (NOON, None)


def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    moment = datetime(2026, 7, 1, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))
    store.begin_schedule("orders", owner=current_owner(), now=moment)
    found = store.last_claims()["orders"].due_at
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StateError, match="without a time zone"):
        store.begin_schedule("orders", owner=current_owner(), now=NOON.replace(tzinfo=None))


def test_readers_do_not_wait_for_a_writer(store: Store, python: Any) -> None:
    """Another process holds a transaction open that has written."""
    child = python.start(
        """
store = open_store(project)
with store._database.write() as connection:
    connection.exec_driver_sql("delete from databank_node_states")
    say("writing")
    sys.stdin.readline()
"""
    )
    assert child.stdout.readline() == "writing\n"
    assert store.jobs() == []
    assert child.poll() is None
    assert child.communicate("done\n") == ("", "")
