"""Numbers as people and programs write them: separators of any convention, currencies, per cent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.discover.code_lists import CURRENCY_CODES

PLAIN_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_PLAIN = re.compile(PLAIN_NUMBER)
_SYMBOLS = "$€£¥₹₽₩₪₫₴₺₦₱฿₿¢"
_CURRENCY = rf"[A-Z]{{0,3}}[{_SYMBOLS}]|[A-Z]{{3}}|kr\.?|zł|Kč|Rs\.?|Fr\.?|Ft|lei|лв\.?"
# The hyphen, the minus sign and the dash; the comma above, straight and typographic.
_MINUS = "\\-\u2212\u2013"
_QUOTE = "\u2019"
_SPACES = "  \u00a0\u202f\u2009"
DRESSED_NUMBER = (
    rf"(?P<open>\()?[{_SPACES}]*(?P<sign>[+{_MINUS}])?[{_SPACES}]*(?P<before>{_CURRENCY})?"
    rf"[{_SPACES}]*(?P<sign2>[+{_MINUS}])?[{_SPACES}]*"
    rf"(?P<core>[0-9.,](?:[0-9.,'{_QUOTE}{_SPACES}]*[0-9.,])?)(?P<power>[eE][+-]?[0-9]{{1,3}})?"
    rf"[{_SPACES}]*(?P<after>%|‰|{_CURRENCY})?[{_SPACES}]*(?P<close>\))?(?P<trail>-|CR|DR)?"
)
_DRESSED = re.compile(DRESSED_NUMBER)
# How a convention writes a number: (regex, the mark before decimals, the mark between thousands).
_CONVENTIONS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"),
        ".",
        ",",
    ),
    (
        re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?|[0-9]+(?:,[0-9]*)?|,[0-9]+"),
        ",",
        ".",
    ),
    (
        re.compile(rf"[1-9][0-9]{{0,2}}(?:[{_SPACES}][0-9]{{3}})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]*)?"),
        ",",
        " ",
    ),
    (
        re.compile(
            rf"[1-9][0-9]{{0,2}}(?:[{_SPACES}][0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?"
        ),
        ".",
        " ",
    ),
    (
        re.compile(
            rf"[1-9][0-9]{{0,2}}(?:['{_QUOTE}][0-9]{{3}})+(?:[.,][0-9]+)?|[0-9]+(?:\.[0-9]*)?"
        ),
        ".",
        "'",
    ),
    (re.compile(r"[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?"), ".", ","),
)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")


@dataclass(frozen=True)
class Numbers:
    """What the numbers of a column look like.

    `matched` are the values that are numbers; `whole` says that none has a fraction; `is_clear` that
    no other convention reads them as other numbers.
    """

    matched: frozenset[str]
    whole: bool
    decimal: str
    group: str
    is_plain: bool
    is_clear: bool
    leading_zeros: int
    scientific: int
    percent: int
    currency: str | None
    currency_rows: int
    parentheses: bool
    scale: int
    digits: int


def read_numbers(counts: Mapping[str, int]) -> Numbers | None:
    """The convention that most of the values follow; None where none is a number.

    `counts` has the rows of each value, without white space at its ends.
    """
    plain = {value for value in counts if _PLAIN.fullmatch(value)}
    dressed = {}
    for value in counts:
        if value not in plain and (match := _DRESSED.fullmatch(value)) and _is_dressed(match):
            dressed[value] = match
    if not plain and not dressed:
        return None
    # The convention is decided by what has separators; the others fit each.
    cores = {value: match["core"].strip() for value, match in dressed.items()}
    best, others = _convention(plain, cores, counts)
    pattern, decimal, group = _CONVENTIONS[best]
    cores = {value: core for value, core in cores.items() if pattern.fullmatch(core)}
    if decimal == ",":
        plain = {value for value in plain if pattern.fullmatch(value.lstrip("+-"))}
    powers = {value for value in plain if "e" in value or "E" in value} | {
        value for value in cores if dressed[value]["power"]
    }
    fractions = [_fraction(value, decimal) for value in plain if value not in powers]
    fractions += [_fraction(core, decimal) for value, core in cores.items() if value not in powers]
    symbols: dict[str, int] = {}
    percent = 0
    parentheses = False
    for value in cores:
        match = dressed[value]
        parentheses |= match["open"] is not None
        sign = match["before"] or match["after"]
        if sign in ("%", "‰"):
            percent += counts[value]
        elif sign:
            symbols[sign] = symbols.get(sign, 0) + counts[value]
    matched = frozenset(plain) | frozenset(cores)
    return Numbers(
        matched=matched,
        whole=not powers and not any(fraction is not None for fraction in fractions),
        decimal=decimal,
        group=group,
        is_plain=not cores,
        is_clear=not others,
        leading_zeros=sum(counts[value] for value in plain if _LEADING_ZERO.fullmatch(value)),
        scientific=sum(counts[value] for value in powers),
        percent=percent,
        currency=max(symbols, key=lambda each: symbols[each]) if symbols else None,
        currency_rows=sum(symbols.values()),
        parentheses=parentheses,
        scale=max((len(fraction or "") for fraction in fractions), default=0),
        digits=max((sum(map(str.isdigit, value)) for value in matched), default=0),
    )


def _is_dressed(match: re.Match[str]) -> bool:
    """Whether what stands around the digits can stand around a number."""
    before, after = match["before"], match["after"]
    if (match["open"] is None) != (match["close"] is None) or (before and after):
        return False
    if match["sign"] and match["sign2"]:
        return False
    code = before or after or ""
    return not (code.isascii() and code.isupper() and code.isalpha()) or code in CURRENCY_CODES


def _convention(
    plain: set[str], cores: Mapping[str, str], counts: Mapping[str, int]
) -> tuple[int, bool]:
    """The index of the convention that reads most rows, and whether another reads as many."""
    if not cores:
        return 0, False
    marked = {value: core for value, core in cores.items() if not core.isdigit()}
    for value in plain:
        if "." in value:
            marked[value] = value.lstrip("+-")
    if not marked:
        return 0, False
    scores = [
        sum(counts[value] for value, core in marked.items() if pattern.fullmatch(core))
        for pattern, _, _ in _CONVENTIONS
    ]
    best = scores.index(max(scores))
    return best, best == 0 and scores[1] == scores[0]


def _fraction(text: str, decimal: str) -> str | None:
    """What stands after the decimal mark; None where there is none."""
    whole, mark, fraction = text.rpartition(decimal)
    return fraction if mark and whole is not None else None
