"""What the state store remembers of a node, and what it would have to remember now.

`NodeState.fingerprint` holds: `aspects` and `lineage`, the code with which the node's relation was
made ("" where that is not known); `inputs`, what it had read: a build of each parent node, a batch
of each source; `replays`, the newest replay of rejects into each raw table upstream of it; `build`,
the id of the build that made it, which its children compare, and which the warehouse has too where
the project writes it down (`record_builds`); `origin`, the build that made its relation, to which
later ones have only added rows; `bases`, what a view stands on: the origin of each parent, the
columns of each source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from controlplane.dbt.dag import Dag, DagNode, DagSource
from controlplane.dbt.events import GOOD
from controlplane.dbt.hashes import digest
from controlplane.naming import LEDGER_TABLE, RAW_SCHEMA, REJECTS_TABLE, REPLAYED
from controlplane.state.records import NodeState

LEDGER_TABLES = frozenset({LEDGER_TABLE, REJECTS_TABLE})
# Among the inputs: the lines of the load ledger and of the rejects that a node reads.
LEDGER = "ledger"
PENDING = "pending"


@dataclass(frozen=True)
class Memory:
    """A node's state as the plan reads it."""

    status: str
    message: str | None
    aspects: Mapping[str, str]
    lineage: str
    inputs: Mapping[str, str | None]
    build: str | None
    replays: str = ""
    origin: str | None = None
    bases: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether the node owes nothing since its last build."""
        return self.status in GOOD


def recall(state: NodeState | None) -> Memory | None:
    """The memory in a state; None without one. What cannot be read is not known."""
    if state is None:
        return None
    kept: Mapping[str, Any] = state.fingerprint if isinstance(state.fingerprint, Mapping) else {}
    aspects, inputs, bases = kept.get("aspects"), kept.get("inputs"), kept.get("bases")
    return Memory(
        status=state.status,
        message=state.message,
        aspects=aspects if isinstance(aspects, Mapping) else {},
        lineage=str(kept.get("lineage") or ""),
        inputs=inputs if isinstance(inputs, Mapping) else {},
        build=kept.get("build"),
        replays=str(kept.get("replays") or ""),
        origin=kept.get("origin"),
        bases=bases if isinstance(bases, Mapping) else {},
    )


@dataclass(frozen=True)
class Data:
    """Which data each node would read.

    `builds` and `origins` are those of each node, `columns` those of each raw table by its full
    name, in one text.
    """

    dag: Dag
    batches: Mapping[str, str]
    columns: Mapping[str, str]
    builds: Mapping[str, str | None]
    origins: Mapping[str, str | None]
    _contents: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def inputs(self, node: DagNode) -> dict[str, str | None]:
        """What the node would read now: a build of each parent, a batch of each source.

        A view that shows new data by itself stands for its build and all that it reads. None stands
        for a source whose data may have changed without a trace.
        """
        found: dict[str, str | None] = {}
        reads_ledger = False
        for parent in node.parents:
            source = self.dag.sources.get(parent)
            if source is None:
                found[parent] = self._content(parent)
                reads_ledger = reads_ledger or parent in self._views
            elif _is_ledger(source):
                reads_ledger = True
            else:
                found[parent] = self._batch(source)
        # A view of the ledger shows new lines without being made again; its readers have to look.
        if reads_ledger and node.unique_id not in self._views:
            found[LEDGER] = self._ledger(node)
        return found

    def bases(self, node: DagNode) -> dict[str, str | None]:
        """What a view stands on; another one may be without it, or not fit its columns."""
        found: dict[str, str | None] = {}
        for parent in node.parents:
            source = self.dag.sources.get(parent)
            if source is None:
                found[parent] = self.origins.get(parent)
            else:
                found[parent] = self.columns.get(f"{source.schema}.{source.identifier}")
        return found

    def _content(self, unique_id: str) -> str:
        node = self.dag.nodes.get(unique_id)
        build = self.builds.get(unique_id) or ""
        if node is None or not node.is_live or unique_id in self._views:
            return build
        if unique_id not in self._contents:
            self._contents[unique_id] = digest(build, self.inputs(node))
        return self._contents[unique_id]

    def replays(self, node: DagNode) -> str:
        """The newest replay of rejects into each raw table upstream of the node; "" for none.

        A replay adds records to old batches, where a model that adds new batches does not look.
        """
        return self._replays.get(node.unique_id, "")

    @cached_property
    def _replays(self) -> dict[str, str]:
        found: dict[str, frozenset[str]] = {}
        for source in self.dag.sources.values():
            _, mark, replay = (self._batch(source) or "").partition(REPLAYED)
            if mark:
                found[source.unique_id] = frozenset({f"{source.identifier} {replay}"})
        if not found:
            return {}
        for node in self.dag.nodes.values():  # parents come first
            replays = frozenset().union(*(found.get(parent, ()) for parent in node.parents))
            if replays:
                found[node.unique_id] = replays
        return {key: ", ".join(sorted(replays)) for key, replays in found.items()}

    def _batch(self, source: DagSource) -> str | None:
        return self.batches.get(source.identifier) if source.schema == RAW_SCHEMA else None

    def _ledger(self, node: DagNode) -> str:
        if node.raw_tables is None:
            # What the control plane loads of its own (`_lineage`) is no delivery of a source.
            given = {table: each for table, each in self.batches.items() if table[:1] != "_"}
            return json.dumps(given, sort_keys=True)
        return json.dumps({table: self.batches.get(table) for table in sorted(node.raw_tables)})

    @cached_property
    def _views(self) -> frozenset[str]:
        """The views that read nothing but the ledger and the rejects."""
        views: set[str] = set()
        for node in self.dag.nodes.values():
            if node.resource_type == "model" and node.materialized == "view" and node.parents:
                sources = (self.dag.sources.get(parent) for parent in node.parents)
                if all(
                    parent in views or (source is not None and _is_ledger(source))
                    for parent, source in zip(node.parents, sources, strict=True)
                ):
                    views.add(node.unique_id)
        return frozenset(views)


def _is_ledger(source: DagSource) -> bool:
    return source.schema == RAW_SCHEMA and source.identifier in LEDGER_TABLES
