"""How the values of a column are written: the marks of its numbers, the words of its dates."""

from __future__ import annotations

import re

from controlplane.discover.code_lists import MONTHS
from controlplane.discover.evidence import Choice
from controlplane.discover.findings import Written
from controlplane.discover.numbers import Numbers
from controlplane.discover.times import Times

_WORD = re.compile(r"[^\W\d_]+")
# Who writes these has a comma between thousands.
_COMMA_BETWEEN_THOUSANDS = frozenset(("$", "US$", "USD", "£", "GBP", "¥", "JPY", "₹", "INR"))
# Years of two digits mean 1969 to 2068. Births of another century would be read as days to come.
_LAST_SHORT_YEAR, _LONGEST_SHORT_SPAN = 2049, 70


def how_written(choice: Choice) -> Written | None:
    """How the values of the chosen type are written; None where the type says it all."""
    if choice.numbers is not None and not choice.numbers.is_plain:
        return _numbers(choice.numbers)
    return _times(choice.times) if choice.times is not None else None


def _numbers(numbers: Numbers) -> Written:
    sign = numbers.currency or ""
    if numbers.percent:
        permille = sum("‰" in value for value in numbers.matched)
        sign = "‰" if 2 * permille > sum("%" in value for value in numbers.matched) else "%"
    is_clear = (
        numbers.is_clear or sign in _COMMA_BETWEEN_THOUSANDS or _has_thousands(numbers.matched)
    )
    return Written(
        decimal=numbers.decimal,
        group=numbers.group,
        sign=sign,
        scale=numbers.scale,
        digits=numbers.digits,
        doubt="" if is_clear else "the mark in it may stand between thousands or before decimals",
    )


def _has_thousands(values: frozenset[str]) -> bool:
    """Whether numbers get their mark at a thousand; decimals would be there below it, too."""
    bare = [int(value) for value in values if value.isdigit()]
    return bool(bare) and max(bare) < 1000 and len(values) - len(bare) > 2


def _times(times: Times) -> Written:
    words = {
        word.lower()
        for value in times.matched
        for word in _WORD.findall(value)
        if word.lower() in MONTHS
    }
    doubt = ""
    # Dots are between day, month and year in this order, and so are hyphens around a month's name.
    if times.rival and not (times.separator == "." and times.order == "dmY"):
        doubt = "" if times.order == "dBy" else "day and month could be the other way round"
    if "%y" in times.format and not doubt:
        years = [moment[0] for moment in times.moments.values()]
        first, last = min(years), max(years)
        if last > _LAST_SHORT_YEAR or last - first > _LONGEST_SHORT_SPAN:
            doubt = "its years of two digits may be of two centuries"
    return Written(words=tuple(sorted(words)), doubt=doubt)
