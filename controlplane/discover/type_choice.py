"""Chooses the type of a column from its values and its name, with the reason and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controlplane.discover import sentinels
from controlplane.discover.codes import is_duration, read_semantic
from controlplane.discover.column_names import ColumnName, read_name
from controlplane.discover.column_samples import Sample
from controlplane.discover.findings import ValueType
from controlplane.discover.numbers import Numbers, read_numbers
from controlplane.discover.times import Times, read_times

# Exceptions that are words are slips; those with digits rather say that all are texts.
_MOST_WORDS, _MOST_DIGITS = 0.2, 0.03

_TRUTHS = (
    ("true", "false"),
    ("t", "f"),
    ("yes", "no"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
    ("wahr", "falsch"),
    ("vrai", "faux"),
)
_UNIX = {10: ("unix_seconds", 1), 13: ("unix_milliseconds", 1000)}


@dataclass(frozen=True)
class Choice:
    """What a column seems to be, from its sample; `sentinels` are values with their reasons."""

    type: ValueType
    semantic: str | None
    format: str | None
    confidence: float
    reason: str
    sentinels: Mapping[str, str] = field(default_factory=dict)
    matched: frozenset[str] = frozenset()
    numbers: Numbers | None = None
    times: Times | None = None


@dataclass(frozen=True)
class _Evidence:
    """The values that are left without words for missing ones."""

    name: ColumnName
    counts: Mapping[str, int]
    rows: int
    missing: Mapping[str, str]

    @property
    def distinct(self) -> int:
        return len(self.counts)

    @property
    def is_constant(self) -> bool:
        return self.distinct == 1 and self.rows > 1


def choose(sample: Sample, preferred: Mapping[str, str] | None = None) -> Choice:
    """What a column is; `preferred` is the order of day and month that other columns have."""
    name = read_name(sample.column)
    if not sample.counts and sample.blanks:
        blanks = dict.fromkeys(sample.blanks, "nothing but white space")
        return Choice("string", "constant", None, 0.7, "nothing but white space", blanks)
    if not sample.counts:
        return Choice("empty", None, None, 0.99, "no row has a value")
    missing = {
        value: "a word for a missing value"
        for value in sample.counts
        if sentinels.is_missing_word(value)
    }
    counts = {value: count for value, count in sample.counts.items() if value not in missing}
    if not counts:
        return Choice("empty", None, None, 0.7, "all values are words for a missing one", missing)
    evidence = _Evidence(name, counts, sum(counts.values()), missing)
    numbers = read_numbers(counts)
    times = read_times(counts, preferred=preferred)
    return (
        _truth(evidence)
        or _time(evidence, times)
        or _number(evidence, numbers)
        or _string(evidence, sample.counts)
    )


def _fit(evidence: _Evidence, matched: frozenset[str]) -> tuple[float, dict[str, str]] | None:
    """How much the exceptions take from the confidence, and which are sentinels; None: too many."""
    exceptions = {v: count for v, count in evidence.counts.items() if v not in matched}
    if len(matched) == 0:
        return None
    if not exceptions:
        return 1.0, {}
    odd = sentinels.odd_words(exceptions, evidence.rows)
    left = {value: count for value, count in exceptions.items() if value not in odd}
    rows = evidence.rows
    digits = sum(n for value, n in left.items() if any(map(str.isdigit, value))) / rows
    words = sum(n for value, n in left.items() if not any(map(str.isdigit, value))) / rows
    named = sum(exceptions[value] for value in odd) / rows
    if digits > _MOST_DIGITS or words > _MOST_WORDS or named > 0.9:
        return None
    if len(odd) > 8 or sum(evidence.counts[value] for value in matched) < 2:
        return None
    return max(0.5, 1 - 4 * digits - 2 * words - 0.1 * named), odd


def _exceptions(evidence: _Evidence, matched: frozenset[str], odd: Mapping[str, str]) -> str:
    rows = sum(n for v, n in evidence.counts.items() if v not in matched and v not in odd)
    return f", but not {rows:,} of {evidence.rows:,} in the sample" if rows else ""


# --- yes or no ------------------------------------------------------------------------------------


def _truth(evidence: _Evidence) -> Choice | None:
    lowered = {value.lower() for value in evidence.counts}
    name = evidence.name
    semantic = "constant" if evidence.is_constant else None
    for pair in _TRUTHS:
        if not lowered <= set(pair):
            continue
        both = len(lowered) == 2
        letters = pair == ("t", "f")
        if not both and letters and not name.is_flag and lowered != {"t"}:
            return None
        if not both and letters and evidence.counts.keys() & {"T", "F"} and not name.is_flag:
            return None
        confidence = 0.97 if both and pair[0] in ("true", "t") else 0.9 if both else 0.8
        return Choice(
            "boolean",
            semantic,
            None,
            confidence,
            f"the values are {' and '.join(sorted(evidence.counts)[:4])}",
            evidence.missing,
            frozenset(evidence.counts),
        )
    if not name.is_flag:
        return None
    digits = frozenset(evidence.counts) & {"0", "1"}
    others = {v: n for v, n in evidence.counts.items() if v not in digits}
    if digits and sum(others.values()) <= 0.05 * evidence.rows and len(others) <= 1:
        return Choice(
            "boolean",
            semantic,
            None,
            0.8 if not others else 0.65,
            "the values are 0 and 1, and its name says yes or no",
            evidence.missing,
            digits,
        )
    if lowered <= {"y", "n"} and name.words[0] in ("is", "has"):
        return Choice(
            "boolean",
            semantic,
            None,
            0.7,
            "the values are Y and N, and its name says yes or no",
            evidence.missing,
            frozenset(evidence.counts),
        )
    return None


# --- dates and times ------------------------------------------------------------------------------


def _time(evidence: _Evidence, times: Times | None) -> Choice | None:
    if times is None:
        return None
    fit = _fit(evidence, times.matched)
    name = evidence.name
    if fit is None:
        return None
    share, odd = fit
    if times.is_compact:
        matched = sum(evidence.counts[value] for value in times.matched)
        if name.is_identifier or name.is_code or name.is_phone or name.is_postcode:
            return None
        if not name.is_time and (matched < evidence.rows or len(times.matched) < 2):
            return None
    if not times.has_date and (name.is_duration or _is_long(evidence)):
        return None
    kind: ValueType = (
        "datetime" if times.has_date and times.has_time else "date" if times.has_date else "time"
    )
    confidence = 0.98 * share
    reason = f"the values follow {times.format}"
    if len(times.shapes) > 1:
        reason += (
            f" and {len(times.shapes) - 1} other pattern{'s' if len(times.shapes) > 2 else ''}"
        )
        confidence *= 0.98
    if times.rival:
        reason += "; day and month could be the other way round"
        confidence = min(confidence, 0.6)
    if times.is_compact:
        confidence = min(confidence, 0.9 if name.is_time else 0.75)
    if times.kind == "month":
        confidence = min(confidence, 0.8)
    if times.is_foreign:
        reason += "; months are not named in English"
    odd = {**evidence.missing, **odd, **_odd_dates(evidence, times)}
    return Choice(
        kind,
        "constant" if evidence.is_constant else times.kind,
        times.format,
        confidence,
        reason + _exceptions(evidence, times.matched, odd),
        odd,
        times.matched,
        times=times,
    )


def _odd_dates(evidence: _Evidence, times: Times) -> dict[str, str]:
    moments: dict[tuple[int, ...], int] = {}
    texts: dict[tuple[int, ...], list[str]] = {}
    for value, moment in times.moments.items():
        moments[moment] = moments.get(moment, 0) + evidence.counts[value]
        texts.setdefault(moment, []).append(value)
    return sentinels.odd_dates(moments, texts) if times.has_date else {}


def _is_long(evidence: _Evidence) -> bool:
    """Whether times of day go beyond a day, which makes them lengths of time."""
    return any(
        is_duration(value) and value.split(":")[0].isdigit() and int(value.split(":")[0]) > 23
        for value in evidence.counts
        if ":" in value
    )


# --- numbers --------------------------------------------------------------------------------------


def _number(evidence: _Evidence, numbers: Numbers | None) -> Choice | None:
    if numbers is None:
        return None
    fit = _fit(evidence, numbers.matched)
    if fit is None:
        return None
    share, odd = fit
    name = evidence.name
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
    if kind == "integer" and semantic == "identifier" and _is_sparse(numbers):
        confidence = min(confidence, 0.75)
    moment = _unix(evidence, numbers)
    if moment:
        kind, semantic, confidence, reason = moment
    odd = {**evidence.missing, **odd, **_odd_numbers(evidence, numbers)}
    return Choice(
        kind,
        semantic,
        None,
        confidence,
        reason + _exceptions(evidence, numbers.matched, odd),
        odd,
        numbers.matched,
        numbers,
    )


def _integers(numbers: Numbers) -> dict[str, int]:
    return {value: int(value) for value in numbers.matched if value.lstrip("+-").isdigit()}


def _year(evidence: _Evidence, numbers: Numbers) -> tuple[float, str] | None:
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


def _unix(evidence: _Evidence, numbers: Numbers) -> tuple[ValueType, str, float, str] | None:
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


def _is_sparse(numbers: Numbers) -> bool:
    """Whether numbers of one length leave most of their range out, as codes do."""
    whole = _integers(numbers)
    if len({len(value) for value in whole}) != 1 or numbers.digits < 4:
        return False
    span = max(whole.values()) - min(whole.values()) + 1
    return len(whole) / span < 0.01


def _meaning(evidence: _Evidence, numbers: Numbers) -> tuple[str | None, str]:
    """The semantic of a number, and why."""
    name = evidence.name
    if numbers.currency_rows > 0.5 * evidence.rows:
        return "currency", f"the currency is {numbers.currency}"
    if numbers.percent > 0.5 * evidence.rows:
        return "percent", "the values are per cent"
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
    if name.is_identifier:
        return "identifier", "its name says that it identifies something"
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


def _odd_numbers(evidence: _Evidence, numbers: Numbers) -> dict[str, str]:
    if not numbers.is_plain:
        return {}
    counts: dict[float, int] = {}
    texts: dict[float, str] = {}
    for value, number in _floats(numbers).items():
        counts[number] = counts.get(number, 0) + evidence.counts[value]
        texts[number] = value
    return sentinels.odd_numbers(counts, texts)


# --- texts ----------------------------------------------------------------------------------------


def _string(evidence: _Evidence, every: Mapping[str, int]) -> Choice:
    name = evidence.name
    all_digits = all(value.isdigit() for value in evidence.counts)
    confidence = 0.97
    if all_digits:
        zeros = any(value.startswith("0") and len(value) > 1 for value in evidence.counts)
        confidence = 0.93 if zeros else 0.85
        reason = "digits with leading zeros" if zeros else "digits that its name says are a code"
    elif not any(each.isdigit() for value in evidence.counts for each in value):
        reason = "texts"
        confidence = 0.98
    else:
        reason = "texts with digits"
    semantic: str | None = None
    if evidence.is_constant:
        semantic, why = "constant", "all values are the same"
    else:
        semantic, why = read_semantic(name, evidence.counts, evidence.rows) or (None, "")
    if semantic in (None, "categorical") and _identifies(evidence):
        semantic, why = "identifier", "each value is of its own, written in one pattern"
    if why:
        reason += f"; {why}"
    missing = _real_words(evidence, semantic)
    return Choice("string", semantic, None, confidence, reason, missing, frozenset(every))


def _identifies(evidence: _Evidence) -> bool:
    name = evidence.name
    if name.is_identifier:
        return True
    if evidence.rows < 10 or evidence.distinct < 0.98 * evidence.rows:
        return False
    codes = sum(
        count
        for value, count in evidence.counts.items()
        if " " not in value and any(map(str.isdigit, value)) and len(value) <= 40
    )
    lengths = {len(value) for value in evidence.counts}
    return codes >= 0.95 * evidence.rows and len(lengths) <= 4


def _real_words(evidence: _Evidence, semantic: str | None) -> dict[str, str]:
    """The words for missing values that are not values of their own in this column.

    `NA` among two-letter codes is Namibia, `ND` North Dakota.
    """
    if semantic in ("country_code", "language_code", "currency_code"):
        return {}
    alike = {}
    for value, reason in evidence.missing.items():
        same = sum(
            count
            for other, count in evidence.counts.items()
            if len(other) == len(value) and other.isupper() and value.isupper()
        )
        if value.isalpha() and same > 0.7 * evidence.rows:
            continue
        alike[value] = reason
    for value in evidence.counts:
        if (
            value.lower() in ("unknown", "undefined", "unspecified", "tbd")
            and evidence.distinct > 1
        ):
            alike[value] = "a word for a missing value"
    return alike
