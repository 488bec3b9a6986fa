"""Dates and times: their parts and their texts, written so that every target agrees."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from controlplane.sql.columns import ExpressionError
from controlplane.sql.values import call, cast, shown, text_literal, type_of, typed

_KIND = exp.DataType.Type
_OF_DAYS = (
    *("year", "month", "day", "dow", "isodow", "doy", "week", "quarter", "isoyear"),
    *("decade", "century", "millennium", "epoch"),
)
_OF_TIMES = ("hour", "minute", "second", "millisecond", "microsecond")
_OF_SPANS = ("year", "month", "day", *_OF_TIMES, "epoch")
_OF_CLOCKS = (*_OF_TIMES, "epoch")
_TRUNCATED = (
    *("year", "quarter", "month", "week", "day", "decade"),
    *("hour", "minute", "second", "millisecond", "microsecond"),
)
# A fraction that DuckDB leaves out: how many microseconds make one.
_FRACTIONS: Mapping[str, int] = {"second": 1_000_000, "millisecond": 1_000}
# PostgreSQL's fields of a date's text, and what DuckDB calls them; longer ones first.
_FIELDS: Mapping[str, str] = {
    "FMMonth": "%B",
    "FMDay": "%A",
    "HH24": "%H",
    "HH12": "%I",
    "IYYY": "%G",
    "YYYY": "%Y",
    "FMDD": "%-d",
    "FMMM": "%-m",
    "Mon": "%b",
    "DDD": "%j",
    "Dy": "%a",
    "YY": "%y",
    "MM": "%m",
    "DD": "%d",
    "MI": "%M",
    "SS": "%S",
    "US": "%f",
    "MS": "%g",
    "IW": "%V",
    "ID": "%u",
    "HH": "%I",
    "AM": "%p",
    "PM": "%p",
}
_READ_FIELDS = ("YYYY", "MM", "DD")
_FIELD = re.compile(rf'"[^"]*"|{"|".join(_FIELDS)}|[^A-Za-z"]', re.DOTALL)


def with_parts(tree: exp.Expr) -> exp.Expr:
    """`tree`, changed in place: `year(x)` as `extract(year from x)`, `date(x)` as a cast."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, (exp.Year, exp.Month, exp.Day)):
            return exp.Extract(this=exp.var(node.key.upper()), expression=node.this)
        if isinstance(node, exp.Date) and node.this is not None:
            return exp.cast(node.this, "date")
        return node

    return tree.transform(rewrite, copy=False)


def time_rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    """`node` as `dialect` has it; itself where nothing is to be changed.

    Raises:
        ExpressionError: no way of writing it is alike on every target.
    """
    match node:
        case exp.Extract():
            return _part(node, dialect)
        case exp.TimestampTrunc():
            return _truncated(node)
        case exp.TimeToStr():
            return _written(node, dialect)
        case exp.StrToDate():
            _format(node, _READ_FIELDS)
        case exp.Anonymous() if str(node.this).lower() == "age" and len(node.expressions) != 2:
            raise ExpressionError("needs two times for age(…), as in age(now(), x)")
    return node


def _unit(written: str) -> str:
    """A part's name in the singular, without its other names."""
    name = written.lower()
    known = {"days": "day", "millenium": "millennium", "centuries": "century"}
    known |= {f"{unit}s": unit for unit in (*_OF_SPANS, "week", "decade", "quarter")}
    return known.get(name, name)


def _part(node: exp.Extract, dialect: str) -> exp.Expr:
    unit, kind = _unit(node.this.name), type_of(node.expression)
    known: tuple[str, ...] = (*_OF_DAYS, *_OF_TIMES)
    if kind == _KIND.DATE:
        known = _OF_DAYS
    elif kind == _KIND.TIME:
        known = _OF_CLOCKS
    elif kind == _KIND.INTERVAL:
        known = _OF_SPANS
    if unit not in known:
        raise ExpressionError(
            f"takes the part '{unit}' in {shown(node)}, which not every target has (has:"
            f" {', '.join(known)})"
        )
    node.set("this", exp.var(unit.upper()))
    if unit == "epoch":
        return cast(node, "double precision") if dialect != "duckdb" else node
    if unit not in _FRACTIONS:
        return node
    if dialect != "duckdb":
        return cast(node, "double precision")
    node.set("this", exp.var("MICROSECOND"))
    return typed(
        exp.Paren(this=exp.Div(this=node, expression=exp.Literal.number(_FRACTIONS[unit]))),
        "double precision",
    )


def _truncated(node: exp.TimestampTrunc) -> exp.Expr:
    unit, kind = _unit(str(node.args["unit"].name)), type_of(node.this)
    if unit not in _TRUNCATED or kind in (_KIND.TIME, _KIND.INTERVAL):
        raise ExpressionError(
            f"cuts off at '{unit}' in {shown(node)}, which targets do in their own ways; a date or"
            f" a time can be cut off at {', '.join(_TRUNCATED)}"
        )
    if kind == _KIND.DATE:
        # PostgreSQL would make a time with a zone of it.
        node.set("this", cast(node.this, "timestamp"))
    return node


def _written(node: exp.TimeToStr, dialect: str) -> exp.Expr:
    if type_of(node.this) not in (_KIND.DATE, _KIND.TIMESTAMP, None):
        raise ExpressionError(
            f"writes what is no date or time with to_char in {shown(node)}; cast it to text:"
            " cast(cast(x as numeric(p, s)) as text)"
        )
    parts = _format(node, tuple(_FIELDS))
    if dialect != "duckdb":
        written = exp.Literal.string("".join(parts))
        return call("to_char", node.this, written, kind="text")
    pattern = "".join(
        _FIELDS.get(part) or (part[1:-1] if part.startswith('"') else part).replace("%", "%%")
        for part in parts
    )
    return call("strftime", node.this, exp.Literal.string(pattern), kind="text")


def _format(node: exp.Expr, fields: tuple[str, ...]) -> list[str]:
    """The fields and the texts between them of a date's format."""
    given = node.args.get("format")
    if text_literal(given) is None:
        raise ExpressionError(f"needs a format that is a plain text in {shown(node)}")
    # sqlglot keeps the format as strftime has it, and writes it back.
    text = str(Dialect.get_or_raise("postgres").generator().format_time(node))
    text = text[1:-1].replace("''", "'")
    if text == text.lower() and '"' not in text:
        text = text.upper()
    parts, at = [], 0
    while at < len(text):
        found = _FIELD.match(text, at)
        if found is None or (found[0] in _FIELDS and found[0] not in fields):
            raise ExpressionError(
                f"has the format '{text}', whose '{text[at:]}' not every target reads alike (has:"
                f' {", ".join(fields)}, "text")'
            )
        parts.append(found[0])
        at = found.end()
    return parts
