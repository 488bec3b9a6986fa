"""SQL that rewrites what a source writes in its own way as the plain text of a type.

A checked cast reads integers, ISO dates and the like. For currencies, other orders of a date and
words for yes and no, a reading gives an expression that every target reads alike. Its result is the
plain text of the type; what it does not know keeps a question mark at its beginning, which no type
has, so that the record goes to quarantine; a blank text is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlplane import sql
from controlplane.discover.checked_casts import read_text
from controlplane.discover.findings import ColumnType, Written
from controlplane.discover.time_readings import marked, replaced, time_expression
from controlplane.sql import ExpressionError

_NUMBERS = ("integer", "decimal")
_TIMES = {"date": "date", "datetime": "timestamp", "time": "time"}
# Signs of money have cents, even where the first delivery has none.
_CENTS = 2
_LARGEST_SHORT_DECIMAL = 15
_LONGEST_INTEGER, _LONGEST_BIGINT = 9, 18

# Typographic minuses, apostrophes and spaces (which nobody sees), and those that are taken for them.
_TYPOGRAPHIC = "'\u2212\u2013\u2019' || chr(160) || chr(8201) || chr(8239)"
_PLAIN = "'--''   '"
# The marks of numbers as patterns have them.
_MARKS = {",": ",", ".": "[.]", " ": " ", "'": "'"}

# In the languages whose months are known.
TRUE_WORDS = "1 true t yes y ja j oui o si sí s wahr w vrai v vero sim tak да on".split()
FALSE_WORDS = "0 false f no n nein non falsch faux falso não nao nee nej nie нет off".split()

# Seconds and milliseconds since 1970 by their digits, from 1973 to 2286, so that none is taken for the
# other; and the last digits, which are counted apart: DuckDB multiplies spans of time by short integers.
_UNIX = {
    "unix_seconds": ("{9,10}", 4, "second"),
    "unix_milliseconds": ("{12,13}", 7, "millisecond"),
}


@dataclass(frozen=True)
class Reading:
    """How silver reads a column: its type there, and the expression before the checked cast.

    `expression` is None where the cast reads the source's text as it stands; `said` tells how the
    source writes it; `note` why it stays text although something was found out about it.
    """

    kind: str
    expression: str | None = None
    said: str = ""
    note: str = ""


def reading_of(kind: ColumnType, column: str) -> Reading:
    """How a column is read; its stand-ins for missing values are not looked at.

    What could mean two things stays text, and so does what no expression says alike on every target.

    Args:
        kind: what was found out about the column.
        column: its name in SQL.
    """
    if kind.type == "datetime" and kind.semantic in _UNIX:
        unit = kind.semantic.removeprefix("unix_")
        return Reading("timestamp", _since_1970(kind.semantic, column), f"{unit} since 1970")
    try:
        stored = sql.portable_type(kind.storage)
    except ExpressionError:
        return Reading("text")
    written = kind.written or Written()
    if kind.type in _TIMES and kind.format and (stored == "text" or not _is_iso(kind.format)):
        return _time(kind, kind.format, written, column)
    if stored != "text":
        return Reading(stored)
    if kind.type in _NUMBERS and kind.written:
        return _number(kind, written, column)
    if kind.type == "boolean":
        return Reading("boolean", _truth(column), "words for yes and no")
    if kind.semantic == "duration":
        return Reading("text", note="is kept as text: no type holds a length of time")
    return Reading("text")


def texts_read(reading: Reading, column: str, values: Sequence[str]) -> list[str | None]:
    """Each value as a spec's rules write it for the column's type; None for one that is not read."""
    if reading.kind in ("text", "json") or not values:
        return list(values)
    import duckdb

    asked = f"select unnest(?::text[]) as {column}, unnest(range(?)) as _place"
    text = f"select {reading.expression or column} as {column}, _place from ({asked}) as asked"
    query = f"select cast({read_text(column, reading.kind)} as text) from ({text}) order by _place"
    with duckdb.connect() as reader:
        rows = reader.execute(query, [list(values), len(values)]).fetchall()
    read = [row[0] if value.strip() else value for value, row in zip(values, rows, strict=True)]
    return (
        read
        if reading.expression
        else [v if r else None for v, r in zip(values, read, strict=True)]
    )


def _is_iso(form: str) -> bool:
    return form.startswith(("%Y-%m-%d", "%H:%M"))


def _time(kind: ColumnType, form: str, written: Written, column: str) -> Reading:
    if written.doubt:
        return Reading("text", note=f"{form} is kept as text: {written.doubt}")
    to = _TIMES[kind.type]
    expression = time_expression(form, to, column, written.words)
    if expression is None:
        return Reading("text", note=f"{form} is kept as text")
    return Reading(to, f"nullif({expression}, '?')", form)


def _number(kind: ColumnType, written: Written, column: str) -> Reading:
    shown = (
        f"numbers with '{written.decimal}' before decimals and '{written.group}' between thousands"
    )
    if written.doubt:
        return Reading("text", note=f"is kept as text: {written.doubt}")
    if kind.type == "integer" and written.digits <= _LONGEST_BIGINT:
        to, scale = "integer" if written.digits <= _LONGEST_INTEGER else "bigint", 0
    else:
        scale = max(written.scale, _CENTS) if written.sign else written.scale
        whole = written.digits - written.scale
        precision = 18 if whole + scale <= _LARGEST_SHORT_DECIMAL else 38
        if whole + scale > precision:
            return Reading("text", note="is kept as text: it has too many digits")
        to = f"decimal({precision},{scale})"
    sign = f", {written.sign}" if written.sign else ""
    return Reading(to, _plain_number(written, scale, column), f"{shown}{sign}")


def _plain_number(written: Written, scale: int, column: str) -> str:
    """A number without its sign and marks: `(1.234,50 €)` is `-1234.50`, and `12,5 %` is `12.5`.

    The sign of a currency may be missing, since an amount stays what it is; that of a percentage may
    not, since 0.5 could be one half.
    """
    sign = "".join(f"[{c}]" if c in ".$" else c for c in written.sign)
    if written.sign in ("%", "‰"):
        before, after = "", f" *{sign}"
    else:
        before, after = (f"(?:{sign} *)?([-+]?) *", f"(?: *{sign})?") if sign else ("", "")
    plain = f"translate({column}, {_TYPOGRAPHIC}, {_PLAIN})"
    # Parentheses and a minus at the end say what a minus at the beginning does.
    text = replaced(marked(plain), "^[?][(] *([^()]*[^() ]) *[)]$", "?-\\1")
    text = replaced(text, "^[?]([^?]*[^? ]) *-$", "?-\\1")
    found = "\\1\\2\\3" if before else "\\1\\2"
    text = replaced(text, f"^[?]([-+]?) *{before}({_digits(written, scale)}){after}$", found)
    text = f"replace({text}, {sql.raw_string(written.group)}, '')"
    if written.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return f"nullif({text}, '?')"


def _digits(written: Written, scale: int) -> str:
    """The pattern of digits with their marks where these belong."""
    group = _MARKS[written.group]
    whole = [f"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+", "[0-9]+"]
    if group == ",":
        whole.append("[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")  # as in India
    if not scale:
        return "|".join(whole)
    mark = _MARKS[written.decimal]
    return f"(?:{'|'.join(whole)})(?:{mark}[0-9]{{0,{scale}}})?|{mark}[0-9]{{1,{scale}}}"


def _truth(column: str) -> str:
    text = f"lower({marked(column)})"
    for words, new in ((TRUE_WORDS, "true"), (FALSE_WORDS, "false")):
        listed = "|".join(
            "".join(c if c.isascii() else f"[{c}{c.upper()}]" for c in word) for word in words
        )
        text = replaced(text, f"^[?](?:{listed})$", new)
    return f"nullif({text}, '?')"


def _since_1970(semantic: str, column: str) -> str:
    digits, apart, unit = _UNIX[semantic]
    is_number = replaced(marked(column), f"^[?][0-9]{digits}$", "")
    text = f"trim({column}, ' ')"
    moment = (
        "timestamp '1970-01-01 00:00:00'"
        f" + cast(left({text}, -{apart}) as integer) * interval '10000 seconds'"
        f" + cast(right({text}, {apart}) as integer) * interval '1 {unit}'"
    )
    return (
        f"nullif(case when {is_number} = '' then cast({moment} as text)"
        f" else {marked(column)} end, '?')"
    )
