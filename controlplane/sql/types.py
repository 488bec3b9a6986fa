"""What type an expression gives, as far as that can be told, and what does not go together.

Types are sqlglot's, as PostgreSQL would give them, but for what every target must agree on: a
calculation with decimals has no type, because its digits differ, and a time is always in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.optimizer.annotate_types import annotate_types

from controlplane.sql.columns import Column, ExpressionError, Visible, sql_type
from controlplane.sql.parse import DIALECT

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
    _KIND.TIME: "time",
    _KIND.UUID: "uuid",
    _KIND.JSON: "json",
}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_FAMILIES = {
    "text": "text",
    "boolean": "a truth value",
    "date": "a date or time",
    "timestamp": "a date or time",
}
_NUMERIC = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod),
    *(exp.Round, exp.Trunc, exp.Ceil, exp.Floor),
)
# Parts of a time that may have a fraction.
_FRACTIONS = ("epoch", "second", "seconds", "julian", "millisecond", "milliseconds")


def kind_of(typed: exp.Expr) -> str | None:
    """The portable type of an annotated expression's result; None where it cannot be told."""
    kind = typed.type
    if kind is None:
        return None
    if kind.this == _KIND.DECIMAL and len(kind.expressions) == 2:
        precision, scale = (part.name for part in kind.expressions)
        return f"decimal({precision},{scale})"
    return _PORTABLE.get(kind.this)


def check_types(typed: exp.Expr) -> None:
    """Raise `ExpressionError` where an annotated expression's types do not go together.

    PostgreSQL does not compare a text with a number; a time with a zone depends on who looks at it.
    """
    if typed.type is not None and typed.type.this == _KIND.TIMESTAMPTZ:
        raise ExpressionError("gives a time with a zone; write … at time zone 'UTC' around it")
    for node in typed.find_all(*_COMPARISONS):
        left, right = (_family(side) for side in (node.this, node.expression))
        if left and right and left != right:
            shown = node.sql(dialect=DIALECT, comments=False)
            raise ExpressionError(
                f"compares {left} with {right} in {shown}; cast one of them, or declare the"
                " column's type in source_config.columns"
            )


def in_utc(tree: exp.Expr) -> exp.Expr:
    """`tree`, changed in place: the time of the day is that of every session, in UTC.

    Raises:
        ExpressionError: it casts to a type that the targets do not share.
    """

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.DataType):
            _refuse_type(node)
        if isinstance(node, exp.CurrentTimestamp):
            return _now()
        if isinstance(node, exp.CurrentDate):
            return exp.cast(_now(), "date")
        return node

    return tree.transform(rewrite, copy=False)


def annotated(tree: exp.Expr, columns: Visible) -> exp.Expr:
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
    wrapped = tree.copy().transform(wrap, copy=False)
    typed = annotate_types(wrapped, dialect=DIALECT, expression_metadata=_metadata())
    return typed.transform(unwrap, copy=False)


def _family(tree: exp.Expr) -> str | None:
    """What kind of value the expression gives; None where it fits every kind or is not known."""
    if isinstance(tree, exp.Null) or (isinstance(tree, exp.Literal) and tree.is_string):
        return None
    if tree.type is not None and tree.type.this == _KIND.DECIMAL:
        return "a number"
    kind = kind_of(tree)
    if kind is None:
        return None
    return "a number" if Column("", kind).is_numeric else _FAMILIES.get(kind)


def _now() -> exp.Expr:
    return exp.AtTimeZone(this=exp.CurrentTimestamp(), zone=exp.Literal.string("UTC"))


def _refuse_type(node: exp.DataType) -> None:
    if node.this == _KIND.DECIMAL and not node.expressions:
        raise ExpressionError(
            "casts to a number without saying its digits, which DuckDB takes as decimal(18,3);"
            " write numeric(p, s)"
        )
    if node.this in (_KIND.TIMESTAMPTZ, _KIND.TIMESTAMPLTZ, _KIND.TIMETZ):
        raise ExpressionError("casts to a type with a time zone; times are in UTC: write timestamp")


@cache
def _data_type(portable: str) -> exp.DataType:
    return exp.DataType.build(sql_type(portable), dialect=DIALECT)


# --- where sqlglot's types are not ours -----------------------------------------------------------


@cache
def _metadata() -> dict[Any, Any]:
    """sqlglot's own rules, but for the expressions that every target types in its own way."""
    rules = dict(Dialect.get_or_raise(DIALECT).EXPRESSION_METADATA)
    rules |= {
        kind: {"annotator": _arithmetic(rules.get(kind, {"returns": _KIND.DOUBLE}))}
        for kind in (
            exp.Add,
            exp.Sub,
            exp.Mul,
            exp.Div,
            exp.Mod,
            exp.Round,
            exp.Ceil,
            exp.Floor,
            exp.Trunc,
        )
    }
    rules[exp.CurrentTimestamp] = {"returns": _KIND.TIMESTAMPTZ}
    rules[exp.AtTimeZone] = {"annotator": _at_time_zone}
    rules[exp.TimestampTrunc] = {"returns": _KIND.TIMESTAMP}
    rules[exp.JSONExtractScalar] = {"returns": _KIND.TEXT}
    rules[exp.JSONExtract] = {"returns": _KIND.JSON}
    rules[exp.Extract] = {"annotator": _extract}
    rules[exp.RegexpCount] = {"returns": _KIND.INT}
    rules[exp.Anonymous] = {"annotator": _by_name}
    return rules


def _arithmetic(rule: Mapping[str, Any]) -> Callable[[Any, exp.Expr], exp.Expr]:
    """sqlglot's rule, but for decimals, and for the distance between two times."""

    def annotate(annotator: Any, node: exp.Expr) -> exp.Expr:
        operands = [part for part in (node.this, node.args.get("expression")) if part]
        parts = [part.type.this for part in operands if part.type]
        times = [part for part in parts if part in (_KIND.DATE, _KIND.TIMESTAMP)]
        if isinstance(node, exp.Sub) and len(times) == 2:
            both_dates = times == [_KIND.DATE, _KIND.DATE]
            node.type = exp.DataType.build(_KIND.INT if both_dates else _KIND.INTERVAL)
        elif times and _KIND.INTERVAL in parts:
            # A date and a span of time is a time, even where the span is of days.
            node.type = exp.DataType.build(_KIND.TIMESTAMP)
        elif _KIND.DECIMAL in parts and isinstance(node, exp.Div):
            node.type = exp.DataType.build(_KIND.DOUBLE)
        elif _KIND.DECIMAL in parts:
            # Still a number, so that comparisons can be checked. sqlglot takes 1.19 for a double.
            has_double = any(part.is_type(_KIND.DOUBLE) and not part.is_number for part in operands)
            node.type = exp.DataType.build(_KIND.DOUBLE if has_double else _KIND.DECIMAL)
        elif "annotator" in rule:
            rule["annotator"](annotator, node)
        else:
            node.type = exp.DataType.build(rule["returns"])
        return node

    return annotate


def _at_time_zone(_: Any, node: exp.Expr) -> exp.Expr:
    has_zone = node.this.type is not None and node.this.type.this == _KIND.TIMESTAMPTZ
    node.type = exp.DataType.build(_KIND.TIMESTAMP if has_zone else _KIND.TIMESTAMPTZ)
    return node


_BY_NAME: Mapping[str, Any] = {
    "age": _KIND.INTERVAL,
    "gcd": _KIND.BIGINT,
    "lcm": _KIND.BIGINT,
    "make_date": _KIND.DATE,
    "octet_length": _KIND.INT,
}


def _by_name(_: Any, node: exp.Expr) -> exp.Expr:
    node.type = exp.DataType.build(_BY_NAME.get(str(node.this).lower(), _KIND.UNKNOWN))
    return node


def _extract(_: Any, node: exp.Expr) -> exp.Expr:
    is_whole = str(node.this.name).lower() not in _FRACTIONS
    node.type = exp.DataType.build(_KIND.INT if is_whole else _KIND.DOUBLE)
    return node
