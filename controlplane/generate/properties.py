"""The properties file beside each generated model: descriptions, contract and data tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controlplane import naming, sql
from controlplane.generate.bronze import SHARED_MODELS
from controlplane.generate.process import Aggregation, Join, Process, Step
from controlplane.generate.text import origin
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
# The same for a process that reads a model, which has no batches.
MODEL_COLUMNS: Mapping[str, tuple[str, str]] = {
    "_batch_id": ("bigint", "Always 0: the records of a model do not come in batches."),
    "_source_file": ("text", "The model that the record came from."),
    "_row_number": ("bigint", "The record's place in the order of all values, from 1."),
    "_loaded_at": ("timestamp", "Always null: the records of a model are not loaded."),
}


# --- whole files ----------------------------------------------------------------------------------


def bronze(process: Process) -> str:
    """Properties of the bronze model, with the source entry of its raw table."""
    scope = "the newest delivery" if process.current_only else "every delivery"
    entry = model_entry(
        process.bronze,
        f"One row per record of {process.source_description}, as it came, in {scope}."
        f" {process.description}",
        [*raw_columns(process), *entries(LOAD_COLUMNS)],
        ledger_of=process.raw_table if process.current_only else None,
    )
    source = _source(process, process.raw_table, process.freshness)
    return document(process.spec_path, [entry], [source])


def join_bronze(process: Process, join: Join) -> str:
    """Properties of the bronze model of a table that only a join reads."""
    entry = model_entry(
        join.right.table.model,
        f"One row per record of the table `{join.right.name}`, as it came, in the newest delivery.",
        [
            *(
                column_entry(column.name, "text", f"{_quoted(column)} of the source, as text.")
                for column in join.right.table.columns
            ),
            *entries(LOAD_COLUMNS),
        ],
        ledger_of=join.right.raw,
    )
    return document(process.spec_path, [entry], [_source(process, str(join.right.raw))])


def joined(process: Process, item: Join) -> str:
    """Properties of the model of a join."""
    left, right = item.left, item.right
    columns = [
        *value_columns(process, left.table.columns),
        *(
            column_entry(name, column.type, f"{_quoted(column)} of `{right.name}`.")
            for column, name in zip(right.table.columns, item.right_names, strict=True)
        ),
    ]
    entry = model_entry(
        item.table.model,
        f"One row per pair of `{left.name}` and `{right.name}`. {item.description}",
        columns,
        [unique_entry(item.table.key)] if item.table.key else [],
    )
    return document(process.spec_path, [entry])


def gold(process: Process, item: Aggregation) -> str:
    """Properties of the model of one aggregation."""
    groups = [column.name for _, column in item.groups]
    columns = [
        column_entry(
            column.name,
            column.type,
            value_description(process, column)
            if text == column.name
            else f"What the records have in common: `{text}`.",
        )
        for text, column in item.groups
    ]
    if len(groups) == 1:
        columns[0]["data_tests"] = ["unique"]
    grain = f"One row per {', '.join(groups)}." if groups else "One row."
    records = "current records" if item.reads.has_history else "records"
    result = column_entry(
        item.column.name,
        item.column.type,
        f"`{item.expression}` over the {records} of `{item.reads.model}`.",
        [{"not_null": {}}] if item.column.name.startswith("count") else [],
    )
    entry = model_entry(
        item.model,
        f"{grain} {item.description}",
        [*columns, result],
        [unique_entry(groups)] if len(groups) > 1 else [],
    )
    return document(process.spec_path, [entry])


def over_raw(spec_path: str, model: str) -> str:
    """Properties of a model over a table that loading keeps, such as its ledger."""
    table, description, columns = SHARED_MODELS[model]
    entry = model_entry(model, description, entries(columns))
    if model.endswith("batches"):
        entry["columns"][0]["data_tests"] = ["unique", "not_null"]
    raw = {
        "name": "raw",
        "schema": naming.RAW_SCHEMA,
        "tables": [{"name": table, "description": description}],
    }
    return document(spec_path, [entry], [raw])


def _source(process: Process, raw: str, freshness: Mapping[str, Any] | None = None) -> Entry:
    table: Entry = {
        "name": raw,
        "description": jinja_safe(f"What {process.name} loaded, every value as the source's text."),
    }
    # A table that only a join reads is often a list that hardly changes: it has no freshness.
    if freshness:
        table["config"] = dict(freshness)
    return {"name": "raw", "schema": naming.RAW_SCHEMA, "tables": [table]}


def document(spec_path: str, models: Sequence[Entry], sources: Sequence[Entry] = ()) -> str:
    """The text of a properties file."""
    blocks = [yaml_text({"version": 2})]
    if sources:
        blocks.append(yaml_text({"sources": list(sources)}))
    blocks.append(yaml_text({"models": [_with_named_tests(model) for model in models]}))
    return f"# {origin(spec_path)}\n" + "\n".join(blocks)


def _with_named_tests(model: Entry) -> Entry:
    """The model with a short name for each test that has arguments.

    dbt would make a name of all the arguments, which nobody reads to its end.
    """
    taken: set[str] = set()

    def named(tests: Iterable[Any], subject: str) -> list[Any]:
        return [
            {kind: {"name": _unused(f"{kind}_{subject}", taken), **content}}
            for kind, content in (
                next(iter(test.items())) if isinstance(test, Mapping) else (test, None)
                for test in tests
            )
            if content
        ]

    def each(entry: Entry, subject: str) -> Entry:
        if "data_tests" not in entry:
            return entry
        bare = [test for test in entry["data_tests"] if not isinstance(test, Mapping)]
        return {
            key: [*bare, *named(value, subject)] if key == "data_tests" else value
            for key, value in entry.items()
        }

    name = model["name"]
    columns = [each(column, f"{name}_{column['name']}") for column in model["columns"]]
    return {**each(model, name), "columns": columns}


def _unused(name: str, taken: set[str]) -> str:
    """`name`, with a number after it where it is taken."""
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found)
    return found


# --- their parts ----------------------------------------------------------------------------------


def ledger_config(raw_table: str | None) -> Entry:
    """The config of a model or test that reads the load ledger for the sake of one raw table.

    With it a plan knows that batches of other tables change nothing there.
    """
    return {"meta": {"databank": {"raw_tables": [raw_table]}}} if raw_table else {}


def model_entry(
    name: str,
    description: str,
    columns: Sequence[Entry],
    tests: Sequence[Any] = (),
    *,
    ledger_of: str | None = None,
) -> Entry:
    """The entry of one model; its contract is enforced.

    `ledger_of` is the raw table for whose sake it reads the load ledger, if it does.
    """
    entry: Entry = {
        "name": name,
        "description": jinja_safe(description.strip()),
        "config": {"contract": {"enforced": True}, **ledger_config(ledger_of)},
    }
    if tests:
        entry["data_tests"] = _listed(tests)
    entry["columns"] = list(columns)
    return entry


def column_entry(name: str, kind: str, description: str, tests: Iterable[Any] = ()) -> Entry:
    """The entry of one column."""
    entry: Entry = {
        "name": name,
        "data_type": sql.sql_type(kind),
        "description": jinja_safe(description),
    }
    listed = _listed(tests)
    if listed:
        entry["data_tests"] = listed
    return entry


def entries(columns: Mapping[str, tuple[str, str]]) -> list[Entry]:
    """The entries of columns that every process has: their names to type and description."""
    return [column_entry(name, kind, text) for name, (kind, text) in columns.items()]


def load_columns(process: Process, *left_out: str) -> Mapping[str, tuple[str, str]]:
    """What the columns that loading adds mean for this process."""
    meaning = LOAD_COLUMNS if process.reads_model is None else MODEL_COLUMNS
    return {name: entry for name, entry in meaning.items() if name not in left_out}


def raw_columns(process: Process) -> list[Entry]:
    """The entries of the columns as they came; those of a model have its types."""
    found = []
    for column in process.source_columns:
        given = process.descriptions.get(column.name)
        if process.reads_model is None:
            kind, text = "text", f"{_quoted(column)} of the source, as text."
        else:
            kind, text = column.type, f"{_quoted(column)} of `{process.reads_model}`."
        found.append(column_entry(column.name, kind, f"{given} {text}" if given else text))
    return found


def value_columns(
    process: Process, columns: Sequence[Column], tests: Mapping[str, Sequence[Any]] | None = None
) -> list[Entry]:
    """The entries of the columns that hold the records' values."""
    return [
        column_entry(
            column.name,
            column.type,
            value_description(process, column),
            (tests or {}).get(column.name, ()),
        )
        for column in columns
    ]


def value_description(process: Process, column: Column) -> str:
    """What a column's values mean, and what was done to them."""
    changes: list[Step] = []
    name = column.name
    for step in reversed(process.steps):
        if step.column == name and step.renames:
            name = step.renames
        elif step.column == name:
            changes.insert(0, step)
    is_derived = changes and name not in {c.name for c in process.source_columns}
    text = process.descriptions.get(name) or (
        f"Derived: {changes[0].name}." if is_derived else f"{_quoted(column)} of the source."
    )
    for step in changes[1:] if is_derived and not changes[0].description else changes:
        text += f" {step.description or f'Changed by {step.name}.'}"
    return text


def unique_entry(columns: Sequence[str], **config: str) -> Entry:
    """The data test that no two rows are alike in the columns."""
    arguments: Entry = {"arguments": {"columns": list(columns)}}
    return {"unique_combination": {**arguments, "config": config} if config else arguments}


def _quoted(column: Column) -> str:
    return f"`{column.title or column.name}`"


def _listed(tests: Iterable[Any]) -> list[Any]:
    """The tests as they are written: by name alone where nothing is said of them."""
    return [
        next(iter(test)) if isinstance(test, Mapping) and not any(test.values()) else test
        for test in tests
    ]


# --- text that dbt renders ------------------------------------------------------------------------


def jinja_safe(text: str) -> str:
    """A description as dbt renders it: its braces stay braces."""
    return sql.plain_text(text)


def argument(text: str) -> str:
    """A data test's argument as dbt renders it: no text is taken for an expression or a call."""
    if re.match(r"\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$", text, re.DOTALL):
        return "{{ " + sql.jinja_string(text) + " }}"
    return sql.plain_text(text)
