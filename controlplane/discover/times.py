"""Dates and times in any pattern: their shape is read first, then the order of day and month.

A shape has one letter a part: `D` one or two digits, `Y` four, `B` a month's name, `A` a weekday,
`P` am or pm, `Z` a time zone, `T` the letter before a time, `W` a week; longer digits are their
length in brackets; all else stands for itself.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from controlplane.discover.code_lists import ENGLISH_MONTHS, MONTHS, WEEKDAYS, word_set

LONGEST = 48
FIRST_YEAR, LAST_YEAR = 1000, 2199
# Years that stand for "always" or "never" are dates, too.
FAR_YEARS = frozenset((1, 2999, 9999))

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
_ORDERS: Mapping[str, tuple[str, ...]] = {
    "ymd": ("Ymd",),
    "year-last": ("dmY", "mdY"),
    "short": ("dmy", "mdy", "ymd"),
    "dBY": ("dBY",),
    "dBy": ("dBy", "yBd"),
    "BdY": ("BdY",),
    "YBd": ("YBd",),
    "BY": ("BY",),
    "By": ("By",),
    "year-month": ("Ym",),
    "month-year": ("mY",),
    "compact": ("Ymd",),
    "week": ("GV",),
}
_SHAPES = tuple(
    (name, re.compile(rf"(?P<date>{pattern})(?P<joint>(?:T| |, | F | - )(?P<time>{_TIME}))?"))
    for name, pattern in _DATES
)
_TIME_ALONE = re.compile(rf"(?P<time>{_TIME}|(?P<bare>D) ?P)")
_KINDS = {
    "week": "iso_week",
    "year-month": "month",
    "month-year": "month",
    "BY": "month",
    "By": "month",
}
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


@dataclass(frozen=True)
class Times:
    """The dates and times of a column under the best reading of them.

    `moments` has each value's parts from year to second; `rival` is another order of day and month
    that reads as many rows, where nothing decides between them.
    """

    matched: frozenset[str]
    format: str
    order: str
    separator: str
    shapes: Mapping[str, int]
    has_date: bool
    has_time: bool
    is_foreign: bool
    moments: Mapping[str, tuple[int, ...]]
    rival: str | None = None
    is_compact: bool = False
    has_zone: bool = False
    kind: str | None = None


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
def _layout(shape: str) -> Layout | None:
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


def read_times(
    counts: Mapping[str, int], *, preferred: Mapping[str, str] | None = None
) -> Times | None:
    """The reading under which most rows are dates or times; None where none is.

    Args:
        counts: the rows of each value, without white space at its ends, as they come.
        preferred: the order of day and month by separator, as other columns of the table have it.
    """
    read: list[tuple[str, Layout, list[str]]] = []
    for value in counts:
        if not 3 < len(value) <= LONGEST or not any(each.isdigit() for each in value):
            continue
        shaped = shape_of(value)
        layout = _layout(shaped[0]) if shaped else None
        if shaped and layout:
            read.append((value, layout, shaped[1]))
    if not read:
        return None
    orders: dict[str, dict[str, tuple[int, ...]]] = {}
    by_kind: dict[str, int] = {}
    for value, layout, _ in read:
        by_kind[layout.date or "time"] = by_kind.get(layout.date or "time", 0) + counts[value]
    main = max(by_kind, key=lambda each: by_kind[each])
    choices = _ORDERS.get(main, ("",))
    for order in choices:
        moments = {}
        for value, layout, tokens in read:
            own = _ORDERS.get(layout.date or "", ("",))
            use = _like(order, own)
            moment = _moment(layout, tokens, use)
            if moment is not None:
                moments[value] = moment
        orders[order] = moments
    rows = {order: sum(counts[value] for value in found) for order, found in orders.items()}
    most = max(rows.values())
    if not most:
        return None
    tied = [order for order in choices if rows[order] == most]
    separator = next(
        (layout.separator for _, layout, _ in read if (layout.date or "time") == main), ""
    )
    best, rival = _settle(tied, orders, separator, preferred or {})
    found = orders[best]
    return _times(found, read, counts, best, rival, separator)


def _like(order: str, own: tuple[str, ...]) -> str:
    """The order among a layout's own that has day and month as `order` has them."""
    for each in own:
        if each.lower() == order.lower():
            return each
    day_first = order.lower().find("d") < order.lower().find("m")
    for each in own:
        if (each.lower().find("d") < each.lower().find("m")) == day_first:
            return each
    return own[0]


def _settle(
    tied: list[str],
    orders: Mapping[str, Mapping[str, tuple[int, ...]]],
    separator: str,
    preferred: Mapping[str, str],
) -> tuple[str, str | None]:
    """The order that is taken where several read all, and the one that could be meant instead.

    Dates mostly come in the order of time; else neighbours decide, and last the habit: dots and
    hyphens are used by those who write the day first, slashes by Americans.
    """
    if len(tied) == 1:
        return tied[0], None
    # What reads to the same days is no rival.
    steps = {order: _in_order(list(orders[order].values())) for order in tied}
    ranked = sorted(tied, key=lambda order: -steps[order])
    if steps[ranked[0]] >= 0.9 and steps[ranked[0]] - steps[ranked[1]] >= 0.15:
        return ranked[0], None
    wanted = preferred.get(separator) or preferred.get("")
    if wanted:
        for order in tied:
            if order.lower() == wanted.lower():
                return order, None
    habit = ("mdY", "mdy") if separator == "/" else ("dmY", "dmy", "ymd")
    if separator == "-" and "ymd" in tied:
        habit = ("ymd", "dmy")
    best = next((order for order in habit if order in tied), tied[0])
    return best, next(order for order in tied if order != best)


def _in_order(moments: list[tuple[int, ...]]) -> float:
    """The share of steps that go one way in time, from 0.5 to 1."""
    steps = [(a < b) - (a > b) for a, b in pairwise(moments) if a != b]
    if len(steps) < 5:
        return 0.5
    up = sum(step > 0 for step in steps)
    return max(up, len(steps) - up) / len(steps)


def _moment(layout: Layout, tokens: list[str], order: str) -> tuple[int, ...] | None:
    """The parts of the moment from year to second; None where there is no such day or time."""
    if layout.date == "long":
        text = tokens[0].ljust(14, "0")
        day: tuple[int, ...] | None = _day(int(text[:4]), int(text[4:6]), int(text[6:8]))
        clock: tuple[int, ...] | None = _clock(int(text[8:10]), int(text[10:12]), int(text[12:14]))
        return (*day, *clock) if day and clock else None
    if layout.date == "compact-time":
        day = _compact(tokens[0])
        text = tokens[2].ljust(6, "0")
        clock = _clock(int(text[:2]), int(text[2:4]), int(text[4:6]))
        return (*day, *clock) if day and clock else None
    numbers = [token for token in tokens if token[0] in "0123456789"]
    day = ()
    if layout.date == "compact":
        day, numbers = _compact(numbers[0]), numbers[1:]
    elif layout.date == "week":
        year, week = int(numbers[0]), int(numbers[1])
        weekday = int(numbers[2]) if len(numbers) > 2 else 1
        if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= week <= 53 and 1 <= weekday <= 7):
            return None
        return (year, week, weekday)
    elif layout.date is not None:
        parts, taken = {}, 0
        for letter in order:
            if letter == "B":
                parts["m"] = next(
                    MONTHS[word]
                    for word in (token.lower().rstrip(".") for token in tokens)
                    if word in MONTHS
                )
                continue
            text = numbers[taken]
            taken += 1
            if letter == "y" and len(text) != 2:
                return None
            parts[letter.lower()] = int(text) if letter != "y" else _full_year(int(text))
        day, numbers = _day(parts["y"], parts["m"], parts.get("d", 1)), numbers[taken:]
    if day is None:
        return None
    if not layout.has_time:
        return day
    clock = _read_clock(layout, tokens, numbers)
    return (*day, *clock) if clock else None


def _read_clock(layout: Layout, tokens: list[str], numbers: list[str]) -> tuple[int, ...] | None:
    colons = tokens.count(":")
    if colons and len(numbers[1]) != 2:
        return None
    hour = int(numbers[0])
    minute = int(numbers[1]) if colons else 0
    has_second = len(numbers) > 2 and ":".join(numbers[:3]) in "".join(tokens)
    if has_second and len(numbers[2]) != 2:
        return None
    second = int(numbers[2]) if has_second else 0
    if layout.has_half:
        if not 1 <= hour <= 12:
            return None
        half = next((token for token in tokens if token.lower().rstrip(".") in ("am", "pm")), "am")
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    return _clock(hour, minute, second)


def _compact(text: str) -> tuple[int, ...] | None:
    year = int(text[:4])
    if year not in FAR_YEARS and not 1900 <= year <= 2099:
        return None
    return _day(year, int(text[4:6]), int(text[6:8]))


def _day(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    if not (FIRST_YEAR <= year <= LAST_YEAR or year in FAR_YEARS) or not 1 <= month <= 12:
        return None
    return (year, month, day) if 1 <= day <= monthrange(year, month)[1] else None


def _clock(hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 61 else None


def _full_year(year: int) -> int:
    """The year that two digits mean, as POSIX has it: from 1969 to 2068."""
    return year + (2000 if year < 69 else 1900)


def _times(
    found: Mapping[str, tuple[int, ...]],
    read: list[tuple[str, Layout, list[str]]],
    counts: Mapping[str, int],
    order: str,
    rival: str | None,
    separator: str,
) -> Times:
    shapes: dict[str, int] = {}
    examples: dict[str, tuple[Layout, list[list[str]]]] = {}
    has_time = has_date = False
    foreign = False
    for value, layout, tokens in read:
        if value not in found:
            continue
        shapes[layout.shape] = shapes.get(layout.shape, 0) + counts[value]
        examples.setdefault(layout.shape, (layout, []))[1].append(tokens)
        has_time |= layout.has_time
        has_date |= layout.date is not None
        foreign = foreign or (
            layout.date is not None and "B" in layout.shape and not _is_english(tokens)
        )
    main = max(shapes, key=lambda each: shapes[each])
    layout, rows = examples[main]
    own = _like(order, _ORDERS.get(layout.date or "", ("",)))
    return Times(
        matched=frozenset(found),
        format=_format(layout, rows, own),
        order=own,
        separator=separator,
        shapes=shapes,
        has_date=has_date,
        has_time=has_time,
        is_foreign=foreign,
        moments=found,
        rival=rival,
        is_compact=layout.date in ("compact", "long"),
        has_zone=layout.has_zone,
        kind=_KINDS.get(layout.date or ""),
    )


def _is_english(tokens: list[str]) -> bool:
    words = [token.lower().rstrip(".") for token in tokens if token[0].isalpha()]
    return all(word in ENGLISH_MONTHS for word in words if word in MONTHS)


def _format(layout: Layout, rows: list[list[str]], order: str) -> str:
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
