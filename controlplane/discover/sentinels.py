"""Values that stand for a missing one: words, impossible numbers, the ends of the calendar.

They are named and counted; nobody turns them into nulls here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import quantiles

from controlplane.discover.code_lists import word_set

# What stands for a missing value wherever it is met.
MISSING = word_set(
    "na n/a n.a. n.a #n/a #na nan null (null) <null> [null] nil none \\n - -- --- ---- \u2013 \u2014 ?"
    " ?? ??? . .. ... * ** *** #null! #value! #ref! #div/0! #num! #name? missing unk n/d n.d."
    " nd k.a. <na> -nan n/k n.v. s/d s/o"
) | frozenset(
    (
        "not available",
        "not applicable",
        "not known",
        "no data",
        "(blank)",
        "(empty)",
        "(none)",
        "keine angabe",
        "no aplica",
    )
)
# What stands for a missing value in a column of something else, but can be a value of its own.
VAGUE = word_set(
    "unknown undefined unspecified empty blank tbd tba void x xx xxx unbekannt inconnu"
    " desconocido nr nc error #error invalid"
)

DATES = frozenset(
    (
        (1, 1, 1),
        (1753, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1900, 1, 1),
        (1970, 1, 1),
        (1111, 11, 11),
        (2999, 12, 31),
        (9999, 12, 31),
        (9999, 1, 1),
        (2099, 12, 31),
    )
)
_FAR_YEARS = 5


def is_missing_word(value: str) -> bool:
    """Whether the text says by itself that there is no value."""
    return value.lower() in MISSING


def odd_words(exceptions: Mapping[str, int], rows: int) -> dict[str, str]:
    """The exceptions of a typed column that stand for a missing value, each with the reason."""
    found = {}
    for value, count in exceptions.items():
        if is_missing_word(value):
            found[value] = "a word for a missing value"
        elif value.lower().lstrip("+-") in ("inf", "infinity"):
            found[value] = "infinite, which few databases can store"
        elif value.lower() in VAGUE:
            found[value] = "a word for a missing value among values of another kind"
        elif set(value) <= set("0-/: .") and "0" in value:
            found[value] = "zeros in the place of a date"
        elif count >= max(3, rows * 0.005) and not any(each.isdigit() for each in value):
            found[value] = f"the same text in {count:,} rows among values of another kind"
    return found


def odd_numbers(counts: Mapping[float, int], texts: Mapping[float, str]) -> dict[str, str]:
    """The numbers that are out of all proportion and written with one repeated digit.

    A number is a sentinel where it is nines (or -1) and lies far from all others, or outside of
    them and in many rows.
    """
    if len(counts) < 6:
        return {}
    found = {}
    for number, text in texts.items():
        digits = text.lstrip("+-").replace(".", "").rstrip("0") or "0"
        is_nines = len(digits) >= 2 and set(digits) <= {"9"}
        is_eights = len(digits) >= 3 and set(digits) <= {"8"}
        if not (is_nines or is_eights or number == -1):
            continue
        rest = sorted(each for each in counts if each != number and not _is_nines(texts.get(each)))
        if len(rest) < 5:
            continue
        low, high = rest[0], rest[-1]
        if low <= number <= high:
            continue
        first, _, third = quantiles(rest, n=4)
        gap = number - high if number > high else low - number
        typical = sorted(counts[each] for each in rest)[len(rest) // 2]
        is_far = gap > 3 * max(third - first, 1e-9) and gap > 0.5 * (high - low)
        is_frequent = counts[number] >= max(3, 3 * typical)
        if number == -1:
            # One below zero says little by itself where others lie near.
            if low >= 0 and is_frequent:
                found[text] = "-1 where no other value is negative, and often"
        elif number < 0 and low >= 0:
            found[text] = "negative nines where no other value is negative"
        elif is_far or (is_frequent and gap > 0.1 * (high - low)):
            found[text] = f"a repeated digit, far from the others ({_short(low)} to {_short(high)})"
    return found


def odd_dates(
    moments: Mapping[tuple[int, ...], int], texts: Mapping[tuple[int, ...], Sequence[str]]
) -> dict[str, str]:
    """The ends of the calendar and other days that programs write for "no date"."""
    found: dict[str, str] = {}
    rest = sorted(moment[0] for moment in moments if moment[:3] not in DATES)
    for moment in moments:
        if moment[:3] not in DATES:
            continue
        year = moment[0]
        if rest and rest[0] - _FAR_YEARS <= year <= rest[-1] + _FAR_YEARS:
            continue
        if not rest and len(moments) > 1:
            continue
        alike = sum(other[1:3] == moment[1:3] for other in moments)
        if alike > 0.5 * len(moments) and len(moments) > 2:
            # Where days are all the first of a year, this one is one of them.
            continue
        if not rest and year not in (1, 9999, 2999):
            continue
        for text in texts[moment]:
            found[text] = "a date that programs write where there is none"
    return found


def _is_nines(text: str | None) -> bool:
    digits = (text or "").lstrip("+-").replace(".", "").rstrip("0")
    return len(digits) >= 2 and set(digits) <= {"9"}


def _short(number: float) -> str:
    return f"{number:,.15g}"
