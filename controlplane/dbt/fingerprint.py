"""What a node's result depends on besides data: one hash per aspect, so that a change has a name.

A value of the environment enters as a keyed hash. Whatever cannot be known before the node runs (a
variable whose name is computed) makes the fingerprint `UNKNOWN`, which equals nothing.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from controlplane.dbt.artifacts import Macro, Manifest, Node
from controlplane.dbt.files import ENV_VAR, names_in
from controlplane.dbt.hashes import UNKNOWN, digest, keyed_hashes

VAR = re.compile(r"""\bvar\s*(?:\.\s*has_var\s*)?\(\s*(?:\\?["']([^"'\\]+)\\?["']\s*[,)])?""")
_DISPATCH = re.compile(r"""\bdispatch\s*\(\s*(?:macro_name\s*=\s*)?["']([^"']+)["']""")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
# With any of these the SQL may depend on what is in the warehouse, or on the run.
_ASKING = re.compile(
    r"\b(?:run_query|statement|load_result|execute|graph|modules|run_started_at|invocation_id"
    r"|selected_resources|adapter(?!\s*\.\s*dispatch\b))\b"
)
_ASKING_MACROS = frozenset({"macro.dbt.run_query", "macro.dbt.statement"})
# Of a node's configuration, what has no effect on the data.
_IDLE_CONFIG = frozenset({"docs", "group", "access", "tags", "enabled", "static_analysis"})
# Macros whose effect is seen in the node itself: its schema, name and database.
_NAMING_MACROS = frozenset(
    f"{prefix}generate_{part}_name"
    for prefix in ("", "default__", "duckdb__", "postgres__")
    for part in ("schema", "alias", "database")
)
_COLUMN_KEYS = ("name", "data_type", "constraints", "quote", "meta", "config")
_NODE_KEYS = ("schema", "alias", "database", "language", "constraints", "version")
_TEST_KEYS = ("test_metadata", "column_name", "given", "expect", "overrides", "model", "fixture")


@dataclass(frozen=True)
class Inputs:
    """What a project's nodes may depend on, besides what the manifest says."""

    target: str
    variables: Mapping[str, Any]  # the project's `vars` and those of the command line
    environment: Mapping[str, str]
    file_hashes: Mapping[str, str]
    settings: Any  # of dbt_project.yml and the profile: whatever changes how SQL is made or run


@dataclass(frozen=True)
class _Names:
    """Names of dbt's variables and of the environment's; None for one that is computed."""

    variables: frozenset[str | None]
    environment: frozenset[str | None]


class Fingerprints:
    """The fingerprints of the nodes of one manifest."""

    def __init__(self, manifest: Manifest, inputs: Inputs) -> None:
        self._manifest = manifest
        self._inputs = inputs
        self._internal = {"dbt", f"dbt_{manifest.adapter}"}
        self._by_name: dict[str, list[Macro]] = defaultdict(list)
        self._by_suffix: dict[str, list[Macro]] = defaultdict(list)
        for macro in manifest.macros.values():
            self._by_name[macro.name].append(macro)
            _, separator, suffix = macro.name.partition("__")
            if separator:
                self._by_suffix[suffix].append(macro)
        self._macro_hashes = {key: digest(each.sql) for key, each in manifest.macros.items()}
        self._macro_names = {key: _names(each.sql) for key, each in manifest.macros.items()}
        self._callees = {key: self._called(each) for key, each in manifest.macros.items()}
        self._implicit = self._closure(self._overrides())
        self._hooks = self._hook_hash()

    def of(self, node: Node) -> dict[str, str]:
        """The hash of each aspect of a node."""
        described = self._describe(node)
        macros = self._closure(self._node_macros(node)) | self._implicit
        read = self._read([node.raw_code, json.dumps(described)], macros)
        return {
            "code": digest(node.raw_code, self._content(node)),
            "config": digest(described, self._inputs.target, self._inputs.settings),
            "macros": digest({key: self._macro_hashes[key] for key in sorted(macros)}),
            "variables": self._variables(read.variables, node.package),
            "environment": self._environment(read.environment),
            "hooks": self._hooks,
        }

    def is_settled(self, node: Node) -> bool:
        """Whether the node's SQL is the same as long as its fingerprint is.

        It is not known to be where the node asks the warehouse what to say, or looks at the run.
        """
        macros = self._closure(self._node_macros(node))
        own = self._own(self._manifest.macros[key] for key in macros)
        texts = [node.raw_code, *(macro.sql for macro in own)]
        return _ASKING_MACROS.isdisjoint(macros) and not any(map(_ASKING.search, texts))

    def _content(self, node: Node) -> str:
        """The content of a seed; dbt gives large ones a checksum of their path only."""
        if node.resource_type != "seed":
            return ""
        return self._inputs.file_hashes.get(node.path, node.checksum)

    def _describe(self, node: Node) -> dict[str, Any]:
        config = {key: value for key, value in node.config.items() if key not in _IDLE_CONFIG}
        persisted = config.get("persist_docs") or {}
        column_keys = (*_COLUMN_KEYS, "description") if persisted.get("columns") else _COLUMN_KEYS
        raw_columns = node.raw.get("columns") or {}
        columns = raw_columns.values() if isinstance(raw_columns, dict) else raw_columns
        return {
            "config": config,
            "description": node.description if persisted.get("relation") else "",
            "columns": [{key: column.get(key) for key in column_keys} for column in columns],
            "node": {key: node.raw.get(key) for key in _NODE_KEYS},
            "test": {key: node.raw.get(key) for key in _TEST_KEYS if key in node.raw},
            "depends_on": sorted(node.depends_on),
        }

    def _called(self, macro: Macro) -> frozenset[str]:
        """The macros that a macro calls: as dbt found them, and by dispatch under other names."""
        found = {key for key in macro.macros if key in self._manifest.macros}
        for name in _DISPATCH.findall(macro.sql):
            found.update(each.unique_id for each in self._by_suffix[name])
        return frozenset(found)

    def _node_macros(self, node: Node) -> set[str]:
        found = {key for key in node.macros if key in self._manifest.macros}
        # dbt misses calls that stand in a branch which it does not take while it parses.
        code = [node.raw_code, *_hook_texts(node)]
        for name in {name for text in code for name in _CALL.findall(text)}:
            found.update(each.unique_id for each in self._own(self._by_name[name]))
        if node.materialized:
            prefix = f"materialization_{node.materialized}_"
            for name, macros in self._by_name.items():
                if name.startswith(prefix):
                    found.update(each.unique_id for each in self._own(macros))
        return found

    def _own(self, macros: Iterable[Macro]) -> list[Macro]:
        return [macro for macro in macros if macro.package not in self._internal]

    def _overrides(self) -> set[str]:
        """The project's macros that dbt calls without being told to: those in place of its own."""
        built_in = {
            name.partition("__")[2] or name
            for name, macros in self._by_name.items()
            if any(macro.package in self._internal for macro in macros)
        }
        return {
            macro.unique_id
            for name, macros in self._by_name.items()
            if (name.partition("__")[2] or name) in built_in and name not in _NAMING_MACROS
            for macro in self._own(macros)
        }

    def _closure(self, start: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(start)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(self._callees[key])
        return frozenset(found)

    def _hook_hash(self) -> str:
        """The hooks at the start and end of a run count for every node."""
        hooks = [
            node for node in self._manifest.nodes.values() if node.resource_type == "operation"
        ]
        parts = []
        for hook in sorted(hooks, key=lambda node: node.unique_id):
            macros = self._closure(self._node_macros(hook))
            read = self._read([hook.raw_code], macros)
            parts.append(
                [
                    hook.raw_code,
                    {key: self._macro_hashes[key] for key in sorted(macros)},
                    self._variables(read.variables, hook.package),
                    self._environment(read.environment),
                ]
            )
        return digest(parts)

    def _read(self, texts: Iterable[str], macros: Iterable[str]) -> _Names:
        """The names of the variables that texts and macros read."""
        parts = [*map(_names, texts), *(self._macro_names[key] for key in macros)]
        return _Names(
            frozenset().union(*(part.variables for part in parts)),
            frozenset().union(*(part.environment for part in parts)),
        )

    def _variables(self, names: Set[str | None], package: str) -> str:
        if None in names:  # a computed name may be any of them
            return digest(self._inputs.variables)
        scoped = self._inputs.variables.get(package)
        scope = scoped if isinstance(scoped, dict) else {}
        return digest(
            {
                name: [self._inputs.variables.get(name), scope.get(name)]
                for name in sorted(name for name in names if name)
            }
        )

    def _environment(self, names: Set[str | None]) -> str:
        if None in names:
            return UNKNOWN
        values = keyed_hashes(
            (name for name in names if name), self._inputs.environment, self._inputs.target
        )
        return digest(values)


def _names(text: str) -> _Names:
    return _Names(names_in(text, VAR), names_in(text, ENV_VAR))


def _hook_texts(node: Node) -> list[str]:
    hooks = [*(node.config.get("pre-hook") or ()), *(node.config.get("post-hook") or ())]
    return [str(hook.get("sql", "")) if isinstance(hook, dict) else str(hook) for hook in hooks]
