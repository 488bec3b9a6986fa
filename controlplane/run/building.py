"""The second part of a run: dbt builds what the plan says, and what came of it is kept.

Nodes are marked as owed before dbt starts, and what a node has read is recorded only once its
result is known: after a crash at any instant the next run builds what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane.errors import DatabankError, DbtError
from controlplane.run import checks
from controlplane.run.context import Context, now
from controlplane.run.loading import LOAD_SHARE
from controlplane.run.result import NodeOutcome
from controlplane.run.scoring import score_batches
from controlplane.run.tracing import Tracing
from controlplane.state.records import NodeResult
from controlplane.targets.base import quoted

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import NodeResult as DbtResult
    from controlplane.dbt.events import Event
    from controlplane.dbt.process import DbtSession
    from controlplane.plan import ParseAhead, Plan
    from controlplane.plan.steps import Step


@dataclass
class Build:
    """The build of one attempt; `unvalidated` are the processes whose tables owe their checks."""

    context: Context
    session: DbtSession
    ahead: ParseAhead
    unvalidated: set[str] = field(default_factory=set)
    _calls: int = 0

    def carry_out(self) -> None:
        """Plan, score what was loaded, and build what the plan says.

        Then trace what was built, and build what reads that.

        Raises:
            DbtError: dbt could not do it, or not in time; what it had built by then is kept.
        """
        plan = self._plan()
        score_batches(self.context, self.session)
        tracing = Tracing(self.context, self.session)
        first = tracing.set_readers_aside(plan)
        if not (first.to_build or tracing.readers):
            return
        waited = False

        def on_wait(message: str) -> None:
            nonlocal waited
            waited = True
            self.context.reporter.waiting(message)

        # Held to the end: dbt's process keeps what it was given of the lock for as long as it lives.
        with self.context.write_lock(on_wait) as lock:
            if waited or self._is_outdated(plan):
                plan = self._plan()
                first = tracing.set_readers_aside(plan)
            if first.to_build:
                self._build(first, lock.pass_fds)
            if tracing.readers:
                tracing.trace(plan, lock.pass_fds)
                self._build_readers(tracing, plan, lock.pass_fds)

    def _build_readers(self, tracing: Tracing, plan: Plan, pass_fds: Sequence[int]) -> None:
        """Build what had to wait for the tracing, and what reads what it loaded."""
        rest = tracing.readers_of(self._make_plan(), plan)
        announced = {node.unique_id for node in plan.to_build}
        if any(node.unique_id not in announced for node in rest.to_build):
            self.context.reporter.planned(rest)
        if rest.to_build:
            self._build(rest, pass_fds)

    def _plan(self) -> Plan:
        context, options = self.context, self.context.options
        context.job.check_cancelled()
        context.job.progress(LOAD_SHARE, "deciding what to build")
        self.unvalidated = checks.owing(context)
        plan = self._make_plan(
            processes=[file.spec for file in context.chosen] if options.names else None,
            select=options.select,
            exclude=options.exclude,
        )
        context.result.unchanged = len(plan.unchanged)
        context.reporter.planned(plan)
        return plan

    def _make_plan(self, **selection: Any) -> Plan:
        from controlplane.plan import make_plan

        context, options = self.context, self.context.options
        try:
            return make_plan(
                context.project,
                context.target,
                context.store.node_states(context.identity),
                full_refresh=options.full_refresh,
                rebuild=options.rebuild,
                dbt_args=options.dbt_args,
                session=self.session,
                ahead=self.ahead,
                target_path=context.target_path / "parse",
                timeout=options.timeout,
                cancelled=context.job.cancelled,
                **selection,
            )
        finally:
            context.job.check_cancelled()

    def _is_outdated(self, plan: Plan) -> bool:
        """Whether somebody loaded or built since the plan was made and before we had the lock."""
        from controlplane.load.ledger import current_batches

        context = self.context
        return (
            context.store.node_states(context.identity) != plan.states
            or current_batches(context.target) != plan.batches
        )

    def _build(self, plan: Plan, pass_fds: Sequence[int]) -> None:
        from controlplane.plan import pending_states, steps

        context = self.context
        context.job.owe_nodes(
            NodeResult(node.unique_id, node.resource_type, node.layer, "owed")
            for node in plan.to_build
        )
        names = {node.name for node in plan.nodes if node.is_built or node.shows_news}
        owed = [file.spec for file in context.chosen if file.spec.table_name in names]
        self.unvalidated |= {process.slug for process in owed}
        context.store.save_node_states(
            context.identity,
            [
                *pending_states(plan, job_id=context.job.id, now=now()),
                *(checks.owe(process, context.job.id) for process in owed),
            ],
        )
        results: dict[str, DbtResult] = {}
        hooks: tuple[str, ...] = ()
        try:
            for step in steps(plan):
                remaining, left_out = step.after(results)
                results |= left_out
                if remaining.nodes:
                    self._calls += 1
                    path = context.target_path / f"build_{self._calls}"
                    # A hook at the end of a step may find what the next one puts right.
                    hooks = self._run_dbt(plan, remaining, path, pass_fds, results)
        finally:
            self._record(plan, results)
        if len(results) < len(plan.to_build):
            missing = [node.unique_id for node in plan.to_build if node.unique_id not in results]
            shown = ", ".join(missing[:5])
            context.job.log("warning", f"{len(missing)} nodes have no result: {shown}")
        if hooks:
            raise DbtError(f"dbt's hook {hooks[0]}")

    def _run_dbt(
        self,
        plan: Plan,
        step: Step,
        path: Path,
        pass_fds: Sequence[int],
        results: dict[str, DbtResult],
    ) -> tuple[str, ...]:
        """Build the nodes of a step, and say which of the project's hooks failed.

        `results` gets each node's as it ends, also when the step does not.
        """
        from controlplane.dbt.artifacts import collect_results, failed_hooks, results_of
        from controlplane.dbt.events import LogLine, NodeFinished

        job, timeout = self.context.job, self.context.options.timeout
        total = max(1, len(plan.to_build))

        def on_event(event: Event) -> None:
            if isinstance(event, NodeFinished):
                results.update(collect_results(None, {event.unique_id: event}))
                share = LOAD_SHARE + (99 - LOAD_SHARE) * len(results) / total
                job.progress(share, f"{event.unique_id} {event.status}")
            elif isinstance(event, LogLine) and event.level in ("warn", "error"):
                job.log("warning" if event.level == "warn" else "error", event.message)
            self.context.reporter.event(event)

        job.check_cancelled()
        done = self.session.run(
            "build",
            step.arguments,
            target_path=path,
            timeout=timeout,
            on_event=on_event,
            pass_fds=pass_fds,
            cancelled=job.cancelled,
            reuse_manifest=plan.started_dbt,
        )
        found = results_of(done)
        results.update(found)
        job.check_cancelled()
        if str(done.ending) == "timeout":
            raise DbtError(f"dbt was stopped after {timeout:g} seconds (--timeout)")
        if done.exit_code not in (0, 1) or not found:
            word = "broke off" if found else "did not run"
            raise DbtError(f"dbt build {word}: {done.error or 'it said nothing'}")
        return failed_hooks(done)

    def _record(self, plan: Plan, results: Mapping[str, DbtResult]) -> None:
        """Keep what became of the nodes, whatever ended the build."""
        from controlplane.plan import new_states

        context = self.context
        build = f"{context.job.id}/{context.attempt}"
        context.store.save_node_states(
            context.identity,
            new_states(plan, results, job_id=context.job.id, build=build, now=now()),
        )
        planned = {node.unique_id: node for node in plan.to_build}
        rows = self._row_counts(plan, results)
        outcomes = [
            NodeOutcome(
                unique_id=unique_id,
                name=node.name,
                resource_type=node.resource_type,
                layer=node.layer,
                status=found.status,
                seconds=found.seconds,
                rows=rows.get(unique_id),
                message=found.message,
                reason=node.reason,
                compiled_path=found.compiled_path,
            )
            for unique_id, found in results.items()
            if (node := planned.get(unique_id))
        ]
        context.result.nodes += outcomes
        context.job.record_nodes(
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
        counts = [
            f"select {index} as position, count(*) as records"  # noqa: S608
            f" from {quoted(schema)}.{quoted(name)}"
            for index, (schema, name) in enumerate(tables.values())
        ]
        try:
            rows = dict(self.context.target.query(" union all ".join(counts)))
        except DatabankError as error:
            self.context.job.log("warning", f"rows could not be counted: {error}")
            return {}
        return {unique_id: int(rows[index]) for index, unique_id in enumerate(tables)}
