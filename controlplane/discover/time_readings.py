"""SQL that rewrites dates and times of any format as ISO writes them; see `readings`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from controlplane import sql
from controlplane.discover.month_names import month_patterns

# What a part of a format is written as. A time zone is an offset, or a name for UTC.
_PARTS: Mapping[str, str] = {
    "%Y": "([0-9]{4})",
    "%y": "([0-9]{2})",
    "%m": "([0-9]{1,2})",
    "%d": "([0-9]{1,2})",
    "%b": "([^0-9 .,<>/-]+)[.]?",
    "%B": "([^0-9 .,<>/-]+)[.]?",
    "%a": "[^0-9 .,]+[.]?",
    "%A": "[^0-9 .,]+[.]?",
    "%H": "([01]?[0-9]|2[0-3])",
    "%I": "(0?[1-9]|1[0-2])",
    "%M": "([0-5][0-9])",
    "%S": "([0-5][0-9])",
    "%f": "([0-9]{1,6})[0-9]*",
    "%p": "([ap])[.]?m[.]?",
    "%z": "(?:z|([+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}))",
    "%Z": "(?:utc|gmt|z)",
}
_COMPACT: Mapping[str, str] = {"%m": "([0-9]{2})", "%d": "([0-9]{2})", "%H": "([01][0-9]|2[0-3])"}
_UNKEPT = ("%a", "%A", "%Z")
_CALENDARS = (
    {"%Y", "%m", "%d"},
    {"%y", "%m", "%d"},
    {"%Y", "%b", "%d"},
    {"%y", "%b", "%d"},
    {"%Y", "%m"},
    {"%Y", "%b"},
    {"%y", "%b"},
)
_CLOCKS = ({"%H", "%M"}, {"%H", "%M", "%S"}, {"%H", "%M", "%S", "%f"})
_ORDINAL = "st|nd|rd|th"
_WEEKS = {"%G-W%V": "-W", "%GW%V": "W", "%G-W%V-%u": "-W", "%GW%V-%u": "W"}


def time_expression(form: str, kind: str, column: str, words: Collection[str] = ()) -> str | None:
    """SQL for the ISO text of dates or times in a format; None for what has no portable way.

    A month stands for its first day, a week for its Monday. A year of two digits is one from 1969 to
    2068, as POSIX has it.

    Args:
        form: the format, as strptime has it.
        kind: date, timestamp or time.
        column: the column's name in SQL.
        words: names of months in lower case, as the column has them.
    """
    if form in _WEEKS:
        return _week(_WEEKS[form], form.endswith("%u"), column) if kind == "date" else None
    pieces = re.findall("%[A-Za-z]|[^%]+", form)
    parts = [piece for piece in pieces if piece[0] == "%"]
    if len(set(parts)) != len(parts) or not _PARTS.keys() >= set(parts) or not _fits(parts, kind):
        return None
    has_words = bool({"%b", "%B", "%a", "%A", "%p", "%z", "%Z"} & set(parts)) or bool(
        re.search("[a-zA-Z]", re.sub("%[A-Za-z]", "", form))
    )
    begun = f"lower({marked(column)})" if has_words else marked(column)
    is_compact = re.search("%[Yy]%m|%m%[dYy]|%H%M", form) is not None
    kept = [part.replace("B", "b") for part in parts if part not in _UNKEPT]
    place = {part: f"\\{kept.index(part) + 1}" for part in kept}
    text = replaced(begun, f"^[?]{_pattern(pieces, is_compact=is_compact)}$", _ordered(place, kind))
    if "%b" in place:
        for number, names in enumerate(month_patterns(words), start=1):
            text = replaced(text, f"<(?:{names})>", f"{number:02}")
    return _completed(text, place, is_compact=is_compact)


def marked(column: str) -> str:
    """SQL for the text of a column behind the mark that stays on what is not known."""
    return f"'?' || trim({column}, ' ')"


def replaced(text: str, pattern: str, new: str) -> str:
    """SQL that replaces what a regular expression finds first in the text of an expression."""
    return f"regexp_replace({text}, {sql.raw_string(pattern)}, {sql.raw_string(new)})"


def _fits(parts: Collection[str], kind: str) -> bool:
    """Whether the parts are those of a date, of a time of the day, or of both."""
    day = {part.replace("B", "b") for part in parts} & {"%Y", "%y", "%m", "%b", "%d"}
    clock = {part.replace("I", "H") for part in parts} & {"%H", "%M", "%S", "%f"}
    has_half = "%p" in parts
    if ("%I" in parts) != has_half or (not clock and {"%p", "%z", "%Z"} & set(parts)):
        return False
    if kind == "date":
        return day in _CALENDARS and not clock
    if kind == "time":
        return not day and clock in _CLOCKS and not {"%z", "%Z", "%a", "%A"} & set(parts)
    return day in _CALENDARS and clock in _CLOCKS


def _pattern(pieces: list[str], *, is_compact: bool) -> str:
    known = {**_PARTS, **_COMPACT} if is_compact else _PARTS
    pattern = ""
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if piece in known:
            pattern += known[piece]
            continue
        literal = piece.lower()
        if before in ("%b", "%B"):
            literal = literal.removeprefix(".")
        elif before == "%d" and (ordinal := re.match(_ORDINAL, literal)):
            pattern += f"(?:{_ORDINAL})"
            literal = literal[ordinal.end() :]
        pattern += "".join(f"[{c}]" if c in ".*+?()|{}$[" else c for c in literal)
    return pattern


def _ordered(place: Mapping[str, str], kind: str) -> str:
    """The parts in ISO's order: `<may>` for a month's name, and `pm 03:15` for an afternoon."""
    day = ""
    if kind != "time":
        month = f"<{place['%b']}>" if "%b" in place else place["%m"]
        day = f"{place.get('%Y') or place['%y']}-{month}-{place.get('%d', '01')}"
    if kind == "date":
        return day
    half = f"{place['%p']}m " if "%p" in place else ""
    # A time with an offset needs its seconds.
    second = place.get("%S") or ("00" if "%z" in place else "")
    clock = [place.get("%H") or place["%I"], place["%M"], *([second] if second else [])]
    fraction = f".{place['%f']}" if "%f" in place else ""
    return f"{day}{' ' if day else ''}{half}{':'.join(clock)}{fraction}{place.get('%z', '')}"


def _completed(text: str, place: Mapping[str, str], *, is_compact: bool) -> str:
    """The text with all digits of years, months, days and hours, on a clock of 24 hours."""
    if "%y" in place:
        text = replaced(text, "^([0-5][0-9]|6[0-8])-", "20\\1-")
        text = replaced(text, "^([0-9]{2})-", "19\\1-")
    if not is_compact:
        text = replaced(text, "^([0-9]{4})-([0-9])-", "\\1-0\\2-") if "%m" in place else text
        text = replaced(text, "-([0-9])( |$)", "-0\\1\\2") if "%d" in place else text
    if {"%H", "%I"} & place.keys() and not is_compact:
        text = replaced(text, "(^| )([0-9]):", "\\10\\2:")
    if "%p" in place:
        text = _exchanged(text, "am 12:", "00:")
        text = _exchanged(text, "am ", "")
        text = _exchanged(text, "pm 12:", "12:")
        for hour in range(1, 12):
            text = _exchanged(text, f"pm {hour:02}:", f"{hour + 12}:")
    return text


def _week(mark: str, has_day: bool, column: str) -> str:
    """The day of an ISO week: counted from the 4th of January, which is always in week 1."""
    begun = marked(column)
    pattern = (
        f"^[?]([1-9][0-9]{{3}}){mark}(0?[1-9]|[1-4][0-9]|5[0-3]){'-([1-7])' if has_day else ''}$"
    )
    taken = ("\\1", "\\2", "\\3")[: 3 if has_day else 2]
    numbers = [f"cast({replaced(begun, pattern, part)} as integer)" for part in taken]
    year, week = numbers[:2]
    first = f"make_date({year}, 1, 4)"
    last = f"make_date({year}, 12, 28)"
    monday = f"{first} - cast(extract(isodow from {first}) as integer) + {week} * 7"
    counted = f"{monday} - 7 + {numbers[2]}" if has_day else f"{monday} - 6"
    return (
        f"case when {replaced(begun, pattern, '')} <> '' then {begun}"
        f" when {week} > cast(extract(week from {last}) as integer) then {begun}"
        f" else cast({counted} as text) end"
    )


def _exchanged(text: str, old: str, new: str) -> str:
    return f"replace({text}, '{old}', '{new}')"
