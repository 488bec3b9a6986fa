"""The shape of dates and times: what their parts are, before anything is read from them.

A shape has one letter a part: `D` one or two digits, `Y` four, `B` a month's name, `A` a weekday,
`P` am or pm, `Z` a time zone, `T` the letter before a time, `W` a week; longer digits are their
length in brackets; all else stands for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from controlplane.discover.code_lists import MONTHS, WEEKDAYS, word_set

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+\.?|.", re.DOTALL)
_ZONES = word_set("utc gmt est edt cst cdt mst mdt pst pdt cet cest bst ist wet eet msk jst")
_LITERAL = frozenset("TZW")
_FILLERS = word_set("de of at um den le à the a las")
_TIME = (
    r"(?P<hour>D):(?P<minute>D)(?::(?P<second>D)(?P<fraction>[.,](?:D|Y|\[[0-9]+\]))?)?"
    r"(?P<half> ?P)?(?P<zone> ?Z| ?[+-](?:D:D|Y|D))?"
)
_DATES = (
    ("ymd", r"Y(?P<s>[-/. ])D(?P=s)D"),
    ("year-last", r"D(?P<s>[-/. ])D(?P=s)Y"),
    ("short", r"D(?P<s>[-/.])D(?P=s)D"),
    ("dBY", r"(?:A,? )?Do?\.?(?P<s>[-/. ]|, | F )?B(?:(?P=s)|,? | F |[-/.])Y"),
    ("dBy", r"D(?P<s>[-/. ])B(?P=s)D"),
    ("BdY", r"(?:A,? )?B(?P<s>[-/. ])Do?(?:, ?|(?P=s))Y"),
    ("YBd", r"Y(?P<s>[-/. ])B(?P=s)D"),
    ("BY", r"B(?P<s>[-/., ]+| F )Y"),
    ("By", r"B(?P<s>[-/'])D"),
    ("year-month", r"Y(?P<s>[-/])D"),
    ("month-year", r"D(?P<s>[/])Y"),
    ("compact", r"\[8\]"),
    ("week", r"Y-?WD(?:-D)?"),
)
_SHAPES = tuple(
    (name, re.compile(rf"(?P<date>{pattern})(?P<joint>(?:T| |, | F | - )(?P<time>{_TIME}))?"))
    for name, pattern in _DATES
)
_TIME_ALONE = re.compile(rf"(?P<time>{_TIME}|(?P<bare>D) ?P)")
_LONG = {"[14]": "%Y%m%d%H%M%S", "[12]": "%Y%m%d%H%M"}


@dataclass(frozen=True)
class Layout:
    """What a shape is: the kind of its date, if it has one, and whether it has a time."""

    shape: str
    date: str | None
    separator: str
    has_time: bool
    has_half: bool
    has_zone: bool


def shape_of(text: str) -> tuple[str, list[str]] | None:
    """The shape of a text and its tokens; None where a word in it belongs to no date."""
    tokens = _TOKEN.findall(text)
    shape = []
    for index, token in enumerate(tokens):
        first = token[0]
        if "0" <= first <= "9":
            length = len(token)
            shape.append("D" if length <= 2 else "Y" if length == 4 else f"[{length}]")
        elif first.isalpha():
            kind = _word(token, index, tokens)
            if kind is None:
                return None
            shape.append(kind)
        else:
            shape.append(token)
    return "".join(shape), tokens


def _word(token: str, index: int, tokens: list[str]) -> str | None:
    """The letter of a word in a shape; None where it belongs to no date."""
    word = token.lower().rstrip(".")
    if token in _LITERAL:
        return token
    if word in ("am", "pm"):
        return "P"
    if word in ("st", "nd", "rd", "th") and index and tokens[index - 1].isdigit():
        return "o"
    for letter, words in (("B", MONTHS), ("Z", _ZONES), ("F", _FILLERS), ("A", WEEKDAYS)):
        if word in words:
            return letter
    return None


@lru_cache(maxsize=4096)
def layout_of(shape: str) -> Layout | None:
    """The layout of a shape; None where it is no date and no time."""
    if shape in _LONG:
        return Layout(shape, "long", "", True, False, False)
    if match := re.fullmatch(r"\[8\](?:T(?:\[6\]|Y)Z?)", shape):
        return Layout(shape, "compact-time", "", True, False, shape.endswith("Z"))
    if match := _TIME_ALONE.fullmatch(shape):
        return Layout(shape, None, ":", True, "P" in shape, bool(match["zone"]))
    for name, pattern in _SHAPES:
        if match := pattern.fullmatch(shape):
            separator = match.groupdict().get("s") or ""
            return Layout(
                shape,
                name,
                separator,
                bool(match["time"]),
                bool(match["half"]),
                bool(match["zone"]),
            )
    return None


def format_of(layout: Layout, rows: list[list[str]], order: str) -> str:
    """The strptime pattern of a layout, whose values' tokens are `rows`."""
    if layout.date == "long":
        return _LONG[layout.shape]
    if layout.date == "compact-time":
        seconds = "%S" if "[6]" in layout.shape else ""
        return f"%Y%m%dT%H%M{seconds}" + ("Z" if layout.has_zone else "")
    letters = iter(order.replace("B", ""))
    clock = iter(("%I" if layout.has_half else "%H", "%M", "%S"))
    pattern = ""
    in_time = layout.date is None
    tokens = rows[0]
    index = 0
    while index < len(tokens):
        token = tokens[index]
        word = token.lower().rstrip(".")
        if token[0] in "0123456789":
            letter = None if in_time else next(letters, None)
            if layout.date == "week" and letter is None and not in_time:
                pattern += "%u"
            elif layout.date == "compact" and not in_time:
                pattern += "%Y%m%d"
                in_time = True
            elif letter is not None:
                pattern += f"%{letter}"
            else:
                in_time = True
                if pattern.endswith((".", ",")) and "%S" in pattern:
                    pattern += "%f"
                else:
                    pattern += next(clock, "")
        elif word in ("am", "pm") and "P" in layout.shape:
            pattern += "%p"
        elif token in ("T", "W", "F"):
            pattern += token
        elif word in MONTHS and "B" in layout.shape:
            lengths = {len(each[index].rstrip(".")) for each in rows if index < len(each)}
            pattern += "%b" if lengths <= {3, 4} or "." in token else "%B"
            pattern += "." if token.endswith(".") else ""
        elif word in WEEKDAYS and "A" in layout.shape:
            pattern += "%a" if len(word) <= 3 else "%A"
        elif layout.has_zone and in_time and (token in ("Z", "+", "-") or word in _ZONES):
            pattern += "%Z" if word in _ZONES else "%z"
            break
        else:
            pattern += token
        index += 1
    return pattern
