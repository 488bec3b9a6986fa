"""Properties of the silver models of a process: contract, descriptions, and what must be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controlplane.generate.bronze import BATCHES_MODEL
from controlplane.generate.process import Process
from controlplane.generate.properties import (
    Entry,
    argument,
    column_entry,
    document,
    entries,
    jinja_safe,
    ledger_config,
    load_columns,
    model_entry,
    raw_columns,
    unique_entry,
    value_columns,
)

SURVIVOR: Mapping[str, tuple[str, str]] = {
    "_survivor_batch_id": ("bigint", "The batch in which the same file brought the record first."),
    "_survivor_row_number": ("bigint", "The record's place in that batch."),
}
HISTORY: Mapping[str, tuple[str, str]] = {
    "valid_from": ("timestamp", "When this version became true (UTC)."),
    "valid_to": ("timestamp", "When the next version became true; null for the current one."),
    "is_current": ("boolean", "Whether this is the newest version of its key."),
}
OUTCOMES = ("silver", "quarantine", "duplicate", "filtered")


def checked(process: Process) -> str:
    """Properties of the model in which every record is judged."""
    read = process.reads_model or process.bronze
    entry = model_entry(
        process.checked,
        f"One row per record of `{read}`: typed, transformed, cleaned, and judged by itself.",
        [
            *value_columns(process, process.columns),
            column_entry(
                "_outcome",
                "text",
                "What the rules say of the record: accepted, filtered, quarantine, or duplicate where"
                " a file brought it before.",
                [{"not_null": {}}],
            ),
            column_entry(
                "_reason", "text", "The filter or the rules that say so; null if accepted."
            ),
            *entries(SURVIVOR if process.may_repeat else {}),
            *entries(load_columns(process, "_source_file")),
        ],
        [unique_entry(["_batch_id", "_row_number"])],
        ledger_of=process.raw_table if process.may_repeat else None,
    )
    return document(process.spec_path, [entry])


def _ledger_table(process: Process) -> str | None:
    """The raw table that the load ledger is asked about; None for a process that reads a model."""
    return process.raw_table if process.reads_model is None else None


# --- silver ---------------------------------------------------------------------------------------


@dataclass
class _Tests:
    """The data tests of one model; what two rules both say is said once."""

    by_column: dict[str, list[Entry]] = field(default_factory=dict)
    of_model: list[Entry] = field(default_factory=list)

    def add(
        self,
        column: str | None,
        test: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        description: str = "",
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Add a test; of one that is there already the stricter severity stays."""
        said: Entry = {"description": jinja_safe(description)} if description else {}
        if arguments:
            said["arguments"] = _rendered(arguments)
        if config:
            said["config"] = dict(config)
        listed = self.by_column.setdefault(column, []) if column else self.of_model
        for present in listed:
            other = present.get(test)
            if other is not None and other.get("arguments") == said.get("arguments"):
                if "severity" not in said.get("config", {}):
                    other.get("config", {}).pop("severity", None)
                    if not other.get("config", True):
                        del other["config"]
                if description:
                    other.setdefault("description", said["description"])
                return
        listed.append({test: said})


def _rendered(value: Any) -> Any:
    if isinstance(value, str):
        return argument(value)
    if isinstance(value, Mapping):
        return {key: _rendered(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rendered(item) for item in value]
    return value


def silver(process: Process) -> str:
    """Properties of the silver model, with the data tests of the validation rules."""
    tests = _Tests()
    _key_tests(process, tests)
    current = {"where": "is_current"} if process.strategy == "scd2" else {}
    for rule in process.rules:
        config = {} if rule.severity == "error" else {"severity": "warn"}
        if rule.test == "unique":
            config |= current
        tests.add(
            rule.column, rule.test, rule.arguments, description=rule.description, config=config
        )
    history = HISTORY if process.strategy == "scd2" else {}
    entry = model_entry(
        process.table,
        f"{_grain(process)} {process.description}",
        [
            *value_columns(process, process.columns, tests.by_column),
            *entries(history),
            *entries(load_columns(process, "_source_file")),
        ],
        tests.of_model,
        ledger_of=_ledger_table(process) if process.error_action == "stop" else None,
    )
    return document(process.spec_path, [entry])


def _key_tests(process: Process, tests: _Tests) -> None:
    """What tells one row from another, by the load strategy."""
    key = process.key
    if process.strategy in ("upsert", "scd2"):
        for name in key:
            tests.add(name, "not_null")
    if process.strategy == "scd2":
        tests.add(None, "unique_combination", {"columns": [*key, "_batch_id", "_row_number"]})
        tests.add(None, "unique_combination", {"columns": key}, config={"where": "is_current"})
        return
    if not key or process.strategy == "append":
        tests.add(None, "unique_combination", {"columns": ["_batch_id", "_row_number"]})
    if len(key) > 1:
        tests.add(None, "unique_combination", {"columns": key})
    elif key:
        tests.add(key[0], "unique")


def _grain(process: Process) -> str:
    key = ", ".join(process.key)
    match process.strategy:
        case "scd2":
            return f"One row per version of each {key}."
        case "upsert":
            return f"One row per {key}, as the newest record has it."
        case "replace" if process.reads_model is None:
            return f"One row per {key or 'record'} of the newest delivery."
        case "replace":
            return f"One row per {key or 'accepted record'} of `{process.reads_model}`."
        case _:
            return "One row per accepted record."


# --- quarantine and outcomes ----------------------------------------------------------------------


def quarantine(process: Process) -> str:
    """Properties of the quarantine model, with the error threshold as its test."""
    arguments: Entry = {"threshold": process.error_threshold}
    if process.reads_model is None:
        arguments |= {"batches": f"ref('{BATCHES_MODEL}')", "raw_table": process.raw_table}
    config: Entry = dict(ledger_config(_ledger_table(process)))
    if process.error_action != "stop":
        config["severity"] = "warn"
    threshold: Entry = {"arguments": arguments, **({"config": config} if config else {})}
    carried = {entry["name"]: entry for entry in entries(load_columns(process))}
    entry = model_entry(
        process.quarantine,
        f"One row per record of {process.source_description} that is not in `{process.table}`"
        " because it could not be read or broke a rule, as it came, with the reason.",
        [
            *raw_columns(process),
            column_entry(
                "_raw_text", "text", "The whole line, where it could not be read as a record."
            ),
            column_entry("_reason", "text", "Why the record is here.", [{"not_null": {}}]),
            column_entry(
                "_stage", "text", "Where it was found: load (unreadable) or check (a rule)."
            ),
            *(carried[name] for name in ("_source_file", "_row_number", "_batch_id", "_loaded_at")),
        ],
        [{"error_threshold": threshold}],
        ledger_of=_ledger_table(process),
    )
    return document(process.spec_path, [entry])


def outcomes(process: Process) -> str:
    """Properties of the model that adds every source record up."""
    config = ledger_config(_ledger_table(process))
    arguments: Entry = {
        "silver": f"ref('{process.table}')",
        "quarantine": f"ref('{process.quarantine}')",
    }
    if process.reads_model is None:
        arguments["batches"] = f"ref('{BATCHES_MODEL}')"
        arguments["raw_table"] = process.raw_table
        arguments["current_only"] = process.current_only
    else:
        arguments["source_records"] = f"ref('{process.reads_model}')"
    batch_id, row_number = (
        entry for entry in entries(load_columns(process, "_source_file", "_loaded_at"))
    )
    row_number["description"] += " A line that could not be read has its line's number."
    entry = model_entry(
        process.outcomes,
        f"One row per record of {process.source_description}: where it ended, and why. Every"
        " record is in exactly one place.",
        [
            batch_id,
            row_number,
            column_entry(
                "outcome",
                "text",
                f"{', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}.",
                [{"accepted_values": {"arguments": {"values": list(OUTCOMES)}}}],
            ),
            column_entry("reason", "text", "Why it is not in silver; null if it is."),
            column_entry(
                "survivor_batch_id",
                "bigint",
                "The batch of the record that stands for a duplicate.",
            ),
            column_entry(
                "survivor_row_number",
                "bigint",
                "The row number of the record that stands for a duplicate.",
            ),
        ],
        [{"adds_up": {"arguments": arguments, **({"config": config} if config else {})}}],
        ledger_of=_ledger_table(process),
    )
    return document(process.spec_path, [entry])
