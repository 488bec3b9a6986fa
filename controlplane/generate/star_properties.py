"""Properties of the models of a star: contract, grain, and what must be true of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlplane.generate.calendar_dim import COLUMNS
from controlplane.generate.properties import (
    Entry,
    column_entry,
    document,
    model_entry,
    unique_entry,
)
from controlplane.generate.star import (
    Attribute,
    CalendarModel,
    DimensionModel,
    FactModel,
    MeasureColumn,
    Reference,
)
from controlplane.generate.star_source import SourceTable

_ADDS_UP = {
    "additive": "It may be summed over every dimension.",
    "semi-additive": "It may be summed over every dimension but time.",
    "non-additive": "It may not be summed.",
}


def dimension(item: DimensionModel, tables: Mapping[str, SourceTable]) -> str:
    """Properties of a dimension."""
    key = [each.column.name for each in item.key]
    columns = [
        column_entry(
            item.surrogate_key,
            "uuid",
            f"The surrogate key, made of {_list(key)}; all zeros for the unknown member.",
            [{"not_null": {}}, {"unique": {}}],
        )
    ]
    for each in item.attributes:
        unique: list[Entry] = [{"unique": {}}] if key == [each.column.name] else []
        columns.append(
            column_entry(each.column.name, each.column.type, _meaning(each, item.model), unique)
        )
    columns += [_reference(each) for each in item.outriggers]
    tests: list[Entry] = [unique_entry(key)] if len(key) > 1 else []
    tests += [
        {"rolls_up": {"description": f"The hierarchy {name}.", "arguments": {"levels": [*levels]}}}
        for name, levels in item.hierarchies
    ]
    tests.append(_reconciles(tables[item.model], [], extra_rows=1))
    grain = f"One row per {_list(key)} of `{item.model}`, and the unknown member."
    entry = model_entry(item.name, f"{grain} {item.description}", columns, tests)
    if item.hierarchies:
        entry["config"]["meta"] = {
            "hierarchies": [{"name": name, "levels": [*lv]} for name, lv in item.hierarchies]
        }
    return document(item.spec_path, [entry])


def fact(item: FactModel, tables: Mapping[str, SourceTable]) -> str:
    """Properties of a fact or a bridge."""
    key = [each.column.name for each in item.key]
    columns = []
    for each in item.key:
        tests: list[Entry] = [{"not_null": {}}]
        if key == [each.column.name]:
            tests.append({"unique": {}})
        columns.append(
            column_entry(each.column.name, each.column.type, _meaning(each, item.model), tests)
        )
    columns += [_reference(each) for each in item.references]
    columns += [
        column_entry(each.column.name, each.column.type, _meaning(each, item.model))
        for each in item.degenerate
    ]
    columns += [_measure(each, item.model) for each in item.measures]
    pairs = [[each.attribute.column.name, each.source_column] for each in item.measures]
    of_model: list[Entry] = [unique_entry(key)] if len(key) > 1 else []
    of_model.append(_reconciles(tables[item.model], pairs))
    what = _list(key) if item.has_own_key else "record"
    grain = f"One row per {what} of `{item.model}`."
    entry = model_entry(item.name, f"{grain} {item.description}", columns, of_model)
    return document(item.spec_path, [entry])


def calendar(item: CalendarModel) -> str:
    """Properties of the calendar."""
    columns = []
    for name, kind, text, _ in COLUMNS:
        tests: list[Entry] = [{"unique": {}}] if name in ("date_key", "date") else []
        tests = [{"not_null": {}}, *tests] if name == "date_key" else tests
        columns.append(column_entry(name, kind, text, tests))
    entry = model_entry(
        item.name,
        "One row per day of every year in which a fact has a date, and the unknown member.",
        columns,
    )
    entry["config"]["meta"] = {
        "hierarchies": [
            {"name": "months", "levels": ["year", "year_quarter", "year_month", "date"]},
            {"name": "weeks", "levels": ["iso_year", "iso_year_week", "date"]},
        ]
    }
    return document(item.spec_path, [entry])


def _reconciles(
    table: SourceTable, measures: Sequence[Sequence[str]], *, extra_rows: int = 0
) -> Entry:
    arguments: Entry = {"source": f"ref('{table.model}')"}
    if measures:
        arguments["measures"] = [list(pair) for pair in measures]
    if extra_rows:
        arguments["extra_rows"] = extra_rows
    if table.has_history:
        arguments["where"] = "is_current"
    return {"reconciles": {"arguments": arguments}}


def _reference(item: Reference) -> Entry:
    found = {"to": f"ref('{item.dimension}')", "field": item.key}
    return column_entry(
        item.name,
        item.kind,
        item.description,
        [{"not_null": {}}, {"relationships": {"arguments": found}}],
    )


def _measure(item: MeasureColumn, model: str) -> Entry:
    column = item.attribute.column
    text = f"{_meaning(item.attribute, model, item.source_column)} {_ADDS_UP[item.additivity]}"
    entry = column_entry(column.name, column.type, text)
    entry["config"] = {"meta": {"additivity": item.additivity}}
    return entry


def _meaning(item: Attribute, model: str, source_column: str = "") -> str:
    table, _, column = item.sql.rpartition(".")
    return item.description or f"`{source_column or column}` of `{table or model}`."


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
