"""Writes an expression as it stands in a model, for every target."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from controlplane.sql.columns import ExpressionError, Visible
from controlplane.sql.parse import DIALECT
from controlplane.sql.types import annotated

TARGET_DIALECTS = ("duckdb", "postgres")


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
    """The expression as each target reads it.

    Raises:
        ExpressionError: one of the targets has nothing that says the same.
    """
    typed = annotated(tree, columns).transform(_with_trimmed_spaces)
    texts = {}
    for dialect in TARGET_DIALECTS:
        try:
            text = typed.sql(
                dialect=dialect,
                normalize_functions="lower",
                comments=False,
                unsupported_level=ErrorLevel.RAISE,
            )
        except UnsupportedError as error:
            what = str(error).splitlines()[0].rstrip(".")
            raise ExpressionError(f"cannot be written for {dialect}: {what}") from None
        texts[dialect] = _lower(text)
    return texts


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


def _lower(text: str) -> str:
    """`text` in lower case, except for what stands in quotes."""
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", text)
    return "".join(part if index % 2 else part.lower() for index, part in enumerate(parts))
