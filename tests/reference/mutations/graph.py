"""The models and data tests of the project, as dbt compiled them for a first build."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Node:
    """A model or a data test with its SQL."""

    id: str
    name: str
    sql: str
    reads: frozenset[str]
    config: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Model(Node):
    """A model, or a seed, which reads nothing."""

    schema: str = ""

    @property
    def relation(self) -> str:
        """How SQL calls it."""
        return f'"{self.schema}"."{self.name}"'

    @property
    def is_view(self) -> bool:
        """Whether nothing is stored."""
        return bool(self.config["materialized"] == "view")


@dataclass(frozen=True)
class DataTest(Node):
    """A data test; a generic one has a kind and arguments, and belongs to a model."""

    kind: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    model: str = ""

    @property
    def label(self) -> str:
        """What the page calls it: dbt's own names of generic tests are cut and hashed."""
        if not self.kind:
            return self.name
        name = self.model.rpartition(".")[2]
        column = self.arguments.get("column_name")
        if self.kind == "satisfies":
            return f"{name} satisfies {self.arguments['expression']}"
        return f"{name}.{column} {self.kind}" if column else f"{name} {self.kind}"

    @property
    def is_alarm(self) -> bool:
        """Whether it warns instead of failing."""
        return str(self.config["severity"]).lower() == "warn"


@dataclass(frozen=True)
class Graph:
    """Everything that dbt knows, models in the order in which they can be built."""

    models: dict[str, Model]
    tests: dict[str, DataTest]
    sources: dict[str, str]

    def after(self, changed: Iterable[str]) -> list[Model]:
        """The models that read one of these, directly or not, in order."""
        stale = set(changed)
        found = []
        for model in self.models.values():
            if model.reads & stale and model.id not in stale:
                stale.add(model.id)
                found.append(model)
        return found

    def before(self, wanted: Iterable[str]) -> set[str]:
        """These nodes and all that they read, directly or not."""
        found: set[str] = set()
        waiting = list(wanted)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self.models[node].reads if node in self.models else ()
        return found

    def named(self, name: str) -> Model:
        """The model of this name."""
        return next(model for model in self.models.values() if model.name == name)


def read_graph(manifest: Path) -> Graph:
    """What a manifest says in which every node is compiled."""
    document = json.loads(manifest.read_text(encoding="utf-8"))
    nodes = document["nodes"]
    models: dict[str, Model] = {}

    def add(node_id: str) -> None:
        node = nodes.get(node_id)
        if node is None or node_id in models or node["resource_type"] not in ("model", "seed"):
            return
        parents = node["depends_on"].get("nodes", [])
        for parent in parents:
            add(parent)
        models[node_id] = Model(
            node_id,
            node["name"],
            node.get("compiled_code") or "",
            frozenset(parents),
            node["config"],
            node["schema"],
        )

    for node_id in sorted(nodes):
        add(node_id)
    tests = {}
    for node_id, node in sorted(nodes.items()):
        if node["resource_type"] == "test":
            metadata = node.get("test_metadata") or {}
            arguments = dict(metadata.get("kwargs") or {})
            arguments.pop("model", None)
            tests[node_id] = DataTest(
                node_id,
                node["name"],
                node["compiled_code"],
                frozenset(node["depends_on"]["nodes"]),
                node["config"],
                metadata.get("name", ""),
                arguments,
                node.get("attached_node") or "",
            )
    sources = {each["name"]: node_id for node_id, each in document["sources"].items()}
    return Graph(models, tests, sources)
