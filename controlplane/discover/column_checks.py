"""Asks all rows of a table whether the types chosen from a sample hold, and which cast is safe.

A cast is safe where silver reads every value, which is the rule of `macros/try_cast.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from controlplane.discover.numbers import DRESSED_NUMBER, PLAIN_NUMBER
from controlplane.discover.type_choice import Choice
from controlplane.load.column_types import LONGEST_SCALE
from controlplane.targets.base import literal, quoted

# Columns of one query: more of them make it slow to plan.
_WIDTH = 100
_MOST_EXCEPTIONS = 200

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_FULL_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def _matches(pattern: str) -> str:
    return f"regexp_full_match({{c}}, {literal(pattern)})"


# What silver reads without loss; `{c}` is the text without spaces at its ends.
_SAFE: Mapping[str, str] = {
    "boolean": "lower({c}) in ('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', '1', '0')",
    "integer": f"{_matches('[+-]?(0|[1-9][0-9]{0,18})')} and try_cast({{c}} as bigint) is not null",
    "decimal": f"{_matches(r'[+-]?(0|[1-9][0-9]*)?([.][0-9]+)?')} and length({{c}}) <= 40",
    "double": _matches(
        r"[+-]?([0-9]{1,200}(\.[0-9]*)?|\.[0-9]+)|[+-]?([0-9](\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]{1,2}"
    ),
    "date": f"{_matches(_DATE)} and try_cast({{c}} as date) is not null",
    "timestamp": f"{_matches(f'{_DATE}([ T]{_CLOCK}|[ T]{_FULL_CLOCK}{_OFFSET})?')}"
    " and try_cast(left({c}, 10) as date) is not null",
    "time": _matches(_CLOCK),
    "uuid": _matches(_UUID),
    "json": "left({c}, 1) in ('{', '[') and json_valid({c})",
}


@dataclass(frozen=True)
class Checked:
    """What all rows of a column say.

    `rows` have a value; `exceptions` are rows that are neither of the type nor a sentinel;
    `storage` is the portable type that is safe; `sentinels` have the rows of each.
    """

    rows: int
    exceptions: int
    storage: str
    is_constant: bool
    sentinels: Mapping[str, int] = field(default_factory=dict)


def check_columns(
    reader: duckdb.DuckDBPyConnection, relation: str, choices: Mapping[str, Choice]
) -> dict[str, Checked]:
    """The answer of all rows on the choice of each column, in one scan for a hundred columns."""
    found: dict[str, Checked] = {}
    names = list(choices)
    for start in range(0, len(names), _WIDTH):
        part = names[start : start + _WIDTH]
        asked = [_asked(f"c{index}", choices[name]) for index, name in enumerate(part)]
        texts = ", ".join(f"trim({quoted(name)}, ' ') as c{i}" for i, name in enumerate(part))
        terms = ", ".join(term for terms in asked for term in terms)
        row = reader.execute(f"select {terms} from (select {texts} from {relation})").fetchone()
        values = iter(row or ())
        for name, own in zip(part, asked, strict=True):
            found[name] = _answer(choices[name], [next(values) for _ in own])
    return found


def read_exceptions(
    reader: duckdb.DuckDBPyConnection, relation: str, column: str, choice: Choice
) -> dict[str, int]:
    """The values that are not of the type, the most frequent first, with their rows."""
    test = type_test(choice)
    if test is None:
        return {}
    text = f"trim({quoted(column)}, ' ')"
    rows = reader.execute(
        f"select c, count(*) from (select {text} as c from {relation})"
        f" where c <> '' and not ({test.replace('{c}', 'c')}) group by c order by count(*) desc, c"
        f" limit {_MOST_EXCEPTIONS}"
    ).fetchall()
    return {str(value): int(count) for value, count in rows}


def type_test(choice: Choice) -> str | None:
    """SQL that says whether `{c}` is of the chosen type; None where every text is."""
    if choice.type == "boolean":
        words = ", ".join(literal(word.lower()) for word in sorted(choice.matched))
        return f"lower({{c}}) in ({words})"
    if choice.times is not None and choice.type in ("date", "datetime", "time"):
        pattern = "|".join(shape_regex(shape) for shape in choice.times.shapes)
        return f"regexp_full_match({{c}}, {literal(pattern)})"
    if choice.numbers is not None:
        if choice.numbers.is_plain and choice.numbers.whole:
            return f"regexp_full_match({{c}}, {literal('[+-]?[0-9]+')})"
        pattern = PLAIN_NUMBER if choice.numbers.is_plain else f"{PLAIN_NUMBER}|{DRESSED_NUMBER}"
        return f"regexp_full_match({{c}}, {literal(pattern)})"
    return None


def shape_regex(shape: str) -> str:
    """The regular expression of a shape of dates and times."""
    made = []
    for part in re.findall(r"\[[0-9]+\]|.", shape, re.DOTALL):
        if part == "D":
            made.append("[0-9]{1,2}")
        elif part == "Y":
            made.append("[0-9]{4}")
        elif part[0] == "[":
            made.append(f"[0-9]{{{part[1:-1]}}}")
        elif part in "BAPZFo":
            made.append(r"[^0-9\s]+")
        elif part in "TW":
            made.append(part)
        else:
            made.append(re.escape(part))
    return "".join(made)


def _safe_types(choice: Choice) -> tuple[str, ...]:
    """The portable types that the values may be stored as, the first that is safe is taken."""
    if choice.semantic == "uuid":
        return ("uuid",)
    if choice.semantic == "json":
        return ("json",)
    if choice.type in ("integer", "year") or (choice.semantic or "").startswith("unix_"):
        return ("integer",)
    by_type = {
        "decimal": ("decimal", "double"),
        "boolean": ("boolean",),
        "date": ("date",),
        "datetime": ("timestamp",),
        "time": ("time",),
    }
    return by_type.get(choice.type, ())


def _asked(column: str, choice: Choice) -> list[str]:
    """The aggregates that are asked of a column."""
    has = f"{column} <> ''"
    terms = [f"count(*) filter (where {has})"]
    test = type_test(choice)
    words = ", ".join(literal(value) for value in choice.sentinels)
    expected = f"({test.replace('{c}', column)})" if test else "true"
    if words:
        expected = f"({expected} or {column} in ({words}))"
    terms.append(f"count(*) filter (where {has} and not {expected})" if test else "0")
    terms += [
        f"count(*) filter (where {has} and not ({_SAFE[kind].replace('{c}', column)}))"
        for kind in _safe_types(choice)
    ]
    kinds = _safe_types(choice)
    if "integer" in kinds:
        terms.append(f"max(abs(try_cast({column} as hugeint)))")
    if "decimal" in kinds:
        terms.append(f"max(length(split_part(ltrim({column}, '+-'), '.', 1)))")
        terms.append(f"max(length(split_part({column}, '.', 2)))")
    if choice.semantic == "constant":
        terms.append(
            f"coalesce(min({column}) filter (where {has}) = max({column}) filter (where {has}), true)"
        )
    terms += [f"count(*) filter (where {column} = {literal(value)})" for value in choice.sentinels]
    return terms


def _answer(choice: Choice, values: Sequence[int | bool | None]) -> Checked:
    given = iter(values)

    def number() -> int:
        return int(next(given) or 0)

    rows, exceptions = number(), number()
    kinds = _safe_types(choice)
    unsafe = {kind: number() for kind in kinds}
    largest = number() if "integer" in kinds else 0
    whole, scale = (number(), number()) if "decimal" in kinds else (0, 0)
    is_constant = bool(number()) if choice.semantic == "constant" else False
    counts = {value: number() for value in choice.sentinels}
    storage = next((kind for kind in kinds if rows and not unsafe[kind]), "text")
    if storage == "integer" and largest >= 2**31:
        storage = "bigint"
    elif storage == "decimal":
        storage = _decimal(whole, scale, not unsafe["double"])
    return Checked(rows, exceptions, storage, is_constant, counts)


def _decimal(whole: int, scale: int, is_double: bool) -> str:
    """Precision and scale, with room for larger numbers than were seen."""
    if whole + scale > 38:
        return "text"
    if scale > LONGEST_SCALE:
        return "double" if is_double else "text"
    return f"decimal({18 if whole + scale <= 15 else 38},{scale})"
