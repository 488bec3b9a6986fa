"""Chooses what kind of number a column holds: years, moments, codes, measures, categories."""

from __future__ import annotations

import re
from collections.abc import Mapping

from controlplane.discover import sentinels
from controlplane.discover.evidence import Choice, Evidence, exceptions_in, fit
from controlplane.discover.findings import ValueType
from controlplane.discover.numbers import Numbers

_FEWEST_CODES = 20
_UNIX = {10: ("unix_seconds", 1), 13: ("unix_milliseconds", 1000)}


def is_only_number(numbers: Numbers | None, counts: Mapping[str, int]) -> bool:
    """Whether the values are numbers that can be no days written without separators."""
    return (
        numbers is not None
        and numbers.is_plain
        and len(numbers.matched) == len(counts)
        and not (numbers.whole and numbers.digits in (8, 12, 14))
    )


def number_choice(evidence: Evidence, numbers: Numbers | None) -> Choice | None:
    """What a column of numbers is; None where its values are texts or codes made of digits."""
    if numbers is None:
        return None
    found = fit(evidence, numbers.matched)
    if found is None:
        return None
    share, odd = found
    name = evidence.name
    if numbers.is_plain and not numbers.whole and _are_dotted_codes(evidence, numbers):
        return None
    if numbers.is_plain and numbers.whole:
        if name.is_phone or name.is_postcode or name.is_code:
            return None
        if numbers.leading_zeros or numbers.digits > 19:
            return None
        year = _year(evidence, numbers)
        if year:
            confidence, reason = year
            return Choice(
                "year",
                "constant" if evidence.is_constant else None,
                "%Y",
                confidence * share,
                reason,
                {**evidence.missing, **odd, **_odd_numbers(evidence, numbers)},
                numbers.matched,
                numbers,
            )
        if _is_month(evidence, numbers):
            why = "six digits that are a year and a month, as its name says"
            return Choice("date", "month", "%Y%m", 0.75 * share, why, evidence.missing)
    if numbers.percent == 0 and numbers.leading_zeros > 0 and numbers.whole:
        return None
    kind: ValueType = "integer" if numbers.whole else "decimal"
    semantic, why = _meaning(evidence, numbers)
    if semantic in ("currency", "percent"):
        kind = "decimal"
    confidence = (0.97 if numbers.is_plain else 0.93) * share
    reason = (
        "whole numbers" if kind == "integer" else f"numbers with up to {numbers.scale} decimals"
    )
    if not numbers.is_plain:
        reason += f", '{numbers.decimal}' before decimals, '{numbers.group}' between thousands"
    if numbers.parentheses:
        reason += ", parentheses for negative ones"
    if not numbers.is_clear:
        reason += "; the separator could be read otherwise"
        confidence = min(confidence, 0.65)
    if why:
        reason += f"; {why}"
    if evidence.distinct == 1:
        confidence *= 0.92
    if kind == "integer":
        confidence = min(confidence, _doubt(evidence, numbers, semantic))
    moment = _unix(evidence, numbers)
    if moment:
        kind, semantic, confidence, reason = moment
    odd = {**evidence.missing, **odd, **_odd_numbers(evidence, numbers)}
    return Choice(
        kind,
        semantic,
        None,
        confidence,
        reason + exceptions_in(evidence, numbers.matched, odd),
        odd,
        numbers.matched,
        numbers,
    )


def _are_dotted_codes(evidence: Evidence, numbers: Numbers) -> bool:
    """Whether texts that are all different would not be, as numbers: `1987.1` and `1987.10`."""
    if evidence.distinct < evidence.rows or evidence.rows < _FEWEST_CODES:
        return False
    if any(re.search(r"[.]0[0-9]|[eE+-]", value) for value in numbers.matched):
        # What counts the codes of a year begins with no nought.
        return False
    return len({float(value) for value in numbers.matched}) < len(numbers.matched)


def _integers(numbers: Numbers) -> dict[str, int]:
    return {value: int(value) for value in numbers.matched if value.lstrip("+-").isdigit()}


def _year(evidence: Evidence, numbers: Numbers) -> tuple[float, str] | None:
    years = _integers(numbers)
    if not years or numbers.digits != 4 or len(years) < len(numbers.matched):
        return None
    plausible = [value for value, year in years.items() if 1000 <= year <= 2200]
    rows = sum(evidence.counts[value] for value in plausible)
    if evidence.name.is_year and rows >= 0.9 * evidence.rows:
        return 0.9, "years, as its name says"
    recent = all(1900 <= year <= 2035 for year in years.values())
    if (
        recent
        and evidence.rows >= 10
        and evidence.distinct >= 4
        and not evidence.name.is_identifier
        and not evidence.name.is_measure
    ):
        return 0.65, "whole numbers that are all years of our time"
    return None


def _is_month(evidence: Evidence, numbers: Numbers) -> bool:
    name = evidence.name
    if numbers.digits != 6 or name.is_identifier or not (name.is_compact_month or name.is_time):
        return False
    months = _integers(numbers).values()
    return all(1900 <= each // 100 <= 2100 and 1 <= each % 100 <= 12 for each in months)


def _unix(evidence: Evidence, numbers: Numbers) -> tuple[ValueType, str, float, str] | None:
    whole = _integers(numbers)
    if numbers.digits not in _UNIX or not numbers.is_plain or len(whole) < len(numbers.matched):
        return None
    semantic, factor = _UNIX[numbers.digits]
    rows = sum(
        evidence.counts[value]
        for value, number in whole.items()
        if 10**9 * factor <= number < 21 * 10**8 * factor
    )
    name = evidence.name
    if rows < 0.95 * evidence.rows or name.is_identifier:
        return None
    unit = "seconds" if factor == 1 else "milliseconds"
    if name.is_time:
        return "datetime", semantic, 0.85, f"{unit} since 1970, as its name says"
    if evidence.distinct < 5:
        return None
    return "integer", semantic, 0.8, f"whole numbers that can be {unit} since 1970"


def _doubt(evidence: Evidence, numbers: Numbers, semantic: str | None) -> float:
    """The most that can be said of whole numbers that may be flags or codes.

    Numbers of one length that leave most of their range out are how codes are written.
    """
    whole = _integers(numbers)
    if set(whole) == {"0", "1"}:
        return 0.65
    if len({len(value) for value in whole}) != 1 or numbers.digits < 4 or len(whole) < 3:
        return 1.0
    span = max(whole.values()) - min(whole.values()) + 1
    if evidence.name.is_measure or len(whole) / span > 0.2:
        return 1.0
    return 0.65 if semantic != "identifier" or len(whole) / span < 0.01 else 0.85


def _meaning(evidence: Evidence, numbers: Numbers) -> tuple[str | None, str]:
    """The semantic of a number, and why."""
    name = evidence.name
    if numbers.currency_rows > 0.5 * evidence.rows:
        return "currency", f"the currency is {numbers.currency}"
    if numbers.percent > 0.5 * evidence.rows:
        return "percent", "the values are per cent"
    if numbers.whole and numbers.is_plain and name.is_identifier:
        return "identifier", "its name says that it identifies something"
    if evidence.is_constant:
        return "constant", "all values are the same"
    if not numbers.whole and (name.is_latitude or name.is_longitude):
        limit = 90 if name.is_latitude else 180
        if all(abs(number) <= limit for number in _floats(numbers).values()):
            return "geo", "degrees, as its name says"
    if numbers.scientific > 0.5 * evidence.rows:
        return "scientific", "written with powers of ten"
    if not numbers.whole or not numbers.is_plain:
        return None, ""
    whole = _integers(numbers)
    low, high = min(whole.values(), default=0), max(whole.values(), default=0)
    distinct, rows = evidence.distinct, evidence.rows
    if (
        distinct == rows
        and rows >= 10
        and high - low + 1 <= 1.02 * distinct
        and not name.is_measure
    ):
        return "identifier", "the values are consecutive numbers, each once"
    if name.is_measure or low < 0:
        return None, ""
    share = distinct / rows
    if distinct == 2 and rows >= 5:
        return "categorical", "two values"
    if name.is_category and distinct <= 200 and share < 0.5:
        return "categorical", "its name says a class"
    if distinct <= 10 and share <= 0.05 and high < 100:
        return "categorical", f"{distinct} values in {rows:,} rows"
    return None, ""


def _floats(numbers: Numbers) -> dict[str, float]:
    """The plain numbers among the matched values."""
    found = {}
    for value in numbers.matched:
        try:
            found[value] = float(value)
        except ValueError:
            continue
    return found


def _odd_numbers(evidence: Evidence, numbers: Numbers) -> dict[str, str]:
    if not numbers.is_plain:
        return {}
    counts: dict[float, int] = {}
    texts: dict[float, str] = {}
    for value, number in _floats(numbers).items():
        counts[number] = counts.get(number, 0) + evidence.counts[value]
        texts[number] = value
    return sentinels.odd_numbers(counts, texts)
