"""SQL expressions of specs: parse, resolve their columns, render them for every target.

Expressions are written in PostgreSQL's dialect. One that reads the same on every target is rendered
as plain SQL, another as a call of the `by_target` macro with one text a target.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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

    @property
    def is_ordered(self) -> bool:
        """Whether values can be compared as smaller and larger on every target."""
        return self.is_numeric or self.type in ("text", "date", "timestamp", "time")


# The columns that an expression sees: all of one table, or of each table by its name.
Visible = Sequence[Column] | Mapping[str, Sequence[Column]]


def sql_type(portable: str) -> str:
    """How both targets spell a portable type: `double` is `double precision`."""
    return SQL_TYPES.get(portable, portable)


def portable_type(text: str) -> str:
    """The portable type that `text` names.

    Raises:
        ExpressionError: it names none.
    """
    name = text.strip().lower()
    matched = re.fullmatch(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", name)
    if matched and 1 <= int(matched[1]) <= 38 and int(matched[2]) <= int(matched[1]):
        return f"decimal({matched[1]},{matched[2]})"
    if name not in SQL_TYPES:
        raise ExpressionError(
            f"no type '{text}' (has: {', '.join(SQL_TYPES)}, decimal(p,s) with p up to 38)"
        )
    return name


# --- reading expressions --------------------------------------------------------------------------


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
        statements = sqlglot.parse(f"select (\n{text}\n)", read=DIALECT)
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
    return inner, alias


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


def placeholders_in(tree: exp.Expr) -> set[str]:
    """The names of the expression's placeholders: `:minimum` is `minimum`."""
    return {placeholder.name for placeholder in tree.find_all(exp.Placeholder)}


def fill_placeholders(tree: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    """`tree` with `:name` replaced by the literal of that parameter; a list is for `in (:name)`.

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

    return tree.transform(fill)


def literal(value: Any) -> exp.Expr:
    """A text, a number, true, false or nothing as an SQL literal."""
    if value is not None and not isinstance(value, (str, int, float)):
        raise ExpressionError(f"found {value!r}, expected a text, a number, true or false")
    converted: exp.Expr = exp.convert(value)
    return converted


# --- checking expressions -------------------------------------------------------------------------


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


_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_FAMILIES = {
    "text": "text",
    "boolean": "a truth value",
    "date": "a date or time",
    "timestamp": "a date or time",
}


def refuse_unlike(tree: exp.Expr, columns: Visible) -> None:
    """Raise `ExpressionError` where two things are compared that PostgreSQL would not compare."""
    for node in _annotated(tree, columns).find_all(*_COMPARISONS):
        left, right = (_family(side) for side in (node.this, node.expression))
        if left and right and left != right:
            shown = node.sql(dialect=DIALECT, comments=False)
            raise ExpressionError(
                f"compares {left} with {right} in {shown}; cast one of them, or declare the"
                " column's type in source_config.columns"
            )


def _family(tree: exp.Expr) -> str | None:
    """What kind of value the expression gives; None where it fits every kind or is not known."""
    if isinstance(tree, exp.Null) or (isinstance(tree, exp.Literal) and tree.is_string):
        return None
    kind = _portable(tree)
    if kind is None:
        return None
    return "a number" if Column("", kind).is_numeric else _FAMILIES.get(kind)


def type_of(tree: exp.Expr, columns: Visible) -> str | None:
    """The portable type of the expression's result; None where it cannot be told."""
    return _portable(_annotated(tree, columns))


# --- writing expressions --------------------------------------------------------------------------


def render(tree: exp.Expr, columns: Visible) -> str:
    """The expression as it stands in a model: plain SQL, or one text a target.

    Args:
        tree: a resolved expression.
        columns: the columns with their types, so that division and casts mean the same everywhere.
    """
    texts = render_by_target(tree, columns)
    if len(set(texts.values())) == 1:
        return plain_text(texts[DIALECT])
    arguments = ", ".join(f"{dialect}={jinja_string(text)}" for dialect, text in texts.items())
    return "{{ by_target(" + arguments + ") }}"


def render_by_target(tree: exp.Expr, columns: Visible) -> dict[str, str]:
    """The expression as each target reads it."""
    typed = _annotated(tree, columns).transform(_with_trimmed_spaces)
    return {
        dialect: _lower(typed.sql(dialect=dialect, normalize_functions="lower", comments=False))
        for dialect in TARGET_DIALECTS
    }


def _with_trimmed_spaces(node: exp.Expr) -> exp.Expr:
    """`trim(x)` as `trim(x, ' ')`: it takes off spaces, to DuckDB other scripts' blanks as well."""
    if not isinstance(node, exp.Trim):
        return node
    function = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")), "trim")
    characters = node.expression or exp.Literal.string(" ")
    return exp.Anonymous(this=function, expressions=[node.this, characters])


def jinja_string(text: str) -> str:
    """`text` as a string literal inside a Jinja expression."""
    quoted = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    if "'" in quoted and '"' not in quoted:
        return f'"{quoted}"'
    return "'" + quoted.replace("'", "\\'") + "'"


def plain_text(text: str) -> str:
    """`text` so that Jinja hands it on as it stands."""
    return re.sub(r"\{[{%#]", lambda found: "{{ '" + found[0] + "' }}", text)


def sql_string(text: str) -> str:
    """`text` as an SQL string literal in a model, alike on every target."""
    return plain_text(raw_string(text))


def raw_string(text: str) -> str:
    """`text` as an SQL string literal, outside of a template."""
    return "'" + text.replace("'", "''") + "'"


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


def _portable(annotated: exp.Expr) -> str | None:
    kind = annotated.type
    if kind is None:
        return None
    if kind.this == _KIND.DECIMAL and len(kind.expressions) == 2:
        precision, scale = (part.name for part in kind.expressions)
        return f"decimal({precision},{scale})"
    return _PORTABLE.get(kind.this)


def _annotated(tree: exp.Expr, columns: Visible) -> exp.Expr:
    """A copy of `tree` whose nodes carry their types."""
    tables = columns if isinstance(columns, Mapping) else {"": columns}
    types = {
        (table, column.name): column.type for table, listed in tables.items() for column in listed
    }

    def wrap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and (node.table, node.name) in types:
            kind = _data_type(types[node.table, node.name]).copy()
            return exp.Cast(this=node.copy(), to=kind, is_column=True)
        return node

    def unwrap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Cast) and node.args.get("is_column"):
            column: exp.Expr = node.this
            column.type = node.type
            return column
        return node

    # sqlglot takes a bare column's type from a schema alone: a cast around it says the same.
    return annotate_types(tree.transform(wrap), dialect=DIALECT).transform(unwrap)


@cache
def _data_type(portable: str) -> exp.DataType:
    return exp.DataType.build(sql_type(portable), dialect=DIALECT)


def _lookup(columns: Sequence[Column]) -> dict[str, Column]:
    by_title = {column.title.lower(): column for column in reversed(columns) if column.title}
    return by_title | {column.name: column for column in columns}


def _lower(text: str) -> str:
    """`text` in lower case, except for what stands in quotes."""
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", text)
    return "".join(part if index % 2 else part.lower() for index, part in enumerate(parts))


def _first_line(error: Exception) -> str:
    details = getattr(error, "errors", None) or [{}]
    found = details[0]
    if not found.get("description"):
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0].rstrip(".")
    # Line 1 is the `select (` that stands before what the person wrote.
    where = f" near {found['highlight']!r}" if found.get("highlight", ")") != ")" else ""
    return f"{found['description'].rstrip('.')}{where}"
