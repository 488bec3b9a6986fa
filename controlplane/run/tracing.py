"""The third part of a run: where the columns of models come from that were built with new code.

A project takes part by having the source `raw._lineage`. What is traced is loaded as one batch, and
what reads it is built after that, in the same job. The state store remembers which code of each
model is in which batch, so that a run without new code asks nobody; the truth is the raw table. Was
the run killed before it was remembered, or is another batch in the warehouse than the one that is
remembered (a backup, another checkout), the next run compares with the raw table itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from controlplane.errors import DatabankError, DbtError
from controlplane.lineage.edges import VERSION, removed_edge
from controlplane.naming import LINEAGE_TABLE, RAW_SCHEMA
from controlplane.run.context import Context, now
from controlplane.state.records import NodeState

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import Manifest
    from controlplane.dbt.dag import Dag, DagNode
    from controlplane.dbt.process import DbtSession
    from controlplane.lineage.edges import Edge
    from controlplane.lineage.raw_table import Known
    from controlplane.plan import Plan

KEY = "lineage"
_TRACED = ("model", "snapshot")


@dataclass
class Tracing:
    """The lineage of one attempt; `readers` are the nodes that wait for it."""

    context: Context
    session: DbtSession
    readers: frozenset[str] = field(default=frozenset())

    def set_readers_aside(self, plan: Plan) -> Plan:
        """What of a plan is built first: all of it, if nothing is going to be traced."""
        self.readers = frozenset()
        source = _source(plan.dag)
        if source is None or not _owes(plan):
            return plan
        self.readers = frozenset(plan.dag.downstream({source}))
        return _only(plan, plan.dag.nodes.keys() - self.readers)

    def readers_of(self, plan: Plan, asked: Plan) -> Plan:
        """What of a plan that was made after tracing is left, within what was asked for."""
        rest = _only(plan, self.readers & {node.unique_id for node in asked.nodes})
        # The session has parsed the project since it was asked the first time.
        return replace(rest, started_dbt=asked.started_dbt or rest.started_dbt)

    def trace(self, plan: Plan, pass_fds: Sequence[int]) -> None:
        """Load the edges of what was built with new code, under the lock that dbt gets.

        A fault in here costs edges and not the run: it is noted, and the next run tries again.
        """
        self.context.job.check_cancelled()
        try:
            self._trace(plan, pass_fds)
        except DatabankError as error:
            self.context.job.check_cancelled()
            self._warn(f"the lineage could not be brought up to date: {error}")

    def _trace(self, plan: Plan, pass_fds: Sequence[int]) -> None:
        from controlplane.lineage.raw_table import known_models, load_edges
        from controlplane.load.ledger import current_batches

        context = self.context
        states = context.store.node_states(context.identity)
        # What waits for this is about to be built, and compiles without what it waits for.
        waiting = {node.unique_id for node in plan.to_build} & self.readers
        current = {
            node.unique_id: node.lineage
            for node in _models(plan.dag)
            if node.unique_id in waiting or _is_current(node, states)
        }
        remembered = _remembered(plan)
        stale = [key for key, code in current.items() if remembered.get(key) != code]
        known = known_models(context.target)
        gone = {key: each.table for key, each in known.items() if key not in plan.dag.nodes}
        edges, failed = self._edges(plan, stale, known, pass_fds)
        edges += [removed_edge(model, table) for model, table in sorted(gone.items())]
        if edges and not load_edges(
            context.target,
            edges,
            state_dir=context.project.ensure_state_dir(),
            job_id=context.job.id,
            now=now,
            holder=context.holder,
            wait=context.options.wait,
            on_wait=context.reporter.waiting,
        ):
            return  # another run traces as well: the next one compares
        kept = {key: code for key, code in remembered.items() if key in plan.dag.nodes}
        kept |= {key: code for key, code in current.items() if key not in failed}
        batch = current_batches(context.target).get(LINEAGE_TABLE)
        document = {"version": VERSION, "batch": batch, "models": kept}
        state = NodeState(KEY, document, "success", None, context.job.id, now())
        context.store.save_node_states(context.identity, [state])
        traced = len({edge.model for edge in edges})
        context.job.log("info", f"lineage: {traced} models changed, {len(edges)} edges loaded")

    def _edges(
        self,
        plan: Plan,
        stale: Sequence[str],
        known: Mapping[str, Known],
        pass_fds: Sequence[int],
    ) -> tuple[list[Edge], set[str]]:
        """The edges of models whose SQL is another than was traced last; which dbt did not give."""
        if not stale:
            return [], set()
        from controlplane.lineage.models import read_model, trace_model
        from controlplane.lineage.raw_table import warehouse_columns

        manifest = self._compiled(plan, stale, pass_fds)
        columns = warehouse_columns(self.context.target)
        dialect = self.context.project.target.type
        edges: list[Edge] = []
        failed: set[str] = set()
        for key in stale:
            self.context.job.check_cancelled()
            reading = read_model(manifest, key, columns) if key in manifest.nodes else None
            if reading is None:
                failed.add(key)
                self._warn(f"lineage of {key}: dbt did not compile it")
            elif key not in known or known[key].checksum != reading.checksum(dialect):
                traced = trace_model(reading, dialect)
                edges += traced.edges
                if traced.problem:
                    self._warn(f"lineage of {key}: of its tables alone ({traced.problem})")
        return edges, failed

    def _compiled(self, plan: Plan, keys: Sequence[str], pass_fds: Sequence[int]) -> Manifest:
        """The manifest with the SQL of these models, as a build of them from nothing would be."""
        from controlplane.dbt.artifacts import read_manifest
        from controlplane.plan.arguments import read_arguments
        from controlplane.plan.steps import selector

        context, options = self.context, self.context.options
        selection = [selector(plan.dag.nodes[key]) for key in keys]
        if set(keys) == {node.unique_id for node in _models(plan.dag)}:
            selection = [f"resource_type:{kind}" for kind in _TRACED]
        arguments = ["--full-refresh", "--indirect-selection", "empty", "--select", *selection]
        done = self.session.run(
            "compile",
            [*arguments, *read_arguments(options.dbt_args).for_parse],
            target_path=context.target_path / "lineage",
            timeout=options.timeout,
            pass_fds=pass_fds,
            cancelled=context.job.cancelled,
            # Not the manifest of the build: dbt leaves ephemeral models out of SQL that it compiles
            # a second time with the same one.
            reuse_manifest=False,
        )
        context.job.check_cancelled()
        manifest = read_manifest(done.manifest_path)
        if manifest is None or str(done.ending) != "itself":
            raise DbtError(f"dbt compile did not end well: {done.error or 'it said nothing'}")
        return manifest

    def _warn(self, message: str) -> None:
        self.context.job.log("warning", message)


def _source(dag: Dag) -> str | None:
    """The source of edges, which a project declares to have its lineage traced."""
    for source in dag.sources.values():
        if (source.schema, source.identifier) == (RAW_SCHEMA, LINEAGE_TABLE):
            return source.unique_id
    return None


def _owes(plan: Plan) -> bool:
    """Whether something is to be traced once all that the plan builds is built."""
    remembered = _remembered(plan)
    to_build = {node.unique_id for node in plan.to_build}
    return any(key not in plan.dag.nodes for key in remembered) or any(
        remembered.get(node.unique_id) != node.lineage
        for node in _models(plan.dag)
        if node.unique_id in to_build or _is_current(node, plan.states)
    )


def _remembered(plan: Plan) -> dict[str, str]:
    """The code of each model whose edges are in the newest batch or in one before it."""
    state = plan.states.get(KEY)
    kept: Any = state.fingerprint if state is not None else {}
    if (kept.get("version"), kept.get("batch")) != (VERSION, plan.batches.get(LINEAGE_TABLE)):
        return {}
    return dict(kept.get("models") or {})


def _is_current(node: DagNode, states: Mapping[str, NodeState]) -> bool:
    """Whether a model stands in the warehouse as its code is now."""
    from controlplane.dbt.events import GOOD

    state = states.get(node.unique_id)
    if state is None or state.status not in GOOD:
        return False
    return bool(state.fingerprint.get("lineage") == node.lineage)


def _models(dag: Dag) -> list[DagNode]:
    return [node for node in dag.nodes.values() if node.resource_type in _TRACED and node.relation]


def _only(plan: Plan, wanted: Collection[str]) -> Plan:
    return replace(plan, nodes=tuple(node for node in plan.nodes if node.unique_id in wanted))
