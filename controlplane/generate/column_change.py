"""A column that an expression sets: its type, and the step of the model that does so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.process import HISTORY_COLUMNS, Step, sentence
from controlplane.generate.resolver import Resolver
from controlplane.specs.transform import Transformation
from controlplane.sql import Column, Expression, ExpressionError

Columns = tuple[Column, ...]
_WIDTHS = ("integer", "bigint", "decimal", "double")


def condition_fits(resolver: Resolver, place: str, found: Expression) -> bool:
    """Whether the expression is true or false of a record; notes a problem where it is not."""
    if found.kind in (None, "boolean"):
        return True
    resolver.problem(place, f"gives {found.kind}; expected a condition, which is true or false")
    return False


def set_column(
    resolver: Resolver,
    place: str,
    item: Any,
    found: Expression,
    target: str | None,
    columns: Columns,
) -> tuple[Columns, list[Step]]:
    """The columns after `target` is set to an expression, and the step that does so."""
    if target is None:
        return columns, []
    present = {column.name: column for column in columns}
    kind = _type_after(resolver, place, item.parameters, found, target, columns)
    if kind is None:
        return columns, []
    if target in HISTORY_COLUMNS and target not in present:
        # A source's own column of that name is a problem of the load strategy alone.
        resolver.problem(f"{place}.parameters.column", f"'{target}' is a name for histories alone")
        return columns, []
    # Text with a type of its own is read like the source's: what it is not goes to quarantine.
    is_read = found.kind == "text" and "type" in item.parameters and kind != "text"
    try:
        text = rendered_as("text" if is_read else kind, found)
    except ExpressionError as error:
        resolver.problem(f"{place}.expression", str(error))
        return columns, []
    step = Step(
        naming.snake_case(item.name),
        resolver.cte_name(item.name),
        sentence(item.description),
        text,
        target,
        columns,
    )
    if not is_read:
        return _with_column(columns, target, kind), [step]
    written = _with_column(columns, target, "text")
    title = f"{item.name} read"
    read = Step(
        naming.snake_case(title),
        resolver.cte_name(title),
        f"What is no {kind} sends its record to quarantine.",
        target,
        target,
        written,
        reads=kind,
    )
    return _with_column(columns, target, kind), [step, read]


def rename_column(
    resolver: Resolver, place: str, item: Transformation, columns: Columns
) -> tuple[Columns, list[Step]]:
    """The columns after one has another name, and the step that gives it."""
    resolver.settings(place, item.parameters, ("column",))
    column = resolver.column(f"{place}.expression", item.expression.strip().strip('"'), columns)
    new = item.parameters.get("column")
    at = f"{place}.parameters.column" if "column" in item.parameters else f"{place}.parameters"
    if not isinstance(new, str) or not new.strip():
        resolver.problem(at, "a step of type 'rename' needs the new name in parameters.column")
        return columns, []
    if fault := name_fault(new, [each.name for each in columns]):
        resolver.problem(at, fault)
        return columns, []
    if column is None:
        return columns, []
    step = Step(
        naming.snake_case(item.name),
        resolver.cte_name(item.name),
        sentence(item.description),
        column.name,
        new,
        columns,
        renames=column.name,
    )
    after = (
        Column(new, each.type, each.title or each.name) if each is column else each
        for each in columns
    )
    return tuple(after), [step]


def name_fault(name: str, taken: Sequence[str]) -> str:
    """Why a column cannot be called that beside others; empty where it can."""
    plain = naming.column_names([name])[0]
    if name.lower() in naming.RESERVED:
        return f"found '{name}', a word that SQL reserves; expected a name such as '{plain}'"
    if name != plain:
        return f"found '{name}', expected lower-case letters, digits and underscores, such as '{plain}'"
    if name in HISTORY_COLUMNS:
        return f"'{name}' is a name for histories alone"
    return f"there is a column '{name}' already" if name in taken else ""


def _with_column(columns: Columns, name: str, kind: str) -> Columns:
    """The columns, of which one is new or has a new type."""
    if all(column.name != name for column in columns):
        return (*columns, Column(name, kind))
    return tuple(
        Column(name, kind, column.title) if column.name == name else column for column in columns
    )


def _type_after(
    resolver: Resolver,
    place: str,
    parameters: Mapping[str, Any],
    found: Expression,
    target: str,
    columns: Columns,
) -> str | None:
    """The type of a column that is set: the parameter, the expression's own, or the present one."""
    if "type" in parameters:
        try:
            return sql.portable_type(str(parameters["type"]))
        except ExpressionError as error:
            resolver.problem(f"{place}.parameters.type", str(error))
            return None
    result = found.kind
    present = next((column.type for column in columns if column.name == target), None)
    if present and not isinstance(found.tree, exp.Cast) and not _is_wider(result, present):
        return present
    if result is None:
        resolver.problem(
            f"{place}.expression",
            f"the type of the column '{target}' cannot be told from the expression;"
            f" say it in parameters.type (one of {', '.join(sql.SQL_TYPES)}, decimal(p,s))",
        )
    return result


def _is_wider(result: str | None, present: str) -> bool:
    """Whether the result of a calculation would lose digits in the column's present type."""
    widths = [kind.split("(")[0] for kind in (result or "", present)]
    if not all(width in _WIDTHS for width in widths):
        return False
    return _WIDTHS.index(widths[0]) > _WIDTHS.index(widths[1])


def rendered_as(kind: str, found: Expression) -> str:
    """The expression as it stands in a model, of type `kind` on every target.

    Raises:
        ExpressionError: it cannot be cast to that type so that every target gives the same.
    """
    if _needs_cast(found, kind):
        return sql.cast_text(found, kind)
    if isinstance(found.tree, (exp.NullSafeEQ, exp.NullSafeNEQ)):
        # Without parentheses sqlfluff takes the `from` for the beginning of a clause.
        return f"({found.text})"
    return found.text


def _needs_cast(found: Expression, kind: str) -> bool:
    """Whether the expression's own type may differ from `kind` on one of the targets."""
    tree = found.tree
    is_plain = isinstance(tree, (exp.Column, exp.Cast)) or kind == "boolean"
    if is_plain or (kind == "text" and not tree.find(exp.Cast)):
        return found.kind != kind
    return True
