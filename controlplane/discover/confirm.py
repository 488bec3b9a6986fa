"""Asks the loaded data whether every value can be read as the type that a draft says.

What was found out is right of most data; a spec has to be right of each record, or it would send the
record to quarantine. The macro that models read text with is the judge.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from controlplane import naming
from controlplane.discover.checked_casts import read_text
from controlplane.discover.draft import Draft

Query = Callable[[str], list[tuple[Any, ...]]]


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
    return _as_text(draft, wrong) if wrong else draft


def _records(table: str, names: Sequence[str], steps: Mapping[str, str]) -> str:
    """The texts of columns as the steps leave them, each computed once."""
    if not steps.keys() & set(names):
        return table
    rewritten = ", ".join(f"{steps.get(name, name)} as {name}" for name in names)
    return f"(select {rewritten} from {table} offset 0) as records"


def _as_text(draft: Draft, names: Iterable[str]) -> Draft:
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
        notes.append(
            f"{document['name']}.{column['name']}: not every value is {draft.types[name]}, so it"
            " stays text"
        )
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
