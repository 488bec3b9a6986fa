"""What dbt left behind, as typed values: manifest v12, run results v6, catalog v1, sources v3.

A process that was killed leaves a file out, or half of it: readers answer None for a file that is
absent, truncated or not what its name says, and never guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane.dbt.events import GOOD, HOOKS, NodeFinished

if TYPE_CHECKING:
    from controlplane.dbt.process import DbtRun


@dataclass(frozen=True)
class Node:
    """A model, seed, snapshot, function, test, unit test or hook of the manifest.

    `layer` is the first folder below `models/` (bronze, silver, …), `relation` the
    (schema, name) it has in the warehouse, None when it has none. `raw` is the manifest's entry.
    """

    unique_id: str
    name: str
    resource_type: str
    package: str
    fqn: tuple[str, ...]
    path: str
    language: str
    database: str | None
    schema: str | None
    alias: str | None
    relation_name: str | None
    materialized: str | None
    severity: str | None
    checksum: str
    raw_code: str
    compiled_path: str | None
    patch_path: str | None
    tags: tuple[str, ...]
    description: str
    attached_node: str | None
    depends_on: tuple[str, ...]
    macros: tuple[str, ...]
    config: Mapping[str, Any] = field(repr=False)
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def layer(self) -> str | None:
        """The first folder of the node, or else the schema it asks for; None for a test."""
        if self.resource_type in ("test", "operation"):
            return None
        if self.resource_type != "seed" and len(self.fqn) > 2:
            return self.fqn[1]
        return self.config.get("schema")

    @property
    def relation(self) -> tuple[str, str] | None:
        """Schema and name in the warehouse; None for what is not stored there."""
        stored = self.resource_type in ("model", "seed", "snapshot")
        if not stored or self.materialized == "ephemeral" or not (self.schema and self.alias):
            return None
        return self.schema, self.alias


@dataclass(frozen=True)
class Source:
    """A table that dbt reads and did not make."""

    unique_id: str
    name: str
    source_name: str
    schema: str
    identifier: str
    description: str
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Macro:
    """A macro and the macros that it calls."""

    unique_id: str
    name: str
    package: str
    sql: str
    macros: tuple[str, ...]


@dataclass(frozen=True)
class Exposure:
    """A use of the warehouse that the project names: a dashboard, a notebook."""

    unique_id: str
    name: str
    type: str
    url: str | None
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """The project as dbt understood it; `nodes` has unit tests, functions and hooks too."""

    dbt_version: str
    adapter: str
    project: str
    nodes: Mapping[str, Node] = field(repr=False)
    sources: Mapping[str, Source] = field(repr=False)
    macros: Mapping[str, Macro] = field(repr=False)
    exposures: Mapping[str, Exposure] = field(repr=False)


@dataclass(frozen=True)
class NodeResult:
    """How one node ended: `status` is dbt's word, `rows` what the database says it wrote."""

    unique_id: str
    status: str
    seconds: float
    message: str | None = None
    failures: int | None = None
    rows: int | None = None
    started_at: str | None = None
    completed_at: str | None = None
    relation_name: str | None = None
    compiled_path: str | None = None
    invocation_id: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the node owes nothing any more."""
        return self.status in GOOD


@dataclass(frozen=True)
class RunResults:
    """The results of one invocation of dbt."""

    dbt_version: str
    invocation_id: str
    elapsed: float
    results: Mapping[str, NodeResult] = field(repr=False)


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the warehouse has it."""

    name: str
    type: str
    comment: str | None


@dataclass(frozen=True)
class SourceFreshness:
    """How old a source's newest row was."""

    unique_id: str
    status: str
    max_loaded_at: str | None
    age_seconds: float | None


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in `path`, or None when there is no complete one."""
    data = _read(path, "manifest")
    if data is None:
        return None
    metadata = data["metadata"]
    entries = {
        **data.get("nodes", {}),
        **data.get("unit_tests", {}),
        **data.get("functions", {}),
    }
    return Manifest(
        dbt_version=str(metadata.get("dbt_version", "")),
        adapter=str(metadata.get("adapter_type", "")),
        project=str(metadata.get("project_name", "")),
        nodes={unique_id: _node(entry) for unique_id, entry in entries.items()},
        sources={unique_id: _source(entry) for unique_id, entry in data["sources"].items()},
        macros={unique_id: _macro(entry) for unique_id, entry in data["macros"].items()},
        exposures={
            unique_id: Exposure(
                unique_id,
                entry["name"],
                entry.get("type", ""),
                entry.get("url"),
                _depends_on(entry, "nodes"),
            )
            for unique_id, entry in data.get("exposures", {}).items()
        },
    )


def read_run_results(path: Path) -> RunResults | None:
    """The results in `path`, or None when there are no complete ones."""
    data = _read(path, "run-results")
    if data is None:
        return None
    invocation_id = str(data["metadata"].get("invocation_id", ""))
    results = (
        replace(_result(entry), invocation_id=invocation_id or None)
        for entry in data["results"]
        if not entry["unique_id"].startswith(HOOKS)
    )
    return RunResults(
        dbt_version=str(data["metadata"].get("dbt_version", "")),
        invocation_id=invocation_id,
        elapsed=float(data.get("elapsed_time") or 0.0),
        results={result.unique_id: result for result in results},
    )


def read_catalog(path: Path) -> Mapping[str, tuple[CatalogColumn, ...]] | None:
    """The columns of each node and source in the catalog in `path`, in the table's order."""
    data = _read(path, "catalog")
    if data is None:
        return None
    return {
        unique_id: tuple(
            CatalogColumn(column["name"], column.get("type") or "", column.get("comment"))
            for column in sorted(entry["columns"].values(), key=lambda column: column["index"])
        )
        for unique_id, entry in {**data.get("nodes", {}), **data.get("sources", {})}.items()
    }


def read_sources(path: Path) -> Mapping[str, SourceFreshness] | None:
    """The freshness of each source in `path`, or None when there is no complete answer."""
    data = _read(path, "sources")
    if data is None:
        return None
    return {
        entry["unique_id"]: SourceFreshness(
            entry["unique_id"],
            str(entry.get("status", "")),
            entry.get("max_loaded_at"),
            entry.get("max_loaded_at_time_ago_in_s"),
        )
        for entry in data["results"]
    }


def results_of(run: DbtRun) -> dict[str, NodeResult]:
    """How every node of a dbt command ended, with where its compiled SQL is if it failed."""
    found = collect_results(read_run_results(run.run_results_path), run.nodes)
    for unique_id, path in run.compiled.items():
        if unique_id in found:
            found[unique_id] = replace(found[unique_id], compiled_path=path)
    return found


def failed_hooks(run: DbtRun) -> tuple[str, ...]:
    """What dbt says of each of the project's hooks that failed; they are no nodes."""
    data = _read(run.run_results_path, "run-results") if run.exit_code == 1 else None
    return tuple(
        " ".join(str(entry.get("message") or f"{entry['unique_id']} failed").split())
        for entry in (data or {}).get("results", ())
        if entry["unique_id"].startswith(HOOKS) and entry.get("status") == "error"
    )


def collect_results(
    run_results: RunResults | None, announced: Mapping[str, NodeFinished]
) -> dict[str, NodeResult]:
    """How every node of one command ended: by the artifact, else by what dbt announced."""
    found = {
        unique_id: NodeResult(
            unique_id,
            event.status,
            event.seconds,
            event.message,
            failures=event.failures,
            invocation_id=event.invocation_id,
        )
        for unique_id, event in announced.items()
    }
    return found | dict(run_results.results if run_results is not None else {})


def merge_results(attempts: Iterable[Mapping[str, NodeResult]]) -> dict[str, NodeResult]:
    """The last result of every node that any attempt touched, so that a retry forgets none.

    A node that a later attempt skipped keeps an earlier result that was not good: it is what the
    run still owes, and says why.
    """
    merged: dict[str, NodeResult] = {}
    for attempt in attempts:
        for unique_id, result in attempt.items():
            earlier = merged.get(unique_id)
            if result.status == "skipped" and earlier is not None and not earlier.is_good:
                continue
            merged[unique_id] = result
    return merged


def _read(path: Path, kind: str) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    version = str(data.get("metadata", {}).get("dbt_schema_version", ""))
    return data if f"/{kind}/" in version else None


def _depends_on(entry: Mapping[str, Any], what: str) -> tuple[str, ...]:
    return tuple((entry.get("depends_on") or {}).get(what) or ())


def _node(entry: Mapping[str, Any]) -> Node:
    config = entry.get("config") or {}
    checksum = entry.get("checksum") or ""
    return Node(
        unique_id=entry["unique_id"],
        name=entry["name"],
        resource_type=entry["resource_type"],
        package=entry["package_name"],
        fqn=tuple(entry.get("fqn") or ()),
        path=entry.get("original_file_path") or "",
        language=entry.get("language") or "sql",
        database=entry.get("database"),
        schema=entry.get("schema"),
        alias=entry.get("alias"),
        relation_name=entry.get("relation_name"),
        materialized=config.get("materialized"),
        severity=config.get("severity"),
        checksum=checksum["checksum"] if isinstance(checksum, dict) else str(checksum),
        raw_code=entry.get("raw_code") or "",
        compiled_path=entry.get("compiled_path"),
        patch_path=entry.get("patch_path"),
        tags=tuple(entry.get("tags") or ()),
        description=entry.get("description") or "",
        attached_node=entry.get("attached_node"),
        depends_on=_depends_on(entry, "nodes"),
        macros=_depends_on(entry, "macros"),
        config=config,
        raw=entry,
    )


def _source(entry: Mapping[str, Any]) -> Source:
    return Source(
        unique_id=entry["unique_id"],
        name=entry["name"],
        source_name=entry["source_name"],
        schema=entry["schema"],
        identifier=entry["identifier"],
        description=entry.get("description") or "",
        raw=entry,
    )


def _macro(entry: Mapping[str, Any]) -> Macro:
    return Macro(
        unique_id=entry["unique_id"],
        name=entry["name"],
        package=entry["package_name"],
        sql=entry.get("macro_sql") or "",
        macros=_depends_on(entry, "macros"),
    )


def _result(entry: Mapping[str, Any]) -> NodeResult:
    timing = {each["name"]: each for each in entry.get("timing") or ()}
    execute = timing.get("execute") or {}
    rows = (entry.get("adapter_response") or {}).get("rows_affected")
    failures = entry.get("failures")
    return NodeResult(
        unique_id=entry["unique_id"],
        status=str(entry["status"]),
        seconds=float(entry.get("execution_time") or 0.0),
        message=entry.get("message"),
        failures=None if failures is None else int(failures),
        rows=None if rows is None or int(rows) < 0 else int(rows),
        started_at=execute.get("started_at"),
        completed_at=execute.get("completed_at"),
        relation_name=entry.get("relation_name"),
    )
