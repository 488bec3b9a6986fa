"""Asks the loaded data whether every value can be read as the type that a draft says.

What was found out is right of most data; a spec has to be right of each record, or it would send the
record to quarantine. The macro that models read text with is the judge.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from controlplane import naming
from controlplane.discover.checked_casts import read_text
from controlplane.discover.draft import Draft
from controlplane.discover.findings import Findings
from controlplane.discover.names import column_names
from controlplane.discover.parts import usable_keys

Query = Callable[[str], list[tuple[Any, ...]]]
# Types whose values every target compares.
_FAMILIES = {
    **dict.fromkeys(("integer", "bigint", "decimal", "double"), "number"),
    **dict.fromkeys(("date", "timestamp"), "day"),
}


def confirmed(draft: Draft, query: Query) -> Draft:
    """The draft with text for each type that a value in the raw table, or the key, speaks against.

    Args:
        draft: the draft of a process whose data are loaded.
        query: the rows of a query over the raw tables.
    """
    table = f"{naming.RAW_SCHEMA}.{naming.raw_table(draft.document['name'])}"
    steps = {
        step["parameters"]["column"]: step["expression"]
        for step in draft.document.get("transform_config", {}).get("transformations", ())
    }
    wrong = set()
    for name, kind in draft.types.items():
        records = _records(table, [name], steps)
        if kind not in ("text", "json") and _count(_unread(name, kind, records), query):
            wrong.add(name)
    key = draft.document["target_config"].get("unique_key", ())
    if key and not wrong.intersection(key):
        typed = ", ".join(read_text(name, draft.types[name]) for name in key)
        records = _records(table, key, steps)
        alike = f"select 1 from {records} group by {typed} having count(*) > 1"
        if _count(f"select count(*) from ({alike}) as alike", query):
            wrong |= set(key)
    reason = "not every value is {kind}, so it stays text"
    return _as_text(draft, wrong, reason) if wrong else draft


def agreeing(drafts: Mapping[str, Draft], findings: Findings) -> dict[str, Draft]:
    """The drafts with text on both sides of each reference of which one side has another type.

    Args:
        drafts: the drafts of the processes by the names of their tables.
        findings: what was found out about these tables.
    """
    links = []
    for table in findings.tables:
        mine = column_names(table)
        for key in usable_keys(table, findings):
            theirs = column_names(findings.table(key.ref_table))
            links += [
                ((table.name, mine[one]), (key.ref_table, theirs[two]))
                for one, two in zip(key.columns, key.ref_columns, strict=True)
            ]
    kinds = {
        (table, name): _FAMILIES.get(kind.split("(")[0], kind)
        for table, draft in drafts.items()
        for name, kind in draft.types.items()
    }
    wrong: set[tuple[str, str]] = set()
    while differing := {
        side for link in links if kinds[link[0]] != kinds[link[1]] for side in link
    }:
        wrong |= differing
        kinds |= dict.fromkeys(differing, "text")
    reason = "is text, as the other side of its reference"
    return {
        table: _as_text(draft, names, reason) if names else draft
        for table, draft in drafts.items()
        for names in [{name for of, name in wrong if of == table}]
    }


def _records(table: str, names: Sequence[str], steps: Mapping[str, str]) -> str:
    """The texts of columns as the steps leave them, each computed once."""
    if not steps.keys() & set(names):
        return table
    rewritten = ", ".join(f"{steps.get(name, name)} as {name}" for name in names)
    return f"(select {rewritten} from {table} offset 0) as records"


def _as_text(draft: Draft, names: Collection[str], reason: str) -> Draft:
    document = copy.deepcopy(dict(draft.document))
    transform = document.get("transform_config", {})
    notes = list(draft.notes)
    for position, name in enumerate(draft.types):
        if name not in names or draft.types[name] == "text":
            continue
        column = document["source_config"]["columns"][position]
        column["type"] = "text"
        if "transformations" in transform:
            transform["transformations"] = [
                step
                for step in transform["transformations"]
                if step["parameters"]["column"] != name
            ]
        said = reason.format(kind=draft.types[name])
        notes.append(f"{document['name']}.{column['name']}: {said}")
    if not transform.get("transformations", True):
        del document["transform_config"]
    types = {name: "text" if name in names else kind for name, kind in draft.types.items()}
    return replace(draft, document=document, types=types, notes=tuple(notes))


def _unread(name: str, kind: str, records: str) -> str:
    read = read_text(name, kind)
    return f"select count(*) from {records} where trim({name}, ' ') <> '' and ({read}) is null"


def _count(statement: str, query: Query) -> int:
    ((count,),) = query(statement)
    return int(count)
