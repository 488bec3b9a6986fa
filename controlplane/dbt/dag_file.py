"""Keeps the dag between runs, so that dbt need not start to find that nothing changed.

`dag.json` is written after each parse, and holds for as long as no file, variable or setting that
dbt reads has changed. It is a cache: without it, or with one that is damaged, dbt parses again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.dbt.dag import Dag, DagNode, DagSource
from controlplane.dbt.files import File, ProjectFiles
from controlplane.dbt.setting import Setting

VERSION = 3


def save_dag(path: Path, dag: Dag, files: ProjectFiles, setting: Setting) -> None:
    """Write the dag with what it is valid for, in one step."""
    document = {
        "version": VERSION,
        "setting": setting.key(files),
        "looked_at_ns": files.looked_at_ns,
        "files": {
            name: [file.size, file.modified_ns, file.hash, file.variables]
            for name, file in files.files.items()
        },
        "settings": files.settings,
        "sources": [
            [each.unique_id, each.schema, each.identifier] for each in dag.sources.values()
        ],
        "nodes": [
            [
                each.unique_id,
                each.name,
                each.resource_type,
                each.layer,
                each.fqn,
                each.database,
                each.schema,
                each.alias,
                each.materialized,
                each.parents,
                each.fingerprint,
                each.lineage,
                each.raw_tables,
                each.is_live,
            ]
            for each in dag.nodes.values()
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(document, stream, separators=(",", ":"), default=str)
    Path(name).replace(path)


@dataclass(frozen=True)
class SavedDag:
    """A dag as it was kept, with the files that it was made of."""

    dag: Dag = field(repr=False)
    files: ProjectFiles = field(repr=False)
    setting: Mapping[str, Any]

    def holds(self, files: ProjectFiles, setting: Setting) -> bool:
        """Whether dbt would find the same project again."""
        return self.files.hashes == files.hashes and self._same_setting(files, setting)

    def _same_setting(self, files: ProjectFiles, setting: Setting) -> bool:
        # A variable with a computed name may be any: dbt has to look.
        if None in files.variables:
            return False
        now = json.loads(json.dumps(setting.key(files), default=str))
        return bool(now == self.setting)


def load_dag(path: Path) -> SavedDag | None:
    """The dag in `path`; None when there is none that can be read."""
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != VERSION:
            return None
        return SavedDag(_dag(document), _files(document), document["setting"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _dag(document: Mapping[str, Any]) -> Dag:
    nodes = (
        DagNode(
            unique_id,
            name,
            resource_type,
            layer,
            tuple(fqn),
            database,
            schema,
            alias,
            materialized,
            tuple(parents),
            fingerprint,
            lineage,
            None if raw_tables is None else tuple(raw_tables),
            is_live,
        )
        for (
            unique_id,
            name,
            resource_type,
            layer,
            fqn,
            database,
            schema,
            alias,
            materialized,
            parents,
            fingerprint,
            lineage,
            raw_tables,
            is_live,
        ) in document["nodes"]
    )
    sources = (DagSource(*each) for each in document["sources"])
    return Dag(
        {node.unique_id: node for node in nodes},
        {source.unique_id: source for source in sources},
    )


def _files(document: Mapping[str, Any]) -> ProjectFiles:
    return ProjectFiles(
        document["looked_at_ns"],
        {
            name: File(size, modified_ns, content, tuple(variables))
            for name, (size, modified_ns, content, variables) in document["files"].items()
        },
        document["settings"],
    )
