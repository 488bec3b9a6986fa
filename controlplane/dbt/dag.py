"""A compact summary of the nodes of a project: what the plan decides with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlplane.errors import DbtError

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import Manifest, Node
    from controlplane.dbt.files import ProjectFiles
    from controlplane.dbt.fingerprint import Fingerprints
    from controlplane.dbt.setting import Setting

RUNNABLE = frozenset({"model", "seed", "snapshot", "function", "test", "unit_test"})
TESTS = frozenset({"test", "unit_test"})


@dataclass(frozen=True)
class DagNode:
    """A node as the plan needs it.

    `parents` are nodes and sources, with ephemeral models replaced by what they read. `fingerprint`
    has a hash for each aspect of its code, `lineage` one for all of that and of the code of
    everything it reads. `raw_tables` are the raw tables whose lines alone it reads of the load
    ledger, if its `meta` says so. `is_live` is a view that would be the same if it were made again,
    as long as what it reads keeps its columns: it shows new data by itself.
    """

    unique_id: str
    name: str
    resource_type: str
    layer: str | None
    fqn: tuple[str, ...]
    database: str | None
    schema: str | None
    alias: str | None
    materialized: str | None
    parents: tuple[str, ...]
    fingerprint: Mapping[str, str]
    lineage: str
    raw_tables: tuple[str, ...] | None
    is_live: bool

    @property
    def is_test(self) -> bool:
        """Whether the node checks others instead of making something."""
        return self.resource_type in TESTS

    @property
    def is_incremental(self) -> bool:
        """Whether a build adds to what earlier builds made."""
        return self.resource_type == "model" and self.materialized == "incremental"

    @property
    def relation(self) -> tuple[str, str] | None:
        """Schema and name in the warehouse; None for what is not stored there."""
        stored = self.resource_type in ("model", "seed", "snapshot")
        return (self.schema, self.alias) if stored and self.schema and self.alias else None


@dataclass(frozen=True)
class DagSource:
    """A table that dbt reads and did not make."""

    unique_id: str
    schema: str
    identifier: str


@dataclass(frozen=True)
class Dag:
    """The nodes that dbt can build, parents first, and the sources."""

    nodes: Mapping[str, DagNode]
    sources: Mapping[str, DagSource]

    def downstream(self, start: Iterable[str]) -> set[str]:
        """The nodes and sources in `start` and every node that reads them, at any distance."""
        found = set(start)
        for node in self.nodes.values():  # parents come first, so that one pass is enough
            if not found.isdisjoint(node.parents):
                found.add(node.unique_id)
        return found

    def upstream(self, start: Iterable[str]) -> set[str]:
        """The nodes in `start` and every node that they read, at any distance."""
        found = set(start)
        for unique_id in reversed(list(self.nodes)):
            if unique_id in found:
                found.update(self.nodes[unique_id].parents)
        return found & self.nodes.keys()


def make_dag(manifest: Manifest, files: ProjectFiles, setting: Setting) -> Dag:
    """The dag of a manifest that dbt made of these files under this setting."""
    from controlplane.dbt.fingerprint import Fingerprints, Inputs
    from controlplane.dbt.hashes import digest

    project = setting.project
    fingerprints = Fingerprints(
        manifest,
        Inputs(
            target=project.target.identity,
            variables={**(files.settings.get("vars") or {}), **setting.variables},
            environment=project.environment,
            file_hashes=files.hashes,
            settings=setting.effective(files),
        ),
    )
    own = {
        unique_id: fingerprints.of(node)
        for unique_id, node in manifest.nodes.items()
        if node.resource_type in RUNNABLE
    }
    lineages: dict[str, str] = {}
    texts: dict[str, str] = {}  # of ephemeral models
    nodes: dict[str, DagNode] = {}
    expanded: dict[str, tuple[str, ...]] = {}
    for node in _parents_first(manifest):
        parents: dict[str, None] = {}
        hidden: list[str] = []
        for parent in node.depends_on:
            if parent in expanded:
                parents.update(dict.fromkeys(expanded[parent]))
                hidden.append(texts[parent])
            elif parent in manifest.nodes or parent in manifest.sources:
                parents[parent] = None
        fingerprint = own[node.unique_id]
        if hidden:
            # What an ephemeral model says is part of the SQL of whoever reads it.
            fingerprint = {**fingerprint, "code": digest(fingerprint["code"], sorted(hidden))}
        lineage = digest(
            fingerprint, sorted(lineages[each] for each in node.depends_on if each in lineages)
        )
        lineages[node.unique_id] = lineage
        if node.materialized == "ephemeral":
            expanded[node.unique_id] = tuple(parents)
            texts[node.unique_id] = digest(fingerprint)
            continue
        nodes[node.unique_id] = DagNode(
            unique_id=node.unique_id,
            name=node.name,
            resource_type=node.resource_type,
            layer=node.layer or _tested_layer(node, nodes),
            fqn=node.fqn,
            database=node.database,
            schema=node.schema,
            alias=node.alias,
            materialized=node.materialized,
            parents=tuple(parents),
            fingerprint=fingerprint,
            lineage=lineage,
            raw_tables=_raw_tables(node),
            is_live=_is_live(node, manifest, fingerprints),
        )
    sources = {
        key: DagSource(key, each.schema, each.identifier) for key, each in manifest.sources.items()
    }
    return Dag(nodes, sources)


def _parents_first(manifest: Manifest) -> Iterator[Node]:
    """The nodes that can be built, each after all it reads.

    Raises:
        DbtError: nodes read each other, which dbt itself finds only when it builds them.
    """
    runnable = {key: node for key, node in manifest.nodes.items() if node.resource_type in RUNNABLE}
    done: set[str] = set()
    # Tests last among equals, so that a list of nodes reads as the work is done.
    order = sorted(
        runnable.values(), key=lambda node: (node.resource_type in TESTS, node.unique_id)
    )
    for first in order:
        stack = [(first, iter(sorted(first.depends_on)))]
        while stack:
            node, parents = stack[-1]
            if node.unique_id in done:
                stack.pop()
                continue
            parent = next((key for key in parents if key in runnable and key not in done), None)
            if parent is None:
                done.add(node.unique_id)
                stack.pop()
                yield node
                continue
            if any(node.unique_id == parent for node, _ in stack):
                raise _cycle([node for node, _ in stack], parent)
            stack.append((runnable[parent], iter(sorted(runnable[parent].depends_on))))


def _cycle(path: list[Node], back_to: str) -> DbtError:
    keys = [node.unique_id for node in path]
    ring = path[keys.index(back_to) :]
    listed = " reads ".join(f"{node.name} ({node.path})" for node in ring)
    return DbtError(
        f"models read each other: {listed} reads {ring[0].name}",
        hint="take one of these references out",
    )


def _tested_layer(node: Node, nodes: Mapping[str, DagNode]) -> str | None:
    """The layer of the last node that a test looks at: `orders` of `orders` against `customers`."""
    layers = [nodes[key].layer for key in node.depends_on if key in nodes]
    return layers[-1] if node.resource_type in TESTS and layers else None


def _is_live(node: Node, manifest: Manifest, fingerprints: Fingerprints) -> bool:
    parents = [manifest.nodes[key] for key in node.depends_on if key in manifest.nodes]
    return (
        node.resource_type == "model"
        and node.materialized == "view"
        and not any(node.config.get(hook) for hook in ("pre-hook", "post-hook"))
        # What an ephemeral model says is part of the view; an incremental one may get columns, or
        # be configured to be made anew by every build.
        and all(
            parent.materialized != "ephemeral"
            and parent.config.get("on_schema_change") in (None, "ignore", "fail")
            and not parent.config.get("full_refresh")
            for parent in parents
        )
        and fingerprints.is_settled(node)
    )


def _raw_tables(node: Node) -> tuple[str, ...] | None:
    ours = (node.config.get("meta") or {}).get("databank")
    tables = ours.get("raw_tables") if isinstance(ours, dict) else None
    return tuple(str(each) for each in tables) if isinstance(tables, list) else None
