"""SQL that says of a value whether it is what its column was found to be, and written like the rest.

`{c}` stands for the value's text without white space at its ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

import duckdb

from controlplane.discover.findings import Column, ColumnType
from controlplane.discover.numbers import DRESSED_NUMBER, PLAIN_NUMBER
from controlplane.targets.base import literal

# RE2 has no look-ahead: these are plainer than those that find out what texts are.
_WRITTEN = {
    "email": r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}",
    "url": r"(?i:[a-z][a-z0-9+.-]{1,12}://|www\.)[^\s]+",
    "uuid": r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?|[0-9a-fA-F]{32}",
    "mac": r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}",
    "ip": r"((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(/[0-9]{1,2})?"
    r"|[0-9a-fA-F:]{2,39}(/[0-9]{1,3})?",
}
# A pattern that fewer of the identifiers have is none that they have to have.
_HELD = 0.95
_WORDS = "true false t f yes no y n 1 0 on off ja nein j oui non si no x"
_CLASSES = {"9+": r"\p{Nd}+", "A+": r"\p{Lu}+", "a+": r"[\p{Ll}\p{Lo}\p{Lt}\p{Lm}]+"}
_SEPARATORS = ("/", "-", ".")
_DAYS = (
    *(f"{a}{mark}{b}{mark}%Y" for mark in _SEPARATORS for a, b in (("%d", "%m"), ("%m", "%d"))),
    *(f"%Y{mark}%m{mark}%d" for mark in _SEPARATORS),
    *("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y%m%d"),
)
_CLOCKS = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%SZ", " %H:%M:%S.%f", " %I:%M %p")
_CLOCKS_ALONE = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%H:%M:%S.%f")


@dataclass(frozen=True)
class ValueTest:
    """What may be wrong with a value: SQL that is true where it is, None where nothing can be.

    `invalid` values are not what the column is; `odd` ones are, written in another way. `reason` is
    what is said of each.
    """

    invalid: str | None = None
    odd: str | None = None
    reason: str = ""
    odd_reason: str = ""
    least: float = 0.5


def value_test(reader: duckdb.DuckDBPyConnection, column: Column) -> ValueTest:
    """What is asked of each value of a column."""
    kind = column.kind
    if kind.type == "string":
        return _text_test(kind)
    if kind.type == "empty":
        return ValueTest()
    reason = f"not {_named(kind)}"
    if kind.storage != "text":
        # The type was chosen because each of all values can be read as it.
        return ValueTest("false", "false" if kind.format else None, reason)
    if kind.type in ("integer", "decimal", "year"):
        pattern = literal(f"{PLAIN_NUMBER}|{DRESSED_NUMBER}")
        return ValueTest(f"not regexp_full_match({{c}}, {pattern})", None, reason)
    if kind.type == "boolean":
        words = ", ".join(literal(word) for word in dict.fromkeys(_WORDS.split()))
        return ValueTest(f"lower({{c}}) not in ({words})", None, reason)
    return _time_test(reader, kind)


def _named(kind: ColumnType) -> str:
    if kind.semantic in _WRITTEN:
        return f"written like {kind.semantic}"
    article = "an" if kind.type[0] in "aeiou" else "a"
    return f"{article} {kind.type}" + (f" ({kind.format})" if kind.format else "")


def _text_test(kind: ColumnType) -> ValueTest:
    if kind.storage != "text":
        return ValueTest("false", None, f"not {kind.storage}")
    if kind.semantic in _WRITTEN:
        pattern = literal(_WRITTEN[kind.semantic])
        return ValueTest(f"not regexp_full_match({{c}}, {pattern})", None, f"not {_named(kind)}")
    if kind.semantic == "json":
        return ValueTest("not json_valid({c})", None, "not JSON")
    if kind.semantic == "identifier" and kind.pattern and len(kind.pattern) < 40:
        pattern = literal(_pattern_regex(kind.pattern))
        # The pattern was read from the first 40 characters.
        return ValueTest(
            f"not regexp_full_match(left({{c}}, 40), {pattern})",
            None,
            f"not written as {kind.pattern}",
            least=_HELD,
        )
    return ValueTest()


def _pattern_regex(pattern: str) -> str:
    """The regular expression of a pattern such as `A+-9+`."""
    made = []
    for part in re.findall(r"[9Aa]\+|.", pattern, re.DOTALL):
        made.append(_CLASSES.get(part, re.escape(part)))
    return "".join(made)


def _time_test(reader: duckdb.DuckDBPyConnection, kind: ColumnType) -> ValueTest:
    """A time is valid in any common order; it is odd in another than the column's."""
    if kind.format is None or not _is_known(reader, kind.format):
        return ValueTest()
    usual = f"try_strptime({{c}}, {literal(kind.format)}) is not null"
    others = _CLOCKS_ALONE if kind.type == "time" else [a + b for a, b in product(_DAYS, _CLOCKS)]
    listed = ", ".join(literal(each) for each in others)
    any_other = f"try_strptime({{c}}, [{listed}]) is not null"
    return ValueTest(
        f"case when {usual} then false else not ({any_other}) end",
        f"case when {usual} then false else {any_other} end",
        f"not {_named(kind)}",
        f"a {kind.type}, but not written {kind.format}",
    )


def _is_known(reader: duckdb.DuckDBPyConnection, form: str) -> bool:
    """Whether DuckDB reads this format."""
    try:
        reader.execute(f"select try_strptime('', {literal(form)})")
    except duckdb.Error:
        return False
    return True
