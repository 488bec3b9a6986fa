"""Asks all rows of a table whether the types chosen from a sample hold, and which cast is safe.

A cast is safe where silver reads every value, which is the rule of `macros/try_cast.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb

from controlplane.discover.evidence import Choice
from controlplane.discover.numbers import DRESSED_NUMBER, PLAIN_NUMBER
from controlplane.load.column_types import LONGEST_SCALE
from controlplane.targets.base import literal, quoted

# Columns of one query: more of them make it slow to plan.
_WIDTH = 40
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

# The one form in which most numbers and dates are written, cheap to recognise.
_PLAIN: Mapping[str, str] = {
    "integer": _matches("0|-?[1-9][0-9]{0,17}"),
    "decimal": _matches(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,20})?"),
    "date": "(try_cast({c} as date)::varchar is not distinct from {c})",
    "timestamp": "(try_cast({c} as timestamp)::varchar is not distinct from {c})",
}
_TEXT = "trim({c}, ' ')"
# Longer integers are asked whether they fit.
_INTEGER_LENGTH = 9


@dataclass(frozen=True)
class Checked:
    """What all rows of a column say.

    `rows` have a value; `exceptions` are rows that are neither of the type nor a sentinel;
    `storage` is the portable type that is safe; `sentinels` have the rows of each; `storage_without`
    is the type that would be safe without those that are in its way.
    """

    rows: int
    exceptions: int
    storage: str
    is_constant: bool
    sentinels: Mapping[str, int] = field(default_factory=dict)
    storage_without: str = "text"


def check_columns(
    reader: duckdb.DuckDBPyConnection, relation: str, choices: Mapping[str, Choice]
) -> dict[str, Checked]:
    """The answer of all rows on the choice of each column, some dozens of columns in one scan.

    What is written in the plainest way is recognised at once; only columns with other values are
    looked at a second time.
    """
    quick = _scan(
        reader, relation, {name: _quick_terms(choice) for name, choice in choices.items()}
    )
    open_terms = {
        name: _full_terms(choice)
        for name, choice in choices.items()
        if quick[name].get("odd", 1) or quick[name].get("length", 0) > _INTEGER_LENGTH
    }
    full = _scan(reader, relation, {name: terms for name, terms in open_terms.items() if terms})
    found = {name: _answer(choice, quick[name], full.get(name)) for name, choice in choices.items()}
    for name, storage in _without_sentinels(reader, relation, choices).items():
        found[name] = replace(found[name], storage_without=storage)
    return found


def _without_sentinels(
    reader: duckdb.DuckDBPyConnection, relation: str, choices: Mapping[str, Choice]
) -> dict[str, str]:
    """The types that numbers could be stored as if what is none of them were null."""
    bare: dict[str, Choice] = {}
    quick: dict[str, dict[str, str]] = {}
    full: dict[str, dict[str, str]] = {}
    for name, choice in choices.items():
        words = [value for value in choice.sentinels if value not in choice.matched]
        if choice.numbers is None or not words:
            continue
        bare[name] = replace(choice, sentinels={})
        listed = ", ".join(literal(value) for value in words)
        rest = f"(case when {_TEXT} in ({listed}) then null else {{c}} end)"
        for found, terms in ((quick, _quick_terms), (full, _full_terms)):
            found[name] = {k: term.replace("{c}", rest) for k, term in terms(bare[name]).items()}
    first, second = _scan(reader, relation, quick), _scan(reader, relation, full)
    return {name: _answer(bare[name], first[name], second[name]).storage for name in bare}


def _scan(
    reader: duckdb.DuckDBPyConnection, relation: str, terms: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, int]]:
    """What the terms of each column give; `{c}` in a term is the column."""
    found: dict[str, dict[str, int]] = {name: {} for name in terms}
    names = [name for name in terms if terms[name]]
    for start in range(0, len(names), _WIDTH):
        part = names[start : start + _WIDTH]
        asked = [
            (name, key, term.replace("{c}", quoted(name)))
            for name in part
            for key, term in terms[name].items()
        ]
        query = f"select {', '.join(sql for _, _, sql in asked)} from {relation}"
        row = reader.execute(query).fetchone() or ()
        for (name, key, _), value in zip(asked, row, strict=True):
            found[name][key] = int(value or 0)
    return found


def read_exceptions(
    reader: duckdb.DuckDBPyConnection, relation: str, column: str, choice: Choice
) -> dict[str, int]:
    """The values that are not of the type, the most frequent first, with their rows.

    All values of a column whose type allows any.
    """
    test = type_test(choice)
    other = f" and not ({test.replace('{c}', 'c')})" if test else ""
    text = f"trim({quoted(column)}, ' ')"
    rows = reader.execute(
        f"select c, count(*) from (select {text} as c from {relation})"
        f" where c <> ''{other} group by c order by count(*) desc, c limit {_MOST_EXCEPTIONS}"
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
    """The portable types that the values may be stored as; the first that is safe is taken.

    There are none where the sample already has a value that silver would not read.
    """
    if any(value not in choice.matched for value in choice.sentinels):
        return ()
    if choice.type == "string":
        return tuple(kind for kind in ("uuid", "json") if choice.semantic == kind)
    if choice.numbers is not None:
        if not choice.numbers.is_plain or choice.semantic in ("currency", "percent"):
            return ()
        return ("decimal", "double") if choice.type == "decimal" else ("integer",)
    if choice.times is not None:
        if not choice.format or not choice.format.startswith(("%Y-%m-%d", "%H:%M")):
            return ()
        return {"date": ("date",), "datetime": ("timestamp",), "time": ("time",)}[choice.type]
    return ("boolean",) if choice.type == "boolean" else ()


def _quick_terms(choice: Choice) -> dict[str, str]:
    """What is asked of a column as it stands; `odd` counts what is not written plainly."""
    has = "{c} <> ''"
    terms = {"rows": f"count(*) filter (where {has})"}
    kind = next(iter(_safe_types(choice)), "")
    if kind in _PLAIN:
        terms["odd"] = f"count(*) filter (where {has} and not {_PLAIN[kind]})"
    if kind == "integer":
        terms["length"] = "max(length({c}))"
    elif kind == "decimal":
        terms["whole"] = "max(length({c}))"
        terms["scale"] = "max(length({c}) - instr({c}, '.')) filter (where contains({c}, '.'))"
    if choice.semantic == "constant":
        terms["constant"] = f"min({_TEXT}) filter (where {has}) = max({_TEXT}) filter (where {has})"
    for index, value in enumerate(choice.sentinels):
        same = "{c}" if not value.strip() else _TEXT
        terms[f"sentinel {index}"] = f"count(*) filter (where {same} = {literal(value)})"
    return terms


def _full_terms(choice: Choice) -> dict[str, str]:
    """What is asked of a column whose values have no one plain form."""
    terms: dict[str, str] = {}
    has = f"{_TEXT} <> ''"
    kinds = _safe_types(choice)
    if test := type_test(choice):
        words = ", ".join(literal(value) for value in choice.sentinels)
        expected = f"({test} or {{c}} in ({words}))" if words else f"({test})"
        terms["exceptions"] = f"count(*) filter (where {has} and not {expected})"
    for kind in kinds:
        terms[kind] = f"count(*) filter (where {has} and not ({_SAFE[kind]}))"
    if "integer" in kinds:
        terms["largest"] = "max(abs(try_cast({c} as hugeint))) > 2147483647"
    if "decimal" in kinds:
        terms["whole"] = "max(length(split_part(ltrim({c}, '+-'), '.', 1)))"
        terms["scale"] = "max(length(split_part({c}, '.', 2)))"
    return {key: term.replace("{c}", _TEXT) for key, term in terms.items()}


def _answer(choice: Choice, quick: Mapping[str, int], full: Mapping[str, int] | None) -> Checked:
    kinds = _safe_types(choice)
    is_plain = full is None or not kinds
    unsafe = full or {}
    storage = next(
        (kind for kind in kinds if quick["rows"] and (is_plain or not unsafe[kind])), "text"
    )
    sizes = quick if full is None else full
    if storage == "integer" and unsafe.get("largest"):
        storage = "bigint"
    elif storage in ("decimal", "double"):
        is_double = is_plain or not unsafe["double"]
        storage = _decimal(sizes["whole"], sizes["scale"], is_double, storage == "decimal")
    return Checked(
        rows=quick["rows"],
        exceptions=unsafe.get("exceptions", 0),
        storage=storage,
        is_constant=bool(quick.get("constant")),
        sentinels={
            value: quick[f"sentinel {index}"] for index, value in enumerate(choice.sentinels)
        },
    )


def _decimal(whole: int, scale: int, is_double: bool, is_decimal: bool) -> str:
    """Precision and scale, with room for larger numbers than were seen."""
    if is_decimal and scale <= LONGEST_SCALE and whole + scale <= 38:
        return f"decimal({18 if whole + scale <= 15 else 38},{scale})"
    return "double" if is_double else "text"
