"""The model of a dimension: its members, and the unknown one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlplane.generate.star import (
    UNKNOWN_KEY,
    UNKNOWN_TEXT,
    Attribute,
    DimensionModel,
    Joined,
    Reference,
)
from controlplane.generate.star_source import SourceTable
from controlplane.generate.text import INDENT, Cte, import_cte, indented, model, ref, select
from controlplane.sql import written_type


def dimension(item: DimensionModel, tables: Mapping[str, SourceTable]) -> str:
    """The text of a dimension's model."""
    step = tables[item.model].step
    is_alone = not item.joins
    parts = ", ".join(f"'{_plain(each.sql, step, is_alone)}'" for each in item.key)
    columns = [f"{{{{ surrogate_uuid([{parts}]) }}}} as {item.surrogate_key}"]
    columns += [_column(each, step, is_alone) for each in item.attributes]
    columns += [found_or_unknown(each) for each in item.outriggers]
    members = select(columns, step, joins(item.joins, tables))
    unknown = [f"{UNKNOWN_KEY} as {item.surrogate_key}"]
    unknown += [f"{_unknown(each)} as {each.column.name}" for each in item.attributes]
    unknown += [f"{UNKNOWN_KEY} as {each.name}" for each in item.outriggers]
    return model(
        item.spec_path,
        [
            *imports(item.relations, tables),
            Cte("members", members),
            Cte(
                "unknown_member",
                _without_source(unknown),
                "What facts point to that have no member, or one that is not known.",
            ),
            Cte(
                "final",
                ("select * from members", "union all", "select * from unknown_member"),
            ),
        ],
    )


def imports(relations: Sequence[str], tables: Mapping[str, SourceTable]) -> list[Cte]:
    """The steps that read other models whole; of a history its current versions."""
    found = []
    for name in relations:
        table = tables.get(name)
        current = ["where is_current"] if table and table.has_history else []
        found.append(import_cte(step_of(name, tables), ref(name), current))
    return found


def step_of(name: str, tables: Mapping[str, SourceTable]) -> str:
    """The step that reads a model."""
    return tables[name].step if name in tables else name


def joins(items: Sequence[Joined], tables: Mapping[str, SourceTable]) -> list[str]:
    """The lines of left joins, one condition a line."""
    lines = []
    for item in items:
        step = step_of(item.relation, tables)
        alias = f" as {item.name}" if item.name != step else ""
        lines.append(f"left join {step}{alias}")
        if len(item.on) == 1:
            left, right = item.on[0]
            lines.append(f"{INDENT}on {left} = {right}")
            continue
        lines.append(f"{INDENT}on")
        for index, (left, right) in enumerate(item.on):
            lines.append(f"{INDENT * 2}{'and ' if index else ''}{left} = {right}")
    return lines


def found_or_unknown(item: Reference) -> str:
    """The column of a reference: the key that was found, or the unknown member's."""
    if "\n" not in item.found:
        return f"coalesce({item.found}, {UNKNOWN_KEY}) as {item.name}"
    return f"coalesce(\n{indented(item.found)},\n{INDENT}{UNKNOWN_KEY}\n) as {item.name}"


def _without_source(columns: Sequence[str]) -> tuple[str, ...]:
    lines = select(columns, "nothing")
    return lines[:-1]


def _plain(text: str, step: str, is_alone: bool) -> str:
    """A column as it is written: without its table where there is only one."""
    return text.removeprefix(f"{step}.") if is_alone else text


def _column(item: Attribute, step: str, is_alone: bool) -> str:
    text = _plain(item.sql, step, is_alone)
    return text if text.rpartition(".")[2] == item.column.name else f"{text} as {item.column.name}"


def _unknown(item: Attribute) -> str:
    """What the unknown member has: a word in texts, and nothing where the key and all else are."""
    if item.column.type == "text" and not item.is_key:
        return f"cast('{UNKNOWN_TEXT}' as text)"
    return f"cast(null as {written_type(item.column.type)})"
