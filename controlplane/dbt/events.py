"""What dbt says while it runs, as typed values.

dbt writes one JSON object a line (`--log-format json`). The names are those of dbt-core 1.11; a
line that is unknown, or no JSON at all, becomes a `LogLine` and is never an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The events that end a node, by the name dbt gives them.
FINISHED = frozenset(
    {
        "LogModelResult",
        "LogSeedResult",
        "LogSnapshotResult",
        "LogTestResult",
        "LogFunctionResult",
        "LogNodeNoOpResult",
        "LogFreshnessResult",
        "SkippingDetails",
        "LogSkipBecauseError",
    }
)
STARTED = frozenset({"LogStartLine"})
# Lines of a command whose answer is text (`dbt ls`).
PRINTED = frozenset({"PrintEvent", "ListCmdOut"})
# Says where the SQL of a node that failed is.
COMPILED = "SQLCompiledPath"
# The words with which dbt says that a node owes nothing any more.
GOOD = frozenset({"success", "pass", "warn", "no-op"})
# The project's hooks have results like nodes, and are none: they build nothing that is remembered.
HOOKS = "operation."
LEVELS = frozenset({"debug", "info", "warn", "error"})


@dataclass(frozen=True)
class NodeStarted:
    """dbt began with a node, the `index`-th of `total` in this invocation."""

    unique_id: str
    index: int
    total: int
    message: str


@dataclass(frozen=True)
class NodeFinished:
    """dbt is done with a node.

    `status` is the word of run_results.json: success, error, skipped, pass, fail, warn, no-op,
    partial success.
    """

    unique_id: str
    status: str
    seconds: float
    index: int
    total: int
    message: str
    failures: int | None = None
    invocation_id: str | None = None


@dataclass(frozen=True)
class LogLine:
    """Anything else that dbt says; `unique_id` names the node it is about, if it is about one."""

    level: str
    message: str
    name: str = ""
    unique_id: str | None = None


Event = NodeStarted | NodeFinished | LogLine


def parse_event(line: str) -> Event:
    """The event in one line of dbt's output."""
    try:
        record = json.loads(line)
        info = record["info"]
        data: Mapping[str, Any] = record.get("data") or {}
        return _typed(info, data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return LogLine("info", line)


def _typed(info: Mapping[str, Any], data: Mapping[str, Any]) -> Event:
    name = str(info["name"])
    message = str(info.get("msg", ""))
    node: Mapping[str, Any] = data.get("node_info") or {}
    unique_id = node.get("unique_id") or None
    if unique_id and unique_id.startswith(HOOKS):
        unique_id = None
    total = int(data.get("total") or data.get("num_models") or 0)
    index = int(data.get("index") or 0)
    if unique_id and name in STARTED:
        return NodeStarted(unique_id, index, total, str(data.get("description", message)))
    if unique_id and name in FINISHED:
        failures = data.get("num_failures")
        return NodeFinished(
            unique_id,
            _status(name, node, data),
            float(data.get("execution_time") or 0.0),
            index,
            total,
            message,
            None if failures is None else int(failures),
            str(info["invocation_id"]) if info.get("invocation_id") else None,
        )
    level = str(info.get("level", "info"))
    return LogLine(level if level in LEVELS else "info", message, name, unique_id)


def _status(name: str, node: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    if name.startswith("Skip") or name == "LogSkipBecauseError":
        return "skipped"
    if name == "LogNodeNoOpResult":
        return "no-op"
    # A model's own status field holds what the database answered ("SELECT 5"); the node's status is
    # the word we want, but dbt leaves it out for unit tests.
    status = str(node.get("node_status", "")).lower()
    if status in ("", "none", "started", "compiling", "executing"):
        status = str(data.get("status", "")).lower()
    return status
