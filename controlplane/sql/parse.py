"""Reads an expression: parse it, find its columns, fill its placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from controlplane.naming import snake_case
from controlplane.sql.columns import Column, ExpressionError, find_column, lookup

DIALECT = "postgres"
_BEFORE = "select (\n"


def parse_expression(text: str) -> exp.Expr:
    """The expression that `text` holds.

    Raises:
        ExpressionError: the text is empty, does not parse, or is more than one expression.
    """
    tree, alias = _parse(text)
    if alias is not None:
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    return tree


def parse_named(text: str) -> tuple[exp.Expr, str | None]:
    """The expression that `text` holds, and the name that `as` gives it.

    Raises:
        ExpressionError: as `parse_expression`.
    """
    return _parse(text)


def _parse(text: str) -> tuple[exp.Expr, str | None]:
    if not text.strip():
        raise ExpressionError("is empty; write an SQL expression")
    try:
        source = f"{_BEFORE}{text}\n)"
        statements = sqlglot.parse(source, read=DIALECT)
    except SqlglotError as error:
        raise ExpressionError(f"does not parse as SQL: {_first_line(error)}") from None
    except RecursionError:
        raise ExpressionError("is nested too deeply to be read") from None
    select = statements[0] if len(statements) == 1 else None
    clauses = [key for key, value in select.args.items() if value] if select else []
    found = select.expressions if isinstance(select, exp.Select) else []
    if clauses != ["expressions"] or len(found) != 1 or not isinstance(found[0], exp.Paren):
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    inner: exp.Expr = found[0].this
    alias = None
    if isinstance(inner, exp.Alias):
        inner, alias = inner.this, inner.alias
    if isinstance(inner, (exp.Select, exp.Star)):
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    if marker := next(iter(inner.find_all(exp.Parameter, exp.SessionParameter)), None):
        raise ExpressionError(
            f"has the parameter {marker.sql(dialect=DIALECT)}; write a parameter as :name,"
            " and its value in parameters"
        )
    for call in inner.find_all(exp.Func):
        # Messages name a function as it is written, where sqlglot has another name for it.
        if "start" in call.meta:
            written = source[call.meta["start"] : call.meta["end"] + 1]
            call.meta["written"] = written.strip('"').lower()
    return inner, alias


def resolve_columns(
    tree: exp.Expr, columns: Sequence[Column], tables: Sequence[str] = ()
) -> exp.Expr:
    """`tree` with every column named as in `columns`, however its case or its source spells it.

    Args:
        tree: a parsed expression; it is changed in place.
        columns: what the expression sees.
        tables: names that may stand before a column; they are taken off.

    Raises:
        ExpressionError: a column is unknown; the message lists the known ones.
    """
    known = lookup(columns)
    allowed_tables = {snake_case(table) for table in tables}

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.table and snake_case(node.table) not in allowed_tables:
            raise ExpressionError(
                f"no table '{node.table}' here (has: {', '.join(tables) or 'none'})"
            )
        return exp.column(find_column(node.name, columns, known).name)

    return tree.transform(resolve, copy=False)


def columns_in(tree: exp.Expr) -> list[str]:
    """The names of the columns that the expression reads, each once, in order."""
    return list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


@dataclass(frozen=True)
class ColumnPlace:
    """Where the text of an expression names a column: the name without its table, which may be "".

    It stands from the character `start` to before `end`; `in_aggregate` tells whether a function
    such as `sum` is around it.
    """

    table: str
    name: str
    start: int
    end: int
    in_aggregate: bool


def column_places(text: str) -> list[ColumnPlace]:
    """Every place where an expression names a column, in order.

    Raises:
        ExpressionError: as `parse_expression`.
    """
    found = []
    for column in _parse(text)[0].find_all(exp.Column):
        meta = column.this.meta
        if "start" in meta:
            start, end = meta["start"] - len(_BEFORE), meta["end"] + 1 - len(_BEFORE)
            inside = column.find_ancestor(exp.AggFunc) is not None
            found.append(ColumnPlace(column.table, column.name, start, end, inside))
    return sorted(found, key=lambda place: place.start)


def placeholders_in(tree: exp.Expr) -> set[str]:
    """The names of the expression's placeholders: `:minimum` is `minimum`."""
    return {placeholder.name for placeholder in tree.find_all(exp.Placeholder)}


def fill_placeholders(tree: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    """`tree`, changed in place: `:name` is the literal of that parameter; a list is for `in (:name)`.

    Raises:
        ExpressionError: a placeholder has no parameter, or one that cannot stand there.
    """

    def value_of(node: exp.Placeholder) -> Any:
        if node.name not in values:
            raise ExpressionError(
                f"no parameter '{node.name}' for the placeholder :{node.name}"
                f" (has: {', '.join(values) or 'none'})"
            )
        return values[node.name]

    def fill(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.In) and node.expressions:
            listed = []
            for item in node.expressions:
                value = value_of(item) if isinstance(item, exp.Placeholder) else None
                listed += [literal(part) for part in value] if isinstance(value, list) else [item]
            node.set("expressions", listed)
        if not isinstance(node, exp.Placeholder):
            return node
        value = value_of(node)
        if isinstance(value, list):
            raise ExpressionError(
                f"the parameter '{node.name}' is a list, which is only for in (…)"
            )
        return literal(value)

    return tree.transform(fill, copy=False)


def literal(value: Any) -> exp.Expr:
    """A text, a number, true, false or nothing as an SQL literal."""
    if value is not None and not isinstance(value, (str, int, float)):
        raise ExpressionError(f"found {value!r}, expected a text, a number, true or false")
    converted: exp.Expr = exp.convert(value)
    return converted


def refuse_beyond_row(tree: exp.Expr) -> None:
    """Raise `ExpressionError` unless the expression can be computed from one row alone."""
    for node in tree.walk():
        if isinstance(node, exp.Window):
            raise ExpressionError("has a window function; an expression here sees one row")
        if isinstance(node, exp.AggFunc):
            name = node.sql(dialect=DIALECT)
            raise ExpressionError(f"has an aggregate, {name}; an expression here sees one row")
        if isinstance(node, (exp.Subquery, exp.Select, exp.Exists, exp.Values)):
            raise ExpressionError("has a subquery; an expression here sees one row")


def _first_line(error: Exception) -> str:
    details = getattr(error, "errors", None) or [{}]
    found = details[0]
    if not found.get("description"):
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0].rstrip(".")
    # Line 1 is the `select (` that stands before what the person wrote.
    where = f" near {found['highlight']!r}" if found.get("highlight", ")") != ")" else ""
    return f"{found['description'].rstrip('.')}{where}"
