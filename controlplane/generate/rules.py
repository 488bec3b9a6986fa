"""What must hold for each record: the spec's validation rules, as SQL and as data tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from controlplane import naming, sql
from controlplane.generate.column_change import condition_fits
from controlplane.generate.process import Rule, sentence
from controlplane.generate.resolver import Resolver, value_sql
from controlplane.generate.steps import ruled_column
from controlplane.specs.transform import ValidationRule
from controlplane.sql import Column, ExpressionError

Columns = tuple[Column, ...]
# What a record looks like that breaks the rule, the data test that says the same, its arguments.
Written = tuple[str | None, str, dict[str, Any]]

_SETTINGS = {
    "regex": ("column",),
    "not_null": ("column",),
    "unique": ("column",),
    "range": ("column", "min", "max"),
    "length": ("column", "min", "max"),
    "accepted_values": ("column", "values"),
}
# Types whose text may differ between targets, so that a pattern would too.
_WITHOUT_PATTERNS = ("double", "json")


def rules(resolver: Resolver, columns: Columns, tables: Sequence[str]) -> tuple[Rule, ...]:
    """The spec's validation rules over the columns that silver has."""
    found = []
    for index, rule in enumerate(resolver.spec.transform_config.data_quality.validation_rules):
        place = f"transform_config.data_quality.validation_rules[{index}]"
        column: Column | None = None
        written: Written | None = None
        if rule.type == "expression":
            written = _expression(resolver, place, rule, columns, tables)
        else:
            resolver.settings(place, rule.parameters, _SETTINGS[rule.type])
            column = ruled_column(
                resolver,
                place,
                rule,
                columns,
                named_by_expression=rule.type in ("not_null", "unique"),
            )
            if column:
                written = _written(resolver, place, rule, column)
        if written is not None:
            violation, test, arguments = written
            found.append(
                Rule(
                    naming.snake_case(rule.name),
                    sentence(rule.description),
                    rule.severity,
                    column.name if column else None,
                    violation,
                    test,
                    arguments,
                    rule.type,
                )
            )
    return tuple(found)


def _expression(
    resolver: Resolver, place: str, rule: ValidationRule, columns: Columns, tables: Sequence[str]
) -> Written | None:
    at = f"{place}.expression"
    found = resolver.parse(at, rule.expression, columns, parameters=rule.parameters, tables=tables)
    if found is None or not condition_fits(resolver, at, found):
        return None
    texts = found.texts
    arguments = {"expression": texts[sql.DIALECT] if found.is_alike else texts}
    return f"not ({found.text})", "satisfies", arguments


def _written(
    resolver: Resolver, place: str, rule: ValidationRule, column: Column
) -> Written | None:
    match rule.type:
        case "not_null":
            return f"{column.name} is null", "not_null", {}
        case "unique":
            if column.type == "json":
                resolver.problem(place, f"JSON cannot be compared, and {column.name} is json")
                return None
            return None, "unique", {}
        case "regex":
            return _regex(resolver, place, rule, column)
        case "accepted_values":
            return _accepted_values(resolver, place, rule, column)
        case _:
            return _bounded(resolver, place, rule, column)


def _regex(resolver: Resolver, place: str, rule: ValidationRule, column: Column) -> Written | None:
    try:
        pattern = sql.portable_pattern(rule.expression)
    except sql.PatternError as error:
        resolver.problem(f"{place}.expression", str(error))
        return None
    if column.type in _WITHOUT_PATTERNS:
        resolver.problem(
            place,
            f"'regex' is for text, and the column {column.name} is {column.type}, whose text"
            " differs between targets",
        )
        return None
    subject = column.name if column.type == "text" else f"cast({column.name} as text)"
    call = f"matches({sql.jinja_string(subject)}, {sql.jinja_string(pattern)})"
    return f"not {{{{ {call} }}}}", "matches_pattern", {"pattern": pattern}


def _accepted_values(
    resolver: Resolver, place: str, rule: ValidationRule, column: Column
) -> Written | None:
    given = rule.parameters.get("values")
    at = f"{place}.parameters.values"
    if given is not None and rule.expression:
        resolver.problem(f"{place}.expression", "the values are in parameters already; keep one")
        return None
    if given is None:
        given, at = listed_values(rule.expression), f"{place}.expression"
    if not isinstance(given, list) or not given:
        resolver.problem(at, "names no values; list them, with commas")
        return None
    try:
        written = [value_sql(value, column.type) for value in given]
    except ExpressionError as error:
        resolver.problem(at, str(error))
        return None
    shown = ", ".join(dict.fromkeys(written))
    condition = f"{column.name} not in ({sql.plain_text(shown)})"
    if column.type == "text":
        # dbt's own test puts quotes around each value and doubles none inside.
        values = [text[1:-1] for text in dict.fromkeys(written)]
        return condition, "accepted_values", {"values": values}
    values = list(dict.fromkeys(written))
    return condition, "accepted_values", {"values": values, "quote": False}


def listed_values(text: str) -> list[str]:
    """The values of a list such as `a, b`, `'a, b', 'c'` or `in ('a', 'b')`."""
    inner = re.sub(r"^\s*(?:in\s*)?\((.*)\)\s*$", r"\1", text, flags=re.IGNORECASE | re.DOTALL)
    values = []
    for quoted, plain in re.findall(r"\s*(?:'((?:[^']|'')*)'\s*(?:,|$)|([^,]+)(?:,|$))", inner):
        value = quoted.replace("''", "'") if quoted else plain.strip().strip('"')
        if value:
            values.append(value)
    return values


# --- bounds ---------------------------------------------------------------------------------------

_TWO_SIDED = re.compile(
    r"(?:between\s+)?(?P<low>\S+?)\s*(?:\s+and\s+|\.\.|,)\s*(?P<high>\S+)", re.I
)
_ONE_SIDED = re.compile(r"(?P<operator>>=|<=)\s*(?P<bound>\S.*)")


def _bounded(
    resolver: Resolver, place: str, rule: ValidationRule, column: Column
) -> Written | None:
    """A range of values, or of lengths."""
    is_length = rule.type == "length"
    if is_length and column.type != "text":
        resolver.problem(
            place, f"'length' is for text, and the column {column.name} is {column.type}"
        )
        return None
    if not column.is_ordered:
        resolver.problem(place, f"{column.name} is {column.type}, which has no order")
        return None
    bounds = _bounds(resolver, place, rule)
    if bounds is None:
        return None
    subject, kind = (
        (f"length({column.name})", "integer") if is_length else (column.name, column.type)
    )
    if kind == "text":
        subject += ' collate "C"'
    parts = []
    for operator, (at, bound) in zip("<>", bounds, strict=True):
        if bound is None:
            continue
        try:
            parts.append(f"{subject} {operator} {value_sql(bound, kind)}")
        except ExpressionError as error:
            resolver.problem(at, str(error))
            return None
    condition = " or ".join(parts)
    return sql.plain_text(condition), "satisfies", {"expression": f"not ({condition})"}


def _bounds(
    resolver: Resolver, place: str, rule: ValidationRule
) -> tuple[tuple[str, Any], tuple[str, Any]] | None:
    """Lowest and highest allowed value, each with its field; None after noting a problem."""
    low, high = rule.parameters.get("min"), rule.parameters.get("max")
    text = rule.expression.strip()
    if text and (low is not None or high is not None):
        resolver.problem(f"{place}.expression", "the bounds are in parameters already; keep one")
        return None
    if low is not None or high is not None:
        return (f"{place}.parameters.min", low), (f"{place}.parameters.max", high)
    at = f"{place}.expression"
    if matched := _ONE_SIDED.fullmatch(text):
        bound = matched["bound"]
        return (
            ((at, bound), (at, None)) if matched["operator"] == ">=" else ((at, None), (at, bound))
        )
    if matched := _TWO_SIDED.fullmatch(text):
        return (at, _unquoted(matched["low"])), (at, _unquoted(matched["high"]))
    found = f"{text!r} says" if text else "the rule says"
    resolver.problem(
        at,
        f"{found} no bounds; write e.g. 'between 0 and 100', '>= 0',"
        " or parameters.min and parameters.max",
    )
    return None


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
