"""Numbers: rounding, division and functions of doubles, written so that every target agrees.

PostgreSQL computes with exact digits where DuckDB takes a double, and each rounds ties in its own
way. Division gives a double; a double is rounded by the 15 digits that are sure.
"""

from __future__ import annotations

from sqlglot import exp

from controlplane.sql.columns import ExpressionError
from controlplane.sql.values import (
    call,
    cast,
    is_floating,
    is_integer,
    is_number,
    shown,
    type_of,
    typed,
    whole_literal,
)

_KIND = exp.DataType.Type
MAX_DIGITS = 38
_SURE_DIGITS = 15  # of a double; PostgreSQL takes as many when it makes a numeric of one
_OF_DOUBLES = (
    *(exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, exp.Log, exp.Pow, exp.Degrees, exp.Radians),
    *(exp.Sin, exp.Cos, exp.Tan, exp.Cot, exp.Asin, exp.Acos, exp.Atan, exp.Atan2),
)
_AGGREGATES = (
    *(exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
    exp.Median,
)


def number_rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    """`node` as `dialect` has it; itself where nothing is to be changed.

    Raises:
        ExpressionError: no way of writing it is alike on every target.
    """
    if isinstance(node, (exp.Div, exp.Mod, exp.Add, exp.Sub, exp.Mul)):
        return _arithmetic(node, dialect)
    if isinstance(node, (exp.Round, exp.Trunc)):
        return _rounded(node, dialect)
    if isinstance(node, _OF_DOUBLES):
        return _of_doubles(node)
    if isinstance(node, _AGGREGATES) and not is_floating(node.this):
        node.set("this", cast(node.this, "double precision"))
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
        for ordered in node.find_all(exp.Ordered):
            if not is_floating(ordered.this) and type_of(ordered.this) is not None:
                ordered.set("this", cast(ordered.this, "double precision"))
    if isinstance(node, exp.BitwiseRightShift):
        places = whole_literal(node.expression)
        if places is None or not 0 <= places <= 31:
            raise ExpressionError(
                f"shifts by {shown(node.expression)} in {shown(node)}, which targets do in their own"
                " ways; shift by a number from 0 to 31"
            )
    if isinstance(node, exp.Literal) and not node.is_string and "e" in str(node.this).lower():
        return _plain_number(node)
    return node


def _plain_number(node: exp.Literal) -> exp.Expr:
    """`1e3` as `1000`: with an exponent it is a double on one target alone."""
    from decimal import Decimal

    text = f"{Decimal(str(node.this)):f}"
    if len(text.replace(".", "")) > MAX_DIGITS:
        raise ExpressionError(
            f"has the number {node.this}, which takes more than {MAX_DIGITS} digits;"
            f" write cast('{node.this}' as double precision)"
        )
    return typed(exp.Literal.number(text), "decimal" if "." in text else "bigint")


# --- division -------------------------------------------------------------------------------------


def _arithmetic(node: exp.Expr, dialect: str) -> exp.Expr:
    for side in ("this", "expression"):
        part = node.args[side]
        if isinstance(part.unnest(), exp.Extract) and is_integer(part):
            node.set(side, cast(part, "integer"))
    _check_times(node)
    if isinstance(node, (exp.Div, exp.Mod)) and is_number(node.expression):
        _without_zero(node)
    if isinstance(node, exp.Mod) and (is_floating(node.this) or is_floating(node.expression)):
        raise ExpressionError(
            f"takes the remainder of a double in {shown(node)}, which PostgreSQL does not; cast it:"
            " cast(x as numeric(p, s))"
        )
    return _divided(node, dialect) if isinstance(node, exp.Div) else node


def _check_times(node: exp.Expr) -> None:
    kinds = {type_of(node.this), type_of(node.expression)}
    days = next((s for s in (node.this, node.expression) if type_of(s) == _KIND.DATE), None)
    other = node.expression if days is node.this else node.this
    if isinstance(node, exp.Sub) and kinds == {_KIND.TIME}:
        raise ExpressionError(
            f"takes one time of the day from another in {shown(node)}, which DuckDB does not; take"
            " extract(epoch from x) of each"
        )
    if days is not None and is_number(other) and not is_integer(other):
        raise ExpressionError(f"adds a part of a day to a date in {shown(node)}; cast the date")


def _without_zero(node: exp.Expr) -> None:
    """Division by zero is null: an error on one target, and infinite on the other."""
    divisor = node.expression.unnest()
    if whole_literal(divisor) or isinstance(divisor, (exp.Nullif, exp.Pi)):
        return
    if isinstance(divisor, exp.Literal) and float(divisor.this):
        return
    safe = exp.Nullif(this=divisor, expression=exp.Literal.number(0))
    safe.type = divisor.type
    node.set("expression", safe)


def _divided(node: exp.Div, dialect: str) -> exp.Expr:
    left, right = node.this, node.expression
    if is_integer(left) and is_integer(right):
        if dialect != "duckdb":
            return node
        whole = exp.IntDiv(this=left, expression=right)
        whole.type = node.type
        return whole
    if not (is_number(left) and is_number(right)):
        return node
    if not is_floating(left) and not is_floating(right):
        node.set("this", cast(left, "double precision"))
    return typed(node, "double precision")


# --- rounding -------------------------------------------------------------------------------------


def _rounded(node: exp.Expr, dialect: str) -> exp.Expr:
    digits = node.args.get("decimals")
    if not is_floating(node.this):
        if digits is not None and is_integer(node.this):
            # DuckDB rounds an integer beyond its range without a word.
            node.set("this", cast(node.this, "decimal(20, 0)"))
        elif type_of(node.this) is not None and not is_integer(node.this):
            typed(node.this, "decimal")
        return node
    if digits is None:
        if isinstance(node, exp.Trunc) or dialect != "duckdb":
            return node
        return call("round_even", node.this, exp.Literal.number(0), kind="double precision")
    places = whole_literal(digits)
    if isinstance(node, exp.Trunc) or places is None or not 0 <= places <= _SURE_DIGITS:
        raise ExpressionError(
            f"rounds a double in {shown(node)}; give a number of digits from 0 to {_SURE_DIGITS} to"
            " round, or cast it before: cast(x as numeric(p, s))"
        )
    return _rounded_double(node.this, places, dialect)


def _rounded_double(value: exp.Expr, places: int, dialect: str) -> exp.Expr:
    """A double rounded by its sure digits; beyond those it has no fraction worth rounding."""
    if dialect == "duckdb":
        exact = cast(sure_text(value), f"decimal({MAX_DIGITS}, {places})")
        # By way of its text: DuckDB's own cast of a wide decimal is off by the last digit.
        short = cast(cast(exact, "text"), "double precision")
    else:
        numeric = cast(value, f"decimal({MAX_DIGITS}, {places})")
        short = cast(numeric, "double precision")
    limit = exp.Literal.number("1" + "0" * _SURE_DIGITS)
    is_short = exp.LT(this=typed(exp.Abs(this=value.copy()), "double precision"), expression=limit)
    case = exp.Case(ifs=[exp.If(this=is_short, true=short)], default=value.copy())
    return typed(case, "double precision")


def sure_text(value: exp.Expr) -> exp.Expr:
    """DuckDB's text of a double's sure digits, which is what PostgreSQL makes a numeric of."""
    pattern = exp.Literal.string(f"{{:.{_SURE_DIGITS}g}}")
    return call("format", pattern, value.unnest().copy(), kind="text")


# --- functions of doubles -------------------------------------------------------------------------


def _of_doubles(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Log) and node.expression is not None:
        raise ExpressionError(
            f"has a logarithm to another base in {shown(node)}, which is no double on PostgreSQL;"
            " write ln(x) / ln(base)"
        )
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    if any(is_floating(part) for part in parts) or all(is_integer(part) for part in parts):
        return typed(node, "double precision")
    operand = cast(parts[0], "double precision")
    node.set("this", operand)
    return typed(node, "double precision")
