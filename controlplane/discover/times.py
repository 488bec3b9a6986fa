"""Dates and times in any pattern: shapes are read first, then the order of day and month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from controlplane.discover.code_lists import ENGLISH_MONTHS, MONTHS
from controlplane.discover.time_shapes import Layout, format_of, layout_of, shape_of

LONGEST = 48
# So many values without a date among them are no dates.
_PATIENCE = 100
FIRST_YEAR, LAST_YEAR = 1000, 2199
# Years that stand for "always" or "never" are dates, too.
FAR_YEARS = frozenset((1, 2999, 9999))

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
_KINDS = {
    "week": "iso_week",
    "year-month": "month",
    "month-year": "month",
    "BY": "month",
    "By": "month",
}


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


def read_times(
    counts: Mapping[str, int], *, preferred: Mapping[str, str] | None = None
) -> Times | None:
    """The reading under which most rows are dates or times; None where none is.

    Args:
        counts: the rows of each value, without white space at its ends, as they come.
        preferred: the order of day and month by separator, as other columns of the table have it.
    """
    read: list[tuple[str, Layout, list[str]]] = []
    for looked, value in enumerate(counts):
        if looked == _PATIENCE and not read:
            return None
        if not 3 < len(value) <= LONGEST or not any(each.isdigit() for each in value):
            continue
        shaped = shape_of(value)
        layout = layout_of(shaped[0]) if shaped else None
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
        format=format_of(layout, rows, own),
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
