"""The model of a fact or a bridge: every row of its silver model, with the keys of dimensions."""

from __future__ import annotations

from collections.abc import Mapping

from controlplane.generate.dimension import found_or_unknown, imports, joins
from controlplane.generate.star import UNKNOWN_DATE, Attribute, FactModel, Reference
from controlplane.generate.star_source import SourceTable
from controlplane.generate.text import Cte, model, select


def fact(item: FactModel, tables: Mapping[str, SourceTable]) -> str:
    """The text of a fact's model."""
    step = tables[item.model].step
    measures = [each.attribute for each in item.measures]
    is_alone = not item.joins
    columns = [_column(each, step, is_alone) for each in item.key]
    columns += [_key(each) for each in item.references]
    columns += [_column(each, step, is_alone) for each in (*item.degenerate, *measures)]
    final = Cte("final", select(columns, step, joins(item.joins, tables)))
    return model(item.spec_path, [*imports(item.relations, tables), final])


def _key(item: Reference) -> str:
    if item.kind == "integer":
        return f"coalesce({item.found}, {UNKNOWN_DATE}) as {item.name}"
    return found_or_unknown(item)


def _column(item: Attribute, step: str, is_alone: bool) -> str:
    text = item.sql.removeprefix(f"{step}.") if is_alone else item.sql
    return text if text.rpartition(".")[2] == item.column.name else f"{text} as {item.column.name}"
