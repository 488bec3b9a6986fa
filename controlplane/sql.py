"""SQL expressions of specs: parse, resolve their columns, render them for every target.

Expressions are written in PostgreSQL's dialect. One that reads the same on every target is rendered
as plain SQL, another as a call of the `by_target` macro with one text a target.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types

from controlplane.naming import snake_case

DIALECT = "postgres"
TARGET_DIALECTS = ("duckdb", "postgres")

# Portable type -> how both targets spell it.
SQL_TYPES: Mapping[str, str] = {
    "text": "text",
    "integer": "integer",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
    "uuid": "uuid",
    "json": "json",
}
NUMERIC_TYPES = ("integer", "bigint", "double", "decimal")


class ExpressionError(ValueError):
    """An expression cannot be used; the message says why, without saying where."""


@dataclass(frozen=True)
class Column:
    """A column that an expression may name."""

    name: str
    type: str
    title: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type.split("(")[0] in NUMERIC_TYPES


def sql_type(portable: str) -> str:
    """How both targets spell a portable type: `double` is `double precision`."""
    return SQL_TYPES.get(portable, portable)


def parse_expression(text: str) -> exp.Expr:
    """The expression that `text` holds.

    Raises:
        ExpressionError: the text is empty, does not parse, or is more than one expression.
    """
    if not text.strip():
        raise ExpressionError("is empty; write an SQL expression")
    try:
        statements = sqlglot.parse(f"select (\n{text}\n)", read=DIALECT)
    except SqlglotError as error:
        raise ExpressionError(f"does not parse as SQL: {_first_line(error)}") from None
    select = statements[0] if len(statements) == 1 else None
    clauses = [key for key, value in select.args.items() if value] if select else []
    if not isinstance(select, exp.Select) or clauses != ["expressions"]:
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    parsed = select.expressions[0]
    if len(select.expressions) != 1 or not isinstance(parsed, exp.Paren):
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    inner: exp.Expr = parsed.this
    if isinstance(inner, (exp.Alias, exp.Select)):
        raise ExpressionError(f"is not one SQL expression: {text!r}")
    return inner


def resolve_columns(
    tree: exp.Expr, columns: Sequence[Column], tables: Sequence[str] = ()
) -> exp.Expr:
    """`tree` with every column named as in `columns`, however its case or its source spells it.

    Args:
        tree: a parsed expression; it is not changed.
        columns: what the expression sees.
        tables: names that may stand before a column; they are taken off.

    Raises:
        ExpressionError: a column is unknown; the message lists the known ones.
    """
    known = _lookup(columns)
    allowed_tables = {snake_case(table) for table in tables}

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.table and snake_case(node.table) not in allowed_tables:
            raise ExpressionError(
                f"no table '{node.table}' here (has: {', '.join(tables) or 'none'})"
            )
        return exp.column(find_column(node.name, columns, known).name)

    return tree.transform(resolve)


def find_column(
    name: str, columns: Sequence[Column], known: Mapping[str, Column] | None = None
) -> Column:
    """The column called `name`, by its own name or its source's.

    Raises:
        ExpressionError: there is none; the message lists the known ones and the nearest.
    """
    lookup = _lookup(columns) if known is None else known
    found = lookup.get(name.lower()) or lookup.get(snake_case(name))
    if found is None:
        raise ExpressionError(unknown_column(name, [column.name for column in columns]))
    return found


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The message for a column that is not there, with the nearest one that is."""
    near = difflib.get_close_matches(snake_case(name), known, n=1)
    hint = f". Did you mean '{near[0]}'?" if near else ""
    return f"no column '{name}' (has: {', '.join(known)}){hint}"


def columns_in(tree: exp.Expr) -> list[str]:
    """The names of the columns that the expression reads, each once, in order."""
    return list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def refuse_beyond_row(tree: exp.Expr) -> None:
    """Raise `ExpressionError` unless the expression can be computed from one row alone."""
    for node in tree.walk():
        if isinstance(node, exp.Window):
            raise ExpressionError("has a window function; an expression here sees one row")
        if isinstance(node, exp.AggFunc):
            name = node.sql(dialect=DIALECT)
            raise ExpressionError(f"has an aggregate, {name}; an expression here sees one row")
        if isinstance(node, (exp.Subquery, exp.Select, exp.Exists)):
            raise ExpressionError("has a subquery; an expression here sees one row")


def fill_placeholders(tree: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    """`tree` with `:name` replaced by the literal of that parameter.

    Raises:
        ExpressionError: a placeholder has no parameter.
    """

    def fill(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        if node.name not in values:
            raise ExpressionError(
                f"no parameter '{node.name}' for the placeholder :{node.name}"
                f" (has: {', '.join(values) or 'none'})"
            )
        return literal(values[node.name])

    return tree.transform(fill)


def literal(value: Any) -> exp.Expr:
    """`value` as an SQL literal."""
    if isinstance(value, list):
        return exp.Tuple(expressions=[exp.convert(item) for item in value])
    converted: exp.Expr = exp.convert(value)
    return converted


def type_of(tree: exp.Expr, columns: Sequence[Column]) -> str | None:
    """The portable type of the expression's result; None where it cannot be told."""
    kind = _annotated(tree, columns).type
    if kind is None:
        return None
    return _PORTABLE.get(kind.this)


def render(
    tree: exp.Expr,
    columns: Sequence[Column],
    finish: Callable[[exp.Expr, str], exp.Expr] | None = None,
) -> str:
    """The expression as it stands in a model: plain SQL, or one text a target.

    Args:
        tree: a resolved expression.
        columns: the columns with their types, so that division and casts mean the same everywhere.
        finish: changes the tree for one dialect before it is written.
    """
    typed = _annotated(tree, columns)
    texts = {}
    for dialect in TARGET_DIALECTS:
        ready = finish(typed.copy(), dialect) if finish else typed
        texts[dialect] = _lower(ready.sql(dialect=dialect, normalize_functions="lower"))
    if len(set(texts.values())) == 1:
        return _escape_jinja(texts["duckdb"])
    arguments = ", ".join(f"{dialect}={jinja_string(text)}" for dialect, text in texts.items())
    return "{{ by_target(" + arguments + ") }}"


def jinja_string(text: str) -> str:
    """`text` as a string literal inside a Jinja expression."""
    quoted = text.replace("\\", "\\\\").replace("\n", "\\n")
    if "'" in quoted and '"' not in quoted:
        return f'"{quoted}"'
    return "'" + quoted.replace("'", "\\'") + "'"


def sql_string(text: str) -> str:
    """`text` as an SQL string literal, alike on every target."""
    return _escape_jinja(exp.Literal.string(text).sql(dialect="duckdb"))


_KIND = exp.DataType.Type
_PORTABLE: Mapping[Any, str] = {
    _KIND.VARCHAR: "text",
    _KIND.TEXT: "text",
    _KIND.CHAR: "text",
    _KIND.BOOLEAN: "boolean",
    _KIND.INT: "integer",
    _KIND.SMALLINT: "integer",
    _KIND.TINYINT: "integer",
    _KIND.BIGINT: "bigint",
    _KIND.DOUBLE: "double",
    _KIND.FLOAT: "double",
    _KIND.DATE: "date",
    _KIND.TIMESTAMP: "timestamp",
    _KIND.TIMESTAMPTZ: "timestamp",
    _KIND.TIME: "time",
    _KIND.UUID: "uuid",
    _KIND.JSON: "json",
}


def _annotated(tree: exp.Expr, columns: Sequence[Column]) -> exp.Expr:
    """A copy of `tree` whose nodes carry their types."""
    types = {
        column.name: exp.DataType.build(sql_type(column.type), dialect=DIALECT)
        for column in columns
    }

    def wrap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in types:
            return exp.Cast(this=node.copy(), to=types[node.name].copy(), is_column=True)
        return node

    def unwrap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Cast) and node.args.get("is_column"):
            column: exp.Expr = node.this
            column.type = node.type
            return column
        return node

    # sqlglot takes a bare column's type from a schema alone: a cast around it says the same.
    return annotate_types(tree.transform(wrap), dialect=DIALECT).transform(unwrap)


def _lookup(columns: Sequence[Column]) -> dict[str, Column]:
    by_title = {column.title.lower(): column for column in columns if column.title}
    return by_title | {column.name: column for column in columns}


def _lower(text: str) -> str:
    """`text` in lower case, except for what stands in quotes."""
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", text)
    return "".join(part if index % 2 else part.lower() for index, part in enumerate(parts))


def _escape_jinja(text: str) -> str:
    if re.search(r"\{\{|\{%|\{#|#\}|%\}|\}\}", text):
        return "{% raw %}" + text + "{% endraw %}"
    return text


def _first_line(error: Exception) -> str:
    details = getattr(error, "errors", None) or [{}]
    found = details[0]
    if not found.get("description"):
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0].rstrip(".")
    # Line 1 is the `select (` that stands before what the person wrote.
    where = f" near {found['highlight']!r}" if found.get("highlight", ")") != ")" else ""
    return f"{found['description'].rstrip('.')}{where}"
