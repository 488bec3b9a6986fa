"""Decides for each node whether it is built, and says why."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from controlplane.dbt.dag import Dag, DagNode
from controlplane.dbt.hashes import ASPECTS, UNKNOWN
from controlplane.naming import REPLAYED
from controlplane.plan.memory import LEDGER, PENDING, Data, Memory
from controlplane.plan.values import Action, Cause, PlannedNode

# Why a node is built that would be the same if its data were.
_OF_DATA = frozenset({Cause.DATA, Cause.UPSTREAM})
_ASPECT_NAMES = {
    "code": "code",
    "config": "configuration",
    "macros": "macros",
    "variables": "variables",
    "environment": "environment",
    "hooks": "hooks",
}


@dataclass(frozen=True)
class World:
    """What is so now, and what is remembered of the last builds."""

    dag: Dag
    data: Data
    memories: Mapping[str, Memory]
    relations: Set[tuple[str, str]]
    database: str | None
    incoming: Set[str] = frozenset()
    # The build that made each node, as the warehouse has it; None where it does not say.
    made: Mapping[str, str] | None = None

    def is_there(self, node: DagNode) -> bool:
        """Whether what the node makes is in the warehouse, as far as can be seen from it."""
        if node.relation is None or (node.database or self.database) != self.database:
            return True
        schema, name = node.relation
        return (schema.lower(), name.lower()) in self.relations

    def is_foreign(self, node: DagNode) -> bool:
        """Whether something else made the node since, as far as the warehouse knows."""
        memory = self.memories.get(node.unique_id)
        if self.made is None or memory is None or node.relation is None:
            return False
        if (node.database or self.database) != self.database:
            return False
        return self.made.get(node.unique_id) != memory.build

    def is_missing(self, node: DagNode) -> bool:
        """Whether the node has never been built, or is gone."""
        return node.unique_id not in self.memories or not self.is_there(node)


def decide(
    world: World, selected: Set[str], *, full_refresh: bool, rebuild: bool
) -> tuple[PlannedNode, ...]:
    """The decision on every selected node, parents first."""
    planned: dict[str, PlannedNode] = {}
    remade: set[str] = set()  # made anew, or read something that is
    news: set[str] = set()  # built, or views of what is
    for node in world.dag.nodes.values():
        if node.is_live and not news.isdisjoint(node.parents):
            news.add(node.unique_id)
        if node.unique_id not in selected:
            continue
        cause, reason = _cause(world, node, planned, news)
        shows_news = cause in _OF_DATA and _shows_new_data(world, node, planned)
        if shows_news:
            cause, reason = Cause.UNCHANGED, f"{reason}, which a view shows by itself"
        if cause is Cause.UNCHANGED and (rebuild or full_refresh):
            cause = Cause.REQUESTED
            reason = "--full-refresh" if full_refresh else "--rebuild"
        is_built = cause is not Cause.UNCHANGED
        below = any(parent in remade for parent in node.parents)
        anew = is_built and _is_made_anew(world, node, full_refresh=full_refresh, below=below)
        if anew or (is_built and below):
            remade.add(node.unique_id)
        if anew and node.is_incremental and not full_refresh:
            reason += "; made anew from all raw data, since "
            reason += (
                "replayed records belong to batches that it has already"
                if _has_replays(world, node)
                else "rows of earlier code would stay"
            )
        if is_built:
            news.add(node.unique_id)
        planned[node.unique_id] = PlannedNode(
            unique_id=node.unique_id,
            name=node.name,
            resource_type=node.resource_type,
            layer=node.layer,
            action=Action.BUILD if is_built else Action.SKIP,
            cause=cause,
            reason=reason,
            full_refresh=anew,
            adds=is_built and node.is_incremental and not anew and not world.is_missing(node),
            shows_news=shows_news and not is_built,
        )
    return tuple(planned.values())


def _cause(
    world: World,
    node: DagNode,
    planned: Mapping[str, PlannedNode],
    news: Set[str],
) -> tuple[Cause, str]:
    memory = world.memories.get(node.unique_id)
    if memory is None:
        return Cause.NEW, "never run here" if node.is_test else "never built here"
    if not memory.is_good:
        return Cause.OWED, _owed(memory)
    if changed := _changed(node, memory):
        return Cause.CODE, changed
    if not world.is_there(node):
        return Cause.GONE, "it is gone from the warehouse"
    if world.is_foreign(node):
        return Cause.FOREIGN, "something else has built it since"
    if node.resource_type == "unit_test":  # it brings its own data
        if memory.lineage == node.lineage:
            return Cause.UNCHANGED, "unchanged"
        return Cause.CODE, "the code of what it checks has changed"
    # What landed says more than what is rebuilt because of it.
    now = world.data.inputs(node)
    sources = [key for key in now if key in world.dag.sources or key == LEDGER]
    for key in sources:
        if now[key] is None:
            source = world.dag.sources[key]
            name = f"{source.schema}.{source.identifier}"
            return Cause.DATA, f"source {name} has no load ledger: always rebuilt"
        if memory.inputs.get(key) != now[key]:
            return Cause.DATA, _new_data(world, key, memory.inputs.get(key), now[key])
    for parent in node.parents:
        if parent in planned and planned[parent].is_built:
            return Cause.UPSTREAM, f"{_shown(world, parent)} is rebuilt"
    for parent in node.parents:
        if parent in news:
            return Cause.UPSTREAM, f"{_shown(world, parent)} shows new data"
    for key in now:
        if key not in sources and memory.inputs.get(key) != now[key]:
            read = world.dag.nodes.get(key)
            word = "shows new data" if read and read.is_live else "was rebuilt since"
            return Cause.UPSTREAM, f"{_shown(world, key)} {word}"
    if memory.inputs.keys() != now.keys():
        return Cause.UPSTREAM, "it reads something else now"
    return Cause.UNCHANGED, "unchanged"


def _shows_new_data(world: World, node: DagNode, planned: Mapping[str, PlannedNode]) -> bool:
    """Whether a view that would be made again for new data alone need not be."""
    if not node.is_live:
        return False
    memory, bases = world.memories[node.unique_id], world.data.bases(node)
    stays = (
        planned[parent].adds or not planned[parent].is_built
        for parent in node.parents
        if parent in planned
    )
    return (
        memory.lineage == node.lineage
        and None not in memory.inputs.values()
        and memory.bases == bases
        and None not in bases.values()
        and all(stays)
    )


def _owed(memory: Memory) -> str:
    if memory.status == PENDING:
        return "its last build did not end"
    return f"its last result was {memory.status}"


def _changed(node: DagNode, memory: Memory) -> str | None:
    if any(node.fingerprint[aspect] == UNKNOWN for aspect in ASPECTS):
        return "reads an environment variable whose name is computed: always rebuilt"
    if not memory.aspects:
        return "it is not known which code made it"
    changed = [
        name
        for aspect, name in _ASPECT_NAMES.items()
        if memory.aspects.get(aspect) != node.fingerprint[aspect]
    ]
    return f"changed: {', '.join(changed)}" if changed else None


def _new_data(world: World, key: str, before: str | None, now: str | None) -> str:
    if key == LEDGER:
        return "the load ledger has new lines"
    source = world.dag.sources[key]
    name = f"{source.schema}.{source.identifier}"
    if source.identifier in world.incoming:
        return f"source {name} has new data to load"
    batch = (now or "").partition(REPLAYED)[0]
    if before is not None and before.partition(REPLAYED)[0] == batch:
        return f"rejects of source {name} were replayed"
    return f"source {name} has new data (batch {batch.partition(' ')[0]})"


def _is_made_anew(world: World, node: DagNode, *, full_refresh: bool, below: bool) -> bool:
    """Whether what an earlier build left in the warehouse must not be added to."""
    memory = world.memories.get(node.unique_id)
    if node.is_incremental:
        known = memory is not None and memory.lineage == node.lineage and not below
        known = known and not _has_replays(world, node)
        known = known and not world.is_foreign(node)
        return full_refresh or (not known and world.is_there(node))
    if node.resource_type == "seed":
        # Other columns than before do not fit into the table that is there.
        same = memory is not None and memory.aspects.get("code") == node.fingerprint["code"]
        return full_refresh or ((not same or world.is_foreign(node)) and world.is_there(node))
    return False


def _has_replays(world: World, node: DagNode) -> bool:
    """Whether rejects were replayed into what the node reads since it was built."""
    memory = world.memories.get(node.unique_id)
    return memory is not None and memory.replays != world.data.replays(node)


def _shown(world: World, unique_id: str) -> str:
    node = world.dag.nodes.get(unique_id)
    if node is None:
        return unique_id
    return f"{node.layer}.{node.name}" if node.layer else node.name
