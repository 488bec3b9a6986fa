"""What a run writes into the state store about nodes: before it builds them, and after.

A node is marked before dbt starts and stays marked until its result is known, so that a run that is
killed in between leaves it owed. Nothing is recorded as read that was not there when the plan was
made: a batch that lands during the build makes the node stale again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controlplane.dbt.dag import DagNode
from controlplane.plan.memory import PENDING, Data, Memory, recall
from controlplane.plan.values import Plan
from controlplane.state.records import NodeState

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import NodeResult


def pending_states(plan: Plan, *, job_id: str | None, now: datetime) -> list[NodeState]:
    """The states to save before dbt starts: every node to be built is owed from here on."""
    return [
        NodeState(
            unique_id=each.unique_id,
            fingerprint=_doubtful(
                plan.dag.nodes[each.unique_id], recall(plan.states.get(each.unique_id))
            ),
            status=PENDING,
            message=None,
            job_id=job_id,
            built_at=now,
        )
        for each in plan.to_build
    ]


def new_states(
    plan: Plan,
    results: Mapping[str, NodeResult],
    *,
    job_id: str | None,
    build: str,
    now: datetime,
) -> list[NodeState]:
    """The states to save when results are known, be it of the whole run or of a part of it.

    Args:
        plan: the plan that was carried out.
        results: how nodes ended; call with all results so far, not only with the newest.
        job_id: the job that ran.
        build: a name for this execution that no other has, such as job and attempt; a node that
            dbt names an invocation for has that instead, as the warehouse has it.
        now: when.
    """
    memories = {key: recall(state) for key, state in plan.states.items()}
    builds = {key: memory.build for key, memory in memories.items() if memory is not None}
    origins = {key: memory.origin for key, memory in memories.items() if memory is not None}
    made = {key: result.invocation_id or build for key, result in results.items() if result.is_good}
    adding = {node.unique_id for node in plan.to_build if node.adds and origins.get(node.unique_id)}
    data = Data(
        plan.dag,
        plan.batches,
        plan.columns,
        builds=builds | made,
        origins=origins | {key: each for key, each in made.items() if key not in adding},
    )
    states = []
    for unique_id, result in results.items():
        node = plan.dag.nodes.get(unique_id)
        if node is None:
            continue
        memory = memories.get(unique_id)
        if result.is_good:
            kept = _kept(
                node.fingerprint,
                node.lineage,
                data.inputs(node),
                data.builds[unique_id],
                data.replays(node),
                data.origins.get(unique_id),
                data.bases(node) if node.is_live else {},
            )
        elif result.status == "skipped":
            kept = _as_it_was(memory)
        else:
            kept = _doubtful(node, memory)
        states.append(NodeState(unique_id, kept, result.status, result.message, job_id, now))
    return [*states, *_of_views(plan, results, memories, data)]


def _of_views(
    plan: Plan,
    results: Mapping[str, NodeResult],
    memories: Mapping[str, Memory | None],
    data: Data,
) -> list[NodeState]:
    """The states of views that were left alone, and show what the build has made of their parents."""
    states = []
    undone = {
        node.unique_id
        for node in plan.to_build
        if node.unique_id not in results or not results[node.unique_id].is_good
    }
    for each in plan.nodes:
        node, memory = plan.dag.nodes[each.unique_id], memories.get(each.unique_id)
        if each.shows_news and memory is not None and undone.isdisjoint(node.parents):
            kept = {**_as_it_was(memory), "inputs": data.inputs(node)}
            states.append(replace(plan.states[each.unique_id], fingerprint=kept))
    return states


def _as_it_was(memory: Memory | None) -> dict[str, Any]:
    if memory is None:
        return _kept({}, "", {}, None)
    return _kept(
        memory.aspects,
        memory.lineage,
        memory.inputs,
        memory.build,
        memory.replays,
        memory.origin,
        memory.bases,
    )


def _doubtful(node: DagNode, memory: Memory | None) -> dict[str, Any]:
    """What is known of a relation when a build of it has begun and may have ended in any way.

    If its code is to change, it is not known any more which code made it, and an incremental model
    must be made anew.
    """
    if memory is None:
        return _kept({}, "", {}, None)
    same_code = dict(memory.aspects) == dict(node.fingerprint)
    return _kept(
        memory.aspects if same_code else {},
        memory.lineage if memory.lineage == node.lineage else "",
        memory.inputs,
        memory.build,
        memory.replays,
        memory.origin if same_code else None,
    )


def _kept(
    aspects: Mapping[str, str],
    lineage: str,
    inputs: Mapping[str, str | None],
    build: str | None,
    replays: str = "",
    origin: str | None = None,
    bases: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    return {
        "aspects": dict(aspects),
        "lineage": lineage,
        "inputs": dict(inputs),
        "build": build,
        "replays": replays,
        "origin": origin,
        "bases": dict(bases or {}),
    }
