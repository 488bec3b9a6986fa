"""Says what each table is in a star schema: fact, dimension, bridge or lookup; and what it measures.

Source of the roles: Kimball and Ross, "The Data Warehouse Toolkit", 3rd edition, Wiley 2013, chapter 2.
"""

from __future__ import annotations

from dataclasses import replace

from controlplane.discover.findings import Additivity, Column, Findings, Role, Table
from controlplane.discover.lexicon import (
    AMOUNTS,
    NON_ADDITIVE,
    PARTS_OF_TIME,
    PER_PIECE,
    PERSON_NAMES,
    PERSONAL,
    SEMI_ADDITIVE,
    TELLS_APART,
)
from controlplane.discover.name_match import words

_FLAG_VALUES = 2
# A fact refers to several tables, and has many times the rows of each; a look-up has few columns.
_SEVERAL = 2
_MANY_TIMES = 3
_FEW_COLUMNS = 3
# What happened has so many lines at most; what is referred to more often is a thing.
_MOST_LINES = 30
# So many rows have an address of their own where rows are persons.
_OWN = 0.5
# Of events so many times are different; the times of a batch are not.
_EVENT_SHARE = 0.05


def with_roles(findings: Findings) -> Findings:
    """The findings with the role of each table and the additivity of what facts measure."""
    incoming: dict[str, list[str]] = {}
    for table in findings.tables:
        for key in table.foreign_keys:
            if key.ref_table != table.name:
                incoming.setdefault(key.ref_table, []).append(table.name)
    rows = {table.name: table.rows for table in findings.tables}
    tables = []
    for table in findings.tables:
        measured = _measured(table)
        role, reason = _role(measured, incoming.get(table.name, []), rows)
        tables.append(replace(measured, role=role, role_reason=reason))
    return replace(findings, tables=tuple(tables))


def _measured(table: Table) -> Table:
    return replace(
        table,
        columns=tuple(
            replace(column, additivity=_additivity(column, table)) for column in table.columns
        ),
    )


def _additivity(column: Column, table: Table) -> Additivity | None:
    """How a column adds up; None for what is no measure."""
    key = table.primary_key.columns if table.primary_key else ()
    refers = {name for each in table.foreign_keys for name in each.columns}
    number = column.kind.type in ("integer", "decimal")
    if not number or column.name in key or column.name in refers:
        return None
    if column.kind.semantic in ("identifier", "constant", "categorical", "geo", "postcode"):
        return None
    named = words(column.name)
    said = set(named)
    if named and named[-1] in TELLS_APART:
        return None
    if column.kind.type == "integer" and (column.distinct <= _FLAG_VALUES or said & PARTS_OF_TIME):
        return None
    if said & SEMI_ADDITIVE:
        return "semi-additive"
    if column.kind.semantic == "percent" or (
        said & NON_ADDITIVE and (said & PER_PIECE or not said & AMOUNTS)
    ):
        return "non-additive"
    return "additive"


def _role(table: Table, links: list[str], rows: dict[str, int]) -> tuple[Role, str]:
    """The role of a table that these tables refer to, each as often as it does."""
    incoming = set(links)
    outgoing = {key.ref_table for key in table.foreign_keys} - {table.name}
    measures = [column.name for column in table.columns if column.additivity is not None]
    times = [c.name for c in table.columns if c.kind.type in ("date", "datetime", "time")]
    if _is_bridge(table):
        return "bridge", "its key is nothing but references"
    said = set(words(table.name))
    if said & {"fact", "facts"}:
        return "fact", "its name says so"
    if said & {"dim", "dimension", "lookup"}:
        return "dimension", "its name says so"
    parents = max((rows[name] for name in outgoing), default=0)
    events = bool(measures or times)
    if not incoming and outgoing and events:
        found = "what is measured" if measures else "times"
        number = "a table" if len(outgoing) == 1 else f"{len(outgoing)} tables"
        return "fact", f"refers to {number}, has {found}, and nothing refers to it"
    if incoming and _is_party(table):
        return "dimension", f"persons or firms, {counted(len(incoming), 'table')} to it"
    if len(outgoing) >= _SEVERAL and events and table.rows > _MANY_TIMES * parents:
        return "fact", "refers to tables of far fewer rows, and has what is measured"
    has_lines = len(links) == 1 and rows[links[0]] <= _MOST_LINES * table.rows
    if has_lines and outgoing and _is_event(table):
        return "fact", "events, which their lines refer to"
    if incoming:
        if len(table.columns) <= _FEW_COLUMNS and not outgoing:
            return "lookup", "a key and its name, which other tables refer to"
        return "dimension", f"{counted(len(incoming), 'table')} to it"
    if not outgoing and measures and times and table.rows > 100:
        return "fact", "measures over time"
    return "dimension", "describes things, and refers to hardly anything"


def counted(number: int, unit: str) -> str:
    """A number of things that refer: `1 table refers`, `2 tables refer`."""
    return f"1 {unit} refers" if number == 1 else f"{number} {unit}s refer"


def _is_party(table: Table) -> bool:
    """Whether rows are somebody: each can be written to or called, or has a first name and a last."""
    named = {word for column in table.columns for word in words(column.name)}
    reached = any(
        column.kind.semantic in ("email", "phone") and column.distinct > _OWN * table.rows
        for column in table.columns
    )
    return reached or bool(named & PERSONAL) or len(named & PERSON_NAMES) >= _SEVERAL


def _is_bridge(table: Table) -> bool:
    key = set(table.primary_key.columns) if table.primary_key else set()
    references = [set(each.columns) for each in table.foreign_keys if set(each.columns) <= key]
    return len(key) > 1 and len(references) > 1 and set().union(*references) == key


def _is_event(table: Table) -> bool:
    """Whether each row happened at a time of its own, and is called by no name."""
    times = [c for c in table.columns if c.kind.type in ("date", "datetime")]
    return any(c.distinct > max(_MANY_TIMES, _EVENT_SHARE * table.rows) for c in times) and not any(
        words(c.name)[-1:] in (("name",), ("title",)) for c in table.columns
    )
