"""How dbt is called to carry out a plan.

dbt makes all incremental models of a call anew, or none. When only some need it and others would be
the worse for it, there are two calls: first those that go on as they are, then those made anew. No
node of the first reads one of the second, for what reads a changed node is made anew as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from controlplane.dbt.dag import Dag, DagNode
from controlplane.plan.values import Plan

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import NodeResult

_PLAIN = re.compile(r"[^\w.\-]")
# What is selected, what of that is excluded, and the options that it takes.
_Selection = tuple[list[str], list[str], tuple[str, ...]]


@dataclass(frozen=True)
class Step:
    """One `dbt build`: the nodes that it builds, and whether incremental models are made anew."""

    nodes: tuple[str, ...]
    full_refresh: bool
    dag: Dag = field(repr=False)
    dbt_args: tuple[str, ...] = ()

    def after(self, results: Mapping[str, NodeResult]) -> tuple[Step, dict[str, NodeResult]]:
        """The step without what earlier results block, and a result for each node left out."""
        from controlplane.dbt.artifacts import NodeResult

        blocked = self._blocked(results) & set(self.nodes)
        left_out = {key: NodeResult(key, "skipped", 0.0) for key in self.nodes if key in blocked}
        kept = tuple(key for key in self.nodes if key not in blocked)
        return replace(self, nodes=kept), left_out

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows `dbt build`."""
        flags = ("--full-refresh",) if self.full_refresh else ()
        return (*flags, *self._selection(), *self.dbt_args)

    def _blocked(self, results: Mapping[str, NodeResult]) -> set[str]:
        """What dbt does not build after these results: as in one call, so in two."""
        blocked: set[str] = set()
        for key, result in results.items():
            node = self.dag.nodes.get(key)
            if node is None or result.is_good:
                continue
            if not node.is_test:
                blocked |= self.dag.downstream({key}) - {key}
            elif node.parents:
                # A test holds up what reads all that it looks at.
                blocked |= set.intersection(
                    *(self.dag.downstream({parent}) - {parent} for parent in node.parents)
                )
        return blocked

    def _selection(self) -> tuple[str, ...]:
        """The nodes in dbt's grammar, in as few words as they can be said.

        dbt compares every word with every node of the project: a thousand take it ten seconds.
        """
        if set(self.nodes) == self.dag.nodes.keys():
            return ()
        ways = (self._with_their_tests(), self._by_type())
        selected, excluded, options = min(ways, key=lambda way: len(way[0]) + len(way[1]))
        without = ("--exclude", *excluded) if excluded else ()
        return (*options, "--select", *selected, *without)

    def _with_their_tests(self) -> _Selection:
        """Models by name, which brings the tests that touch them; those not wanted are left out."""
        wanted = set(self.nodes)
        named = [key for key in self.nodes if not self.dag.nodes[key].is_test]
        brought = {
            node.unique_id
            for node in self.dag.nodes.values()
            if node.is_test and not set(named).isdisjoint(node.parents)
        } | self._below(named)
        named += [key for key in self.nodes if self.dag.nodes[key].is_test and key not in brought]
        return (
            self._names(named),
            self._names(key for key in self.dag.nodes if key in brought - wanted),
            (),
        )

    def _by_type(self) -> _Selection:
        """Of each type of node those that are wanted, or all but those that are not."""
        wanted = set(self.nodes)
        selected: list[str] = []
        excluded: list[str] = []
        unwanted: set[str] = set()
        by_name: list[str] = []
        for kind in sorted({self.dag.nodes[key].resource_type for key in self.nodes}):
            every = [key for key, node in self.dag.nodes.items() if node.resource_type == kind]
            named = [key for key in every if key in wanted]
            if len(named) * 2 > len(every):
                selected.append(f"resource_type:{kind}")
                unwanted.update(key for key in every if key not in wanted)
            else:
                by_name += named
        selected += self._names(by_name)
        unwanted |= self._below(by_name) - wanted
        views = {key for key, node in self.dag.nodes.items() if node.materialized == "view"}
        if views & unwanted and views.isdisjoint(wanted):
            excluded.append("config.materialized:view")  # new data leave them all alone
            unwanted -= views
        excluded += self._names(unwanted)
        return selected, excluded, ("--indirect-selection", "empty")

    def _below(self, keys: Iterable[str]) -> set[str]:
        """What dbt selects with these nodes by their names: a model's unit tests, foremost."""
        names = {self.dag.nodes[key].fqn for key in keys}
        return {
            key
            for key, node in self.dag.nodes.items()
            if any(node.fqn[:length] in names for length in range(1, len(node.fqn)))
        }

    def _names(self, keys: Iterable[str]) -> list[str]:
        return [selector(self.dag.nodes[key]) for key in sorted(keys)]


def steps(plan: Plan) -> tuple[Step, ...]:
    """The calls of dbt that carry out the plan, in order; none when there is nothing to build."""
    built = {node.unique_id: node for node in plan.to_build}
    if not built:
        return ()
    second: set[str] = set()
    for key, node in built.items():  # parents come first
        if node.full_refresh or not second.isdisjoint(plan.dag.nodes[key].parents):
            second.add(key)
    first = tuple(key for key in built if key not in second)
    if not second or not any(plan.dag.nodes[key].is_incremental for key in first):
        return (Step(tuple(built), bool(second), plan.dag, plan.dbt_args),)
    return (
        Step(first, False, plan.dag, plan.dbt_args),
        Step(tuple(key for key in built if key in second), True, plan.dag, plan.dbt_args),
    )


def selector(node: DagNode) -> str:
    """The node's full name in dbt's grammar; `?` stands for any one character."""
    return "fqn:" + _PLAIN.sub("?", ".".join(node.fqn))
