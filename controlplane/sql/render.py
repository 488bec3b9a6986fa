"""Writes an expression as it stands in a model, for every target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from controlplane.sql.allowed import refuse_unknown
from controlplane.sql.columns import ExpressionError, Visible, sql_type, written_type
from controlplane.sql.parse import DIALECT
from controlplane.sql.patterns import with_portable_patterns
from controlplane.sql.rewrites import as_target
from controlplane.sql.time_rewrites import with_parts
from controlplane.sql.types import annotated, check_types, in_utc, kind_of
from controlplane.sql.values import is_floating

TARGET_DIALECTS = ("duckdb", "postgres")


@dataclass(frozen=True)
class Expression:
    """An expression that means the same on every target.

    Attributes:
        tree: the expression, its columns resolved.
        kind: the portable type of its result; None where it cannot be told.
        texts: the expression as each target reads it.
        typed: the expression, each part with its type.
    """

    tree: exp.Expr
    kind: str | None
    texts: Mapping[str, str]
    typed: exp.Expr = field(repr=False, compare=False)

    @property
    def is_alike(self) -> bool:
        """Whether every target reads the same text."""
        return len(set(self.texts.values())) == 1

    @property
    def text(self) -> str:
        """The expression as it stands in a model: plain SQL, or one text a target."""
        return _in_model(self.texts)


def settled(tree: exp.Expr, columns: Visible) -> Expression:
    """The expression in `tree`, whose columns are resolved; the tree is changed in place.

    Args:
        tree: a parsed expression.
        columns: the columns with their types, so that division and casts mean the same everywhere.

    Raises:
        ExpressionError: it cannot be written so that every target gives the same.
    """
    refuse_unknown(tree)
    found = with_portable_patterns(in_utc(with_parts(tree)))
    typed = annotated(found, columns)
    check_types(typed)
    kind = kind_of(typed)
    texts = {name: _text(as_target(typed.copy(), name), name) for name in TARGET_DIALECTS}
    return Expression(found, kind, texts, typed)


def cast_text(found: Expression, kind: str) -> str:
    """The expression cast to a portable type, as it stands in a model.

    Raises:
        ExpressionError: not every target has such a cast, or they differ in what it gives.
    """
    to = exp.DataType.build(sql_type(kind), dialect=DIALECT)
    trees = {
        name: as_target(exp.Cast(this=found.typed.copy(), to=to.copy()), name)
        for name in TARGET_DIALECTS
    }
    if kind.startswith("decimal") and is_floating(found.typed):
        return _in_model({name: _text(tree, name) for name, tree in trees.items()})
    return f"cast({found.text} as {written_type(kind)})"


def _in_model(texts: Mapping[str, str]) -> str:
    if len(set(texts.values())) == 1:
        return plain_text(texts[DIALECT])
    arguments = ", ".join(f"{name}={jinja_string(text)}" for name, text in texts.items())
    return "{{ by_target(" + arguments + ") }}"


def _text(typed: exp.Expr, dialect: str) -> str:
    tree = typed.transform(_with_plain_types) if dialect == "duckdb" else typed
    try:
        text = tree.sql(
            dialect=dialect,
            normalize_functions="lower",
            comments=False,
            unsupported_level=ErrorLevel.RAISE,
        )
    except UnsupportedError as error:
        what = str(error).splitlines()[0].rstrip(".")
        raise ExpressionError(f"cannot be written for {dialect}: {what}") from None
    return _lower(text)


def _with_plain_types(node: exp.Expr) -> exp.Expr:
    """Types under the names that PostgreSQL has for them too."""
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.DOUBLE:
        return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="double precision")
    return node


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
