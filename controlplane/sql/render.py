"""Writes an expression as it stands in a model, for every target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from controlplane.sql.allowed import refuse_unknown
from controlplane.sql.columns import ExpressionError, Visible
from controlplane.sql.parse import DIALECT
from controlplane.sql.patterns import with_portable_patterns
from controlplane.sql.types import annotated, check_types, in_utc, kind_of

TARGET_DIALECTS = ("duckdb", "postgres")


@dataclass(frozen=True)
class Expression:
    """An expression that means the same on every target.

    Attributes:
        tree: the expression, its columns resolved.
        kind: the portable type of its result; None where it cannot be told.
        texts: the expression as each target reads it.
    """

    tree: exp.Expr
    kind: str | None
    texts: Mapping[str, str]

    @property
    def is_alike(self) -> bool:
        """Whether every target reads the same text."""
        return len(set(self.texts.values())) == 1

    @property
    def text(self) -> str:
        """The expression as it stands in a model: plain SQL, or one text a target."""
        if self.is_alike:
            return plain_text(self.texts[DIALECT])
        arguments = ", ".join(f"{name}={jinja_string(text)}" for name, text in self.texts.items())
        return "{{ by_target(" + arguments + ") }}"


def settled(tree: exp.Expr, columns: Visible) -> Expression:
    """The expression in `tree`, whose columns are resolved; the tree is changed in place.

    Args:
        tree: a parsed expression.
        columns: the columns with their types, so that division and casts mean the same everywhere.

    Raises:
        ExpressionError: it cannot be written so that every target gives the same.
    """
    refuse_unknown(tree)
    found = with_portable_patterns(in_utc(tree))
    typed = annotated(found, columns)
    check_types(typed)
    kind = kind_of(typed)
    typed = typed.transform(_with_trimmed_spaces, copy=False)
    return Expression(found, kind, {dialect: _text(typed, dialect) for dialect in TARGET_DIALECTS})


def _text(typed: exp.Expr, dialect: str) -> str:
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
    return _lower(text)


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
