"""Casts: which of them every target has, and how they give the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from controlplane.sql.columns import ExpressionError
from controlplane.sql.number_rewrites import sure_text
from controlplane.sql.values import cast, is_floating, shown, type_of, whole_literal

_KIND = exp.DataType.Type
_FAMILIES: Mapping[Any, str] = {
    _KIND.TEXT: "text",
    _KIND.VARCHAR: "text",
    _KIND.CHAR: "text",
    _KIND.SMALLINT: "integer",
    _KIND.INT: "integer",
    _KIND.BIGINT: "bigint",
    _KIND.DECIMAL: "decimal",
    _KIND.DOUBLE: "double",
    _KIND.BOOLEAN: "boolean",
    _KIND.DATE: "date",
    _KIND.TIMESTAMP: "timestamp",
    _KIND.TIME: "time",
    _KIND.UUID: "uuid",
    _KIND.JSON: "json",
    _KIND.INTERVAL: "interval",
}
_NUMBERS = ("integer", "bigint", "decimal", "double")
# What a value that is no text can be cast to.
_CASTS: Mapping[str, tuple[str, ...]] = {
    "integer": (*_NUMBERS, "text", "boolean"),
    "bigint": (*_NUMBERS, "text"),
    "decimal": (*_NUMBERS, "text"),
    "double": _NUMBERS,
    "boolean": ("boolean", "integer", "text"),
    "date": ("date", "timestamp", "text"),
    "timestamp": ("timestamp", "date", "time", "text"),
    "time": ("time", "text"),
    "uuid": ("uuid", "text"),
    "json": ("json", "text"),
    "interval": ("interval",),
}
_INSTEAD: Mapping[str, str] = {
    "real": "double precision",
    "jsonb": "json",
    "bytea": "text",
    "timestamptz": "timestamp",
}


def cast_rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    """A cast as `dialect` has it; other nodes as they are.

    Raises:
        ExpressionError: a target has no such cast, or means something else by it.
    """
    if not isinstance(node, exp.Cast):
        return node
    target = _FAMILIES.get(node.to.this)
    if target is None:
        name = shown(node.to).lower()
        hint = f"; write {_INSTEAD[name]}" if name in _INSTEAD else ""
        raise ExpressionError(f"casts to {name}, which not every target has{hint}")
    _check_pair(node, target)
    if target == "text":
        return _to_text(node)
    if target == "decimal" and dialect == "duckdb" and is_floating(node.this):
        node.set("this", sure_text(node.this))
    return node


def _check_pair(node: exp.Cast, target: str) -> None:
    source = "double" if is_floating(node.this) else _FAMILIES.get(type_of(node.this))
    literal = node.this.unnest()
    if source == "double" and isinstance(literal, exp.Literal):
        source = "decimal"
    if source is None or source not in _CASTS or target in _CASTS[source]:
        return
    hint = ""
    if source == "double" and target == "text":
        hint = ", whose text differs between targets; cast it to numeric(p, s) before"
    elif target == "boolean":
        hint = "; write x <> 0"
    elif source == "boolean":
        hint = "; cast it to integer before"
    raise ExpressionError(
        f"casts a{'n' if source[0] in 'aeiou' else ''} {source} to {target} in {shown(node)}"
        f"{hint or ', which not every target does'}"
    )


def _to_text(node: exp.Cast) -> exp.Expr:
    """As text; `varchar(n)` is the first n characters, as PostgreSQL has it."""
    to: exp.DataType = node.args["to"]
    lengths = to.expressions
    if to.this == _KIND.CHAR:
        raise ExpressionError(
            f"casts to {shown(to).lower()}, which PostgreSQL pads with blanks; write"
            " varchar(n), left(x, n) or text"
        )
    text = cast(with_fixed_digits(node.this), "text")
    length = whole_literal(lengths[0].this) if lengths else None
    if length is None:
        return text
    inner = node.this if _FAMILIES.get(type_of(node.this)) == "text" else text
    left = exp.Left(this=inner, expression=exp.Literal.number(length))
    left.type = text.type
    return left


def with_fixed_digits(node: exp.Expr) -> exp.Expr:
    """`node` so that its text is alike: a decimal gets the digits behind the point of its type.

    Raises:
        ExpressionError: it is a double or a span of time, whose text differs between targets.
    """
    kind = type_of(node)
    part = node.unnest()
    if is_floating(node) or kind == _KIND.INTERVAL:
        what = "a double" if is_floating(node) else "a span of time"
        hint = "cast it to numeric(p, s) before" if is_floating(node) else "take its parts"
        raise ExpressionError(
            f"makes text of {what} in {shown(node)}, which differs between targets; {hint}"
        )
    if kind != _KIND.DECIMAL or isinstance(part, (exp.Column, exp.Cast, exp.Literal)):
        return node
    digits = [digit.name for digit in node.type.expressions] if node.type else []
    return cast(node, f"decimal({', '.join(digits)})") if len(digits) == 2 else node
