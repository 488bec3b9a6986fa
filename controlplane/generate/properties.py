"""The properties file beside each generated model: descriptions, contract and data tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controlplane import naming, sql
from controlplane.generate.bronze import BATCHES_MODEL, REJECTS_MODEL
from controlplane.generate.resolve import Aggregation, Join, Process, Rule
from controlplane.generate.silver import may_repeat
from controlplane.generate.yaml_text import yaml_text
from controlplane.sql import Column

Entry = dict[str, Any]

LOAD_COLUMNS: Mapping[str, tuple[str, str]] = {
    "_batch_id": (
        "bigint",
        "The batch that brought the record; batches are numbered as they land.",
    ),
    "_source_file": ("text", "The file, table or query that the record came from."),
    "_row_number": ("bigint", "The record's place in its source, from 1."),
    "_loaded_at": ("timestamp", "When the batch was loaded (UTC)."),
}
SURVIVOR: Mapping[str, tuple[str, str]] = {
    "_survivor_batch_id": ("bigint", "The batch in which the same file brought the record first."),
    "_survivor_row_number": ("bigint", "The record's place in that batch."),
}
HISTORY: Mapping[str, tuple[str, str]] = {
    "valid_from": ("timestamp", "When this version became true (UTC)."),
    "valid_to": ("timestamp", "When the next version became true; null for the current one."),
    "is_current": ("boolean", "Whether this is the newest version of its key."),
}


def document(spec_path: str, models: Sequence[Entry], sources: Sequence[Entry] = ()) -> str:
    """The text of a properties file."""
    content: Entry = {"version": 2}
    if sources:
        content["sources"] = list(sources)
    content["models"] = list(models)
    blocks = (
        yaml_text(content).replace("\nsources:", "\n\nsources:").replace("\nmodels:", "\n\nmodels:")
    )
    return f"# Generated from {spec_path} by `databank generate`.\n{blocks}"


def bronze(process: Process) -> str:
    """Properties of the bronze model, with the source entry of its raw table."""
    scope = "the newest delivery" if process.current_only else "every delivery"
    model = _model(
        process.bronze,
        f"One row per record of {process.source_description}, as it came, in {scope}."
        f" {process.description}",
        [
            *(
                _column(column.name, "text", _raw_description(process, column))
                for column in process.source_columns
            ),
            *_load_columns(LOAD_COLUMNS),
        ],
    )
    return document(process.spec_path, [model], [_source(process, naming.raw_table(process.slug))])


def join_bronze(process: Process, join: Join) -> str:
    """Properties of the bronze model of a table that only a join reads."""
    model = _model(
        join.right_ref,
        f"One row per record of the table `{join.right_name}`, as it came, in the newest delivery.",
        [
            *(
                _column(
                    column.name, "text", f"`{column.title or column.name}` of the source, as text."
                )
                for column, _ in join.right_columns
            ),
            *_load_columns(LOAD_COLUMNS),
        ],
    )
    return document(process.spec_path, [model], [_source(process, str(join.right_raw))])


def _source(process: Process, raw: str) -> Entry:
    table = {
        "name": raw,
        "description": f"What {process.name} loaded, every value as the source's text.",
    }
    return {"name": "raw", "schema": naming.RAW_SCHEMA, "tables": [table]}


def checked(process: Process) -> str:
    """Properties of the model in which every record is judged."""
    tests: list[Any] = [_unique(["_batch_id", "_row_number"])]
    model = _model(
        process.checked,
        f"One row per record of `{process.bronze}`: typed, transformed, cleaned, and judged by"
        " itself.",
        [
            *_value_columns(process, process.columns),
            _column(
                "_outcome",
                "text",
                "What the rules say of the record: accepted, filtered, quarantine, or duplicate where"
                " a file brought it before.",
                [{"not_null": {}}],
            ),
            _column("_reason", "text", "The filter or the rules that say so; null if accepted."),
            *_load_columns(SURVIVOR if may_repeat(process) else {}),
            *_load_columns({k: v for k, v in LOAD_COLUMNS.items() if k != "_source_file"}),
        ],
        tests,
    )
    return document(process.spec_path, [model])


def silver(process: Process) -> str:
    """Properties of the silver model, with the data tests of the validation rules."""
    rules: dict[str, list[Any]] = {}
    tests: list[Any] = []
    for rule in process.rules:
        entry = _rule_test(rule)
        if entry is None:
            continue
        if rule.column:
            rules.setdefault(rule.column, []).append(entry)
        else:
            tests.append(entry)
    key = list(process.key)
    if process.strategy == "scd2":
        tests.append(_unique([*key, "_batch_id", "_row_number"]))
    elif process.strategy != "append" and len(key) > 1:
        tests.append(_unique(key))
    elif process.strategy != "append" and key:
        rules.setdefault(key[0], []).insert(0, {"unique": {}})
    if process.strategy in ("upsert", "scd2"):
        for name in key:
            rules.setdefault(name, []).insert(0, {"not_null": {}})
    history = HISTORY if process.strategy == "scd2" else {}
    carried = {k: v for k, v in LOAD_COLUMNS.items() if k != "_source_file"}
    model = _model(
        process.table,
        f"{_grain(process)} {process.description}",
        [
            *_value_columns(process, process.columns, rules),
            *_load_columns(history),
            *_load_columns(carried),
        ],
        [*tests, *([] if key or not carried else [_unique(["_batch_id", "_row_number"])])],
    )
    return document(process.spec_path, [model])


def _grain(process: Process) -> str:
    key = ", ".join(process.key)
    match process.strategy:
        case "scd2":
            return f"One row per version of each {key}."
        case "upsert":
            return f"One row per {key}, as the newest record has it."
        case "replace":
            return f"One row per {key or 'record'} of the newest delivery."
        case _:
            return "One row per accepted record."


def quarantine(process: Process) -> str:
    """Properties of the quarantine model, with the error threshold as its test."""
    threshold: Entry = {
        "error_threshold": {
            "arguments": {
                "batches": f"ref('{BATCHES_MODEL}')",
                "raw_table": naming.raw_table(process.slug),
                "threshold": process.error_threshold,
            }
        }
    }
    if process.error_action != "stop":
        threshold["error_threshold"]["config"] = {"severity": "warn"}
    carried = _load_columns(LOAD_COLUMNS)
    model = _model(
        process.quarantine,
        f"One row per record of {process.source_description} that is not in `{process.table}`"
        " because it could not be read or broke a rule, as it came, with the reason.",
        [
            *(
                _column(column.name, "text", _raw_description(process, column))
                for column in process.source_columns
            ),
            _column("_raw_text", "text", "The whole line, where it could not be read as a record."),
            _column("_reason", "text", "Why the record is here.", [{"not_null": {}}]),
            _column("_stage", "text", "Where it was found: load (unreadable) or check (a rule)."),
            *carried[1:3],
            carried[0],
            carried[3],
        ],
        [threshold],
    )
    return document(process.spec_path, [model])


def outcomes(process: Process) -> str:
    """Properties of the model that adds every source record up."""
    adds_up: Entry = {
        "adds_up": {
            "arguments": {
                "raw_table": naming.raw_table(process.slug),
                "batches": f"ref('{BATCHES_MODEL}')",
                "silver": f"ref('{process.table}')",
                "quarantine": f"ref('{process.quarantine}')",
                "current_only": process.current_only,
            }
        }
    }
    model = _model(
        process.outcomes,
        f"One row per record of {process.source_description}: where it ended, and why. Every"
        " record is in exactly one place.",
        [
            _column(*_flat("_batch_id")),
            _column(
                "_row_number",
                "bigint",
                "The record's place in its source; a line's number for"
                " a line that could not be read.",
            ),
            _column(
                "outcome",
                "text",
                "silver, quarantine, duplicate or filtered.",
                [
                    {
                        "accepted_values": {
                            "arguments": {
                                "values": ["silver", "quarantine", "duplicate", "filtered"]
                            }
                        }
                    }
                ],
            ),
            _column("reason", "text", "Why it is not in silver; null if it is."),
            _column(
                "survivor_batch_id",
                "bigint",
                "The batch of the record that stands for a duplicate.",
            ),
            _column(
                "survivor_row_number",
                "bigint",
                "The row number of the record that stands for a duplicate.",
            ),
        ],
        [adds_up],
    )
    return document(process.spec_path, [model])


def join(process: Process, item: Join) -> str:
    """Properties of the model of a join."""
    columns = [
        *_value_columns(process, item.left_columns),
        *(
            _column(name, column.type, f"`{column.title or column.name}` of `{item.right_name}`.")
            for column, name in item.right_columns
        ),
    ]
    model = _model(
        item.model,
        f"One row per pair of `{item.left_name}` and `{item.right_name}`. {item.description}",
        columns,
    )
    return document(process.spec_path, [model])


def gold(process: Process, item: Aggregation) -> str:
    """Properties of the model of one aggregation."""
    groups = [column.name for column in item.group_by]
    grain = f"One row per {', '.join(groups)}." if groups else "One row."
    columns = [
        *_value_columns(process, item.group_by),
        _column(
            item.column.name,
            item.column.type,
            f"`{item.expression}` over the records of `{process.table}`.",
            [{"not_null": {}}] if item.column.name.startswith("count") else [],
        ),
    ]
    if len(groups) == 1:
        columns[0].setdefault("data_tests", []).append("unique")
    model = _model(
        item.model,
        f"{grain} {item.description}",
        columns,
        [_unique(groups)] if len(groups) > 1 else [],
    )
    return document(process.spec_path, [model])


def shared_models(spec_path: str) -> dict[str, tuple[str, str]]:
    """The models over ledger and rejects that every project has: name to SQL and properties."""
    texts = {}
    for name, table, description, columns in _SHARED:
        listed = ",\n".join(f"        {column}" for column in columns)
        statement = (
            f"-- Generated from {spec_path} by `databank generate`.\n"
            f"with source as (\n    select * from {{{{ source('raw', '{table}') }}}}\n),\n\n"
            f"final as (\n    select\n{listed}\n    from source\n)\n\nselect * from final\n"
        )
        entry = _model(
            name,
            description,
            [_column(column, kind, text) for column, (kind, text) in columns.items()],
        )
        if name == BATCHES_MODEL:
            entry["columns"][0]["data_tests"] = ["unique", "not_null"]
        raw = {
            "name": "raw",
            "schema": naming.RAW_SCHEMA,
            "tables": [{"name": table, "description": description}],
        }
        texts[name] = (statement, document(spec_path, [entry], [raw]))
    return texts


_SHARED: Sequence[tuple[str, str, str, Mapping[str, tuple[str, str]]]] = (
    (
        BATCHES_MODEL,
        naming.LEDGER_TABLE,
        "One row per batch that was loaded: the load ledger.",
        {
            "batch_id": ("bigint", "The batch; batches are numbered as they land."),
            "process": ("text", "The ETL process that loaded it."),
            "raw_table": ("text", "The table in schema raw that holds its records."),
            "source": ("text", "The file, table or query that it came from."),
            "fingerprint": ("text", "SHA-256 of what was read."),
            "rows_read": ("bigint", "Records found in the source."),
            "rows_loaded": ("bigint", "Records in the raw table."),
            "rows_rejected": ("bigint", "Lines that could not be read; they are in load_rejects."),
            "cursor_column": ("text", "The incremental key, where the batch is an increment."),
            "cursor_value": ("text", "The incremental key's highest value in the batch."),
            "is_delivery": ("boolean", "Whether the batch alone is all that its source holds."),
            "job_id": ("text", "The job that loaded it."),
            "loaded_at": ("timestamp", "When it was loaded (UTC)."),
        },
    ),
    (
        REJECTS_MODEL,
        naming.REJECTS_TABLE,
        "One row per line of a source that could not be read as a record.",
        {
            "batch_id": ("bigint", "The batch that met the line."),
            "process": ("text", "The ETL process that loaded it."),
            "raw_table": ("text", "The raw table that the record would have been in."),
            "source": ("text", "The file, table or query."),
            "line_number": ("bigint", "The line, from 1."),
            "byte_offset": ("bigint", "Where the line begins in the file, in bytes from 0."),
            "raw_text": ("text", "The line as it came."),
            "reason": ("text", "Why it could not be read."),
            "rejected_at": ("timestamp", "When it was loaded (UTC)."),
        },
    ),
)


def _model(
    name: str, description: str, columns: Sequence[Entry], tests: Sequence[Any] = ()
) -> Entry:
    entry: Entry = {
        "name": name,
        "description": description.strip(),
        "config": {"contract": {"enforced": True}},
    }
    if tests:
        entry["data_tests"] = list(tests)
    entry["columns"] = list(columns)
    return entry


def _column(name: str, kind: str, description: str, tests: Iterable[Any] = ()) -> Entry:
    entry: Entry = {"name": name, "data_type": sql.sql_type(kind), "description": description}
    listed = [next(iter(test)) if _is_bare(test) else test for test in tests]
    if listed:
        entry["data_tests"] = listed
    return entry


def _is_bare(test: Any) -> bool:
    return isinstance(test, Mapping) and len(test) == 1 and not next(iter(test.values()))


def _flat(name: str) -> tuple[str, str, str]:
    kind, text = LOAD_COLUMNS[name]
    return name, kind, text


def _load_columns(columns: Mapping[str, tuple[str, str]]) -> list[Entry]:
    return [_column(name, kind, text) for name, (kind, text) in columns.items()]


def _value_columns(
    process: Process,
    columns: Sequence[Column],
    tests: Mapping[str, Sequence[Any]] | None = None,
) -> list[Entry]:
    return [
        _column(
            column.name,
            column.type,
            _value_description(process, column),
            (tests or {}).get(column.name, ()),
        )
        for column in columns
    ]


def _raw_description(process: Process, column: Column) -> str:
    given = process.descriptions.get(column.name)
    text = f"`{column.title or column.name}` of the source, as text."
    return f"{given.rstrip('.')}. {text}" if given else text


def _value_description(process: Process, column: Column) -> str:
    changes = [step for step in process.steps if step.column == column.name]
    given = process.descriptions.get(column.name)
    title = column.title or column.name
    text = (
        given.rstrip(".") + "."
        if given
        else (
            f"`{title}` of the source."
            if column.title
            else f"Derived: {changes[0].name}."
            if changes
            else f"`{title}` of the source."
        )
    )
    for step in changes:
        text += f" {step.description}" if step.description else f" Changed by {step.name}."
    return text


def _unique(columns: Sequence[str]) -> Entry:
    return {"unique_combination": {"arguments": {"columns": list(columns)}}}


def _rule_test(rule: Rule) -> Entry | None:
    if rule.data_test is None:
        return None
    name, arguments = next(iter(rule.data_test.items()))
    entry: Entry = {}
    if rule.description:
        entry["description"] = rule.description
    if arguments:
        entry["arguments"] = dict(arguments)
    if rule.severity != "error":
        entry["config"] = {"severity": "warn"}
    return {name: entry}
