"""Reads and writes what attempts did: batches, node results, and how nodes were last built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from controlplane.state import tables
from controlplane.state.records import BatchResult, NodeResult, NodeState
from controlplane.state.rows import Rows, next_number

_jobs = tables.jobs
_batches = tables.batches
_nodes = tables.node_results
_states = tables.node_states
# Nodes whose rows are rows that the job wrote; a test's are the rows that it found.
_WRITERS = frozenset({"model", "seed", "snapshot"})
# SQLite takes 32,766 values in a statement.
_CHUNK = 500


class ResultRows(Rows):
    """Results of the jobs of one project."""

    def add_batches(self, job_id: str, attempt: int, batches: Iterable[BatchResult]) -> None:
        """Keep the batches that an attempt loaded, and count their rows into the job."""
        with self._database.write() as connection:
            for batch in batches:
                values = {**vars(batch), "attempt": attempt, "job_id": job_id}
                self._insert_unless_there(connection, _batches, values)
            sums = {
                f"records_{what}": select(func.coalesce(func.sum(_batches.c[f"rows_{what}"]), 0))
                .where(_batches.c.job_id == job_id)
                .scalar_subquery()
                for what in ("read", "loaded", "rejected")
            }
            connection.execute(update(_jobs).where(_jobs.c.id == job_id).values(**sums))

    def batches(self, job_id: str) -> list[BatchResult]:
        """The batches that a job loaded, in the order of their ids."""
        query = (
            select(_batches)
            .where(_batches.c.job_id == job_id)
            .order_by(_batches.c.attempt, _batches.c.batch_id)
        )
        with self._database.read() as connection:
            return [
                BatchResult(**{key: value for key, value in row.items() if key != "job_id"})
                for row in connection.execute(query).mappings()
            ]

    def put_nodes(self, job_id: str, attempt: int, nodes: Sequence[NodeResult]) -> None:
        """Keep results of an attempt; a later result of a node replaces its earlier one."""
        if not nodes:
            return
        mine = (_nodes.c.job_id == job_id, _nodes.c.attempt == attempt)
        latest = list({node.unique_id: node for node in nodes}.values())
        with self._database.write() as connection:
            position = next_number(connection, _nodes, *mine)
            for start in range(0, len(latest), _CHUNK):
                ids = [node.unique_id for node in latest[start : start + _CHUNK]]
                connection.execute(delete(_nodes).where(*mine, _nodes.c.unique_id.in_(ids)))
            connection.execute(
                insert(_nodes),
                [
                    {**vars(node), "job_id": job_id, "attempt": attempt, "position": place}
                    for place, node in enumerate(latest, start=position)
                ],
            )
            written = sum(
                node.rows
                for node in self._node_results(connection, job_id)
                if node.resource_type in _WRITERS and node.rows and node.rows > 0
            )
            connection.execute(
                update(_jobs).where(_jobs.c.id == job_id).values(records_written=written)
            )

    def node_results(self, job_id: str) -> list[NodeResult]:
        """Every result of every attempt of a job, in the order in which they came."""
        with self._database.read() as connection:
            return self._node_results(connection, job_id)

    def _node_results(self, connection: Connection, job_id: str) -> list[NodeResult]:
        query = (
            select(_nodes)
            .where(_nodes.c.job_id == job_id)
            .order_by(_nodes.c.attempt, _nodes.c.position)
        )
        return [
            NodeResult(
                **{key: value for key, value in row.items() if key not in {"job_id", "position"}}
            )
            for row in connection.execute(query).mappings()
        ]

    def node_states(self, target: str) -> dict[str, NodeState]:
        """How each node was last built in the target with this identity, by `unique_id`."""
        query = select(_states).where(_states.c.target == target)
        with self._database.read() as connection:
            return {
                row["unique_id"]: NodeState(
                    **{key: value for key, value in row.items() if key != "target"}
                )
                for row in connection.execute(query).mappings()
            }

    def save_node_states(self, target: str, states: Sequence[NodeState]) -> None:
        """Keep how nodes were built, in place of what was known of them."""
        if not states:
            return
        latest = {state.unique_id: state for state in states}
        with self._database.write() as connection:
            self._forget(connection, target, list(latest))
            connection.execute(
                insert(_states), [{**vars(state), "target": target} for state in latest.values()]
            )

    def forget_node_states(self, target: str, unique_ids: Iterable[str]) -> None:
        """Forget how nodes were built, so that the next plan builds them."""
        with self._database.write() as connection:
            self._forget(connection, target, list(unique_ids))

    def _forget(self, connection: Connection, target: str, unique_ids: Sequence[str]) -> None:
        for start in range(0, len(unique_ids), _CHUNK):
            connection.execute(
                delete(_states).where(
                    _states.c.target == target,
                    _states.c.unique_id.in_(unique_ids[start : start + _CHUNK]),
                )
            )
