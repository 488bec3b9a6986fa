"""Chooses the type of a column from its values and its name, with the reason and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping

from controlplane.discover import sentinels
from controlplane.discover.codes import is_duration, read_semantic
from controlplane.discover.column_names import read_name
from controlplane.discover.column_samples import Sample
from controlplane.discover.evidence import Choice, Evidence, exceptions_in, fit
from controlplane.discover.findings import ValueType
from controlplane.discover.number_choice import is_only_number, number_choice
from controlplane.discover.numbers import read_numbers
from controlplane.discover.times import Times, read_times

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
_TRUTH_WORDS = frozenset(word for pair in _TRUTHS for word in pair)


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
    evidence = Evidence(name, counts, sum(counts.values()), missing)
    numbers = read_numbers(counts)
    times = None if is_only_number(numbers, counts) else read_times(counts, preferred=preferred)
    return (
        _truth(evidence)
        or _time(evidence, times)
        or number_choice(evidence, numbers)
        or _string(evidence, sample.counts)
    )


# --- yes or no ------------------------------------------------------------------------------------


def _truth(evidence: Evidence) -> Choice | None:
    lowered = {value.lower() for value in evidence.counts}
    name = evidence.name
    semantic = "constant" if evidence.is_constant else None
    for pair in _TRUTHS if lowered & _TRUTH_WORDS else ():
        matched = frozenset(value for value in evidence.counts if value.lower() in pair)
        odd: dict[str, str] = {}
        if not matched:
            continue
        if len(matched) < len(evidence.counts):
            # A slip or a word for a missing value leaves the rest what it is; a third answer is not.
            found = fit(evidence, matched)
            slips = sum(n for value, n in evidence.counts.items() if value not in matched)
            if found is None or len(matched) < 2 or evidence.distinct > len(matched) + 2:
                continue
            odd = {value: why for value, why in found[1].items() if not why.startswith("the same")}
            slips -= sum(evidence.counts[value] for value in odd)
            if slips > 0.05 * evidence.rows:
                continue
            lowered = {value.lower() for value in matched}
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
            f"the values are {' and '.join(sorted(matched)[:4])}"
            + exceptions_in(evidence, matched, odd),
            {**evidence.missing, **odd},
            matched,
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


def _time(evidence: Evidence, times: Times | None) -> Choice | None:
    if times is None:
        return None
    found = fit(evidence, times.matched)
    name = evidence.name
    if found is None:
        return None
    share, odd = found
    if times.is_compact:
        matched = sum(evidence.counts[value] for value in times.matched)
        if name.is_identifier or name.is_code or name.is_phone or name.is_postcode:
            return None
        if not name.is_time and (matched < 0.97 * evidence.rows or len(times.matched) < 2):
            return None
        if name.says_nothing and times.format == "%Y%m%d":
            # Eight digits that nobody calls a day are declared whole numbers more often than days.
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
        reason + exceptions_in(evidence, times.matched, odd),
        odd,
        times.matched,
        times=times,
    )


def _odd_dates(evidence: Evidence, times: Times) -> dict[str, str]:
    moments: dict[tuple[int, ...], int] = {}
    texts: dict[tuple[int, ...], list[str]] = {}
    for value, moment in times.moments.items():
        moments[moment] = moments.get(moment, 0) + evidence.counts[value]
        texts.setdefault(moment, []).append(value)
    return sentinels.odd_dates(moments, texts) if times.has_date else {}


def _is_long(evidence: Evidence) -> bool:
    """Whether times of day go beyond a day, which makes them lengths of time."""
    return any(
        is_duration(value) and value.split(":")[0].isdigit() and int(value.split(":")[0]) > 23
        for value in evidence.counts
        if ":" in value
    )


# --- texts ----------------------------------------------------------------------------------------


def _string(evidence: Evidence, every: Mapping[str, int]) -> Choice:
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


def _identifies(evidence: Evidence) -> bool:
    name = evidence.name
    if name.is_identifier and not name.is_code:
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


def _real_words(evidence: Evidence, semantic: str | None) -> dict[str, str]:
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
