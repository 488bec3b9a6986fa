"""What texts stand for: addresses of the net, codes, lists, quantities with a unit, prose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from controlplane.discover.code_lists import (
    COUNTRY_CODES_2,
    COUNTRY_CODES_3,
    CURRENCY_CODES,
    LANGUAGE_CODES,
    MONTHS,
    US_STATES,
    WEEKDAYS,
    word_set,
)
from controlplane.discover.column_names import ColumnName

# A kind is recognised where nearly all rows are of it.
_ENOUGH = 0.9

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}|[^@\s,;<>]+@[\w-]+\.[a-z]{2,}")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,12}://|www\.)[^\s]+", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|io|de|uk|fr|co|info|eu)(?:/\S*)?", re.I
)
_IPV4 = re.compile(
    r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:/[0-9]{1,2})?"
)
_IPV6 = re.compile(r"(?=.*:.*:)[0-9a-fA-F:]{3,39}(?:[0-9.]{7,15})?(?:/[0-9]{1,3})?")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_MAC = re.compile(r"(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")
_GEO = re.compile(
    r"[(\[]?\s*[+-]?[0-9]{1,3}\.[0-9]+\s*[,; ]\s*[+-]?[0-9]{1,3}\.[0-9]+\s*[)\]]?"
    r"|(?:SRID=[0-9]+;)?(?:POINT|LINESTRING|POLYGON|MULTI\w+)\s*Z?\s*\(.*\)"
    r"|[0-9]{1,3}\s?°\s?[0-9]{1,2}\s?['\u2032\u2019][^,]*[NSEWO](?:[ ,]+[0-9]{1,3}\s?°.*)?"
    r"|[0-9]{1,3}\.[0-9]+\s?°?\s?[NSEW](?:[ ,]+[0-9]{1,3}\.[0-9]+\s?°?\s?[NSEW])?",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?:\+|00)?[0-9]{0,4}[ .\-/]?\(?[0-9]{1,5}\)?(?:[ .\-/]{0,3}[0-9]{2,8}){1,5}"
    r"(?:\s?(?:x|ext\.?|#)\s?[0-9]{1,6})?",
    re.IGNORECASE,
)
_YEARS = re.compile(r"[12][0-9]{3}\s?[-/]\s?[12][0-9]{3}")
_POSTCODE = re.compile(
    r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{5}-[0-9]{4}"
    r"|[0-9]{4} ?[A-Z]{2}|[0-9]{5}-[0-9]{3}|[0-9]{2}-[0-9]{3}|[0-9]{3} [0-9]{2}"
)
_DURATION = re.compile(
    r"[+-]?P(?=[0-9T])(?:[0-9.]+[YMWD])*(?:T(?:[0-9.]+[HMS])+)?"
    r"|(?:[0-9]+(?:\.[0-9]+)?\s?(?:years?|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?"
    r"|ms|[wdhms])[ ,]*(?:and )?)+"
    r"|[0-9]+ days?,? [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?"
    r"|[0-9]{1,4}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?|[0-9]{1,3}:[0-9]{2}",
    re.IGNORECASE,
)
_AMOUNT = r"[+-]?[0-9][0-9.,]*(?:\s?[-\u2013x\u00d7]\s?[0-9][0-9.,]*)?"
_QUANTITY = re.compile(
    rf"[<>≤≥~≈±]?\s?{_AMOUNT}\s?(?P<unit>[^\W\d_]{{1,12}}[²³]?(?:[/·.*-]?[^\W\d_]{{1,8}}[²³]?)*\.?|[°\"'\u2032\u2033%‰#+]"
    rf"|°\s?[CFK])(?:\s?\(?[^\d()]{{0,12}}\)?)?"
    rf"|(?P<before>[^\W\d_]{{2,4}}|[<>≤≥~≈#@$€£])\.?\s?{_AMOUNT}(?:\s?[kmbKMB]n?)?"
    rf"|[$€£¥]\s?{_AMOUNT}\s?(?:[kmbKMB]n?|/\s?\w+|per \w+)?|{_AMOUNT}\s?[kmbKMB]"
)
_UNITS = word_set(
    "kg g mg lb lbs oz cm mm m km in ft mi l ml cl % \u00b0 c f w kw v hp cc gb mb tb kb mp hz ghz mhz"
    " yrs min k x mph $ € £ < > ~ \" ' usd eur gbp rs cal h s kv a pt px dpi km² m² +"
) | {""}
_WORD = re.compile(r"[^\W\d_]{2,}")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][A-Z][A-Za-z]{1,3})?")
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){1,3}(?:[-.]?[a-z0-9]+)?", re.IGNORECASE)


def read_semantic(name: ColumnName, counts: Mapping[str, int], rows: int) -> tuple[str, str] | None:
    """What the texts of a column stand for, and why; None where they are just texts.

    Args:
        name: the column's name.
        counts: the rows of each value, without those for missing values.
        rows: how many rows that makes.
    """
    for semantic, test in _TESTS:
        if _share(counts, rows, test) >= _ENOUGH:
            return semantic, f"{_percent(counts, rows, test)} of the values look like it"
    for found in (_codes(name, counts, rows), _named(name, counts, rows)):
        if found:
            return found
    if _share(counts, rows, _POSTCODE.fullmatch) >= _ENOUGH and len(counts) > 2:
        return "postcode", "the values are written like postal codes"
    if _share(counts, rows, _is_phone) >= _ENOUGH and len(counts) > 1:
        return "phone", "the values are written like telephone numbers"
    if quantity := _quantity(counts, rows):
        return "embedded_number", quantity
    if items := _list(counts, rows):
        return "list", items
    return _prose(name, counts, rows)


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its usual form."""
    return _UUID.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """Whether the text is a length of time."""
    return _DURATION.fullmatch(text) is not None


def _is_ip(text: str) -> bool:
    return _IPV4.fullmatch(text) is not None or (
        _IPV6.fullmatch(text) is not None and ("::" in text or text.count(":") == 7)
    )


def _is_json(text: str) -> bool:
    if text[0] not in "{[":
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_url(text: str) -> bool:
    return _URL.fullmatch(text) is not None or _DOMAIN.fullmatch(text) is not None


def _is_phone(text: str) -> bool:
    digits = sum(each.isdigit() for each in text)
    return (
        7 <= digits <= 15
        and len(text) > digits
        and _PHONE.fullmatch(text) is not None
        and _YEARS.fullmatch(text) is None
        and not (text.count(".") == 1 and "-" not in text and " " not in text)
    )


def _is_long_duration(text: str) -> bool:
    return text[0] in "+-P0123456789" and not text.isdigit() and is_duration(text)


_TESTS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("uuid", is_uuid),
    ("email", _EMAIL.fullmatch),
    ("url", _is_url),
    ("ip", _is_ip),
    ("mac", _MAC.fullmatch),
    ("json", _is_json),
    ("geo", _GEO.fullmatch),
    ("duration", _is_long_duration),
)


def _share(counts: Mapping[str, int], rows: int, test: Callable[[str], object]) -> float:
    """The share of rows that pass; the first values already tell for most columns."""
    failed = 0
    for value, count in counts.items():
        if not test(value):
            failed += count
            if failed > rows * (1 - _ENOUGH):
                return 0.0
    return 1 - failed / rows


def _percent(counts: Mapping[str, int], rows: int, test: Callable[[str], object]) -> str:
    return f"{_share(counts, rows, test):.0%}"


def _codes(name: ColumnName, counts: Mapping[str, int], rows: int) -> tuple[str, str] | None:
    """Codes of countries, currencies and languages; without the name's word it takes a few of them."""
    longest = max(map(len, counts))
    if longest > 7:
        return None
    enough = len(counts) >= 4
    upper = _share(counts, rows, str.isupper) >= _ENOUGH
    if upper and longest <= 3:
        if (name.is_currency or (enough and not name.is_country)) and _share(
            counts, rows, CURRENCY_CODES.__contains__
        ) >= _ENOUGH:
            return "currency_code", "the values are codes of ISO 4217"
        codes = COUNTRY_CODES_2 if longest == 2 else COUNTRY_CODES_3
        states = _share(counts, rows, US_STATES.__contains__) >= _ENOUGH
        if (name.is_country or (enough and not states)) and _share(
            counts, rows, codes.__contains__
        ) >= _ENOUGH:
            return "country_code", "the values are codes of ISO 3166"
        if states and enough:
            return "categorical", "the values are states of the USA"
    if name.is_language or enough:

        def known(text: str) -> bool:
            match = _LANGUAGE.fullmatch(text)
            return match is not None and match[1] in LANGUAGE_CODES

        if _share(counts, rows, known) >= _ENOUGH:
            return "language_code", "the values are codes of ISO 639"
    return None


def _named(name: ColumnName, counts: Mapping[str, int], rows: int) -> tuple[str, str] | None:
    """What the name says, where the values do not speak against it."""
    digits = _share(counts, rows, lambda text: any(each.isdigit() for each in text)) > 0
    if name.is_phone and digits and max(map(len, counts)) <= 30:
        return "phone", "its name says a telephone number"
    if name.is_postcode and digits and max(map(len, counts)) <= 12:
        return "postcode", "its name says a postal code"
    return None


def _quantity(counts: Mapping[str, int], rows: int) -> str | None:
    """Numbers with a unit: few units, many numbers."""
    units: dict[str, int] = {}
    failed = 0
    for value, count in counts.items():
        match = _QUANTITY.fullmatch(value) if len(value) <= 40 else None
        if match is None:
            failed += count
            if failed > rows * 0.2:
                return None
            continue
        before = match["before"] or ""
        if before.isalpha() and before.upper() not in CURRENCY_CODES and before.lower() != "rs":
            return None
        unit = (match["unit"] or before).lower()
        units[unit] = units.get(unit, 0) + 1
    matched = sum(units.values())
    if not matched or len(units) > max(3, matched * 0.25, 1) or (matched > 3 and len(units) > 12):
        return None
    if matched < 2 and len(counts) > 1:
        return None
    # A letter and digits of one length are a code, not a quantity.
    is_code = _is_fixed(counts) and not any(" " in value for value in counts)
    if is_code and max(map(len, units)) <= 3 and not units.keys() <= _UNITS:
        return None
    main = max(units, key=lambda each: units[each])
    return f"numbers with a unit, mostly '{main}'" if main else "numbers with a text around them"


def _is_fixed(counts: Mapping[str, int]) -> bool:
    return len({len(value) for value in counts}) == 1


def _list(counts: Mapping[str, int], rows: int) -> str | None:
    """Items between the same marks: short ones, in differing number, that come again."""
    for mark, least, longest in (("|", 0.3, 4), (";", 0.3, 4), (",", 0.5, 2.6)):
        having = [value for value in counts if mark in value]
        if sum(counts[value] for value in having) < rows * least or len(having) < 2:
            continue
        split = [[item.strip() for item in value.split(mark)] for value in having]
        items = [item for each in split for item in each if item]
        if sum(len(item.split()) for item in items) > longest * len(items):
            continue
        if any(len(item) > 60 for item in items):
            continue
        numbers = {len(each) for each in split}
        again = 1 - len({item.lower() for item in items}) / len(items)
        if mark == ",":
            sentences = sum(value.rstrip().endswith((".", "!", "?")) for value in having)
            if sentences > 0.3 * len(having) or len(numbers) < 2 or again < 0.3 or max(numbers) < 3:
                continue
        elif again < 0.1 and len(numbers) < 2 and len(having) > 5:
            continue
        return f"items between '{mark}', {min(numbers)} to {max(numbers)} of them"
    return None


def _prose(name: ColumnName, counts: Mapping[str, int], rows: int) -> tuple[str, str] | None:
    words = sum(len(_WORD.findall(value)) * count for value, count in counts.items()) / rows
    distinct = len(counts) / rows
    if len(counts) > 1 and (
        (words >= 6 and (distinct > 0.3 or words >= 12)) or (words >= 3.5 and name.is_text)
    ):
        return "text", f"{words:.0f} words in a value"
    if words < 6:
        lowered = {value.lower().rstrip(".") for value in counts}
        if lowered <= MONTHS.keys() or lowered <= WEEKDAYS.keys():
            return "categorical", "the values are months or days of the week"
        if len(counts) > 1 and len(counts) <= 60 and distinct <= 0.2:
            return "categorical", f"{len(counts)} values in {rows:,} rows"
        if len(counts) > 1 and len(counts) <= 8 and rows >= 3 and distinct <= 0.5:
            return "categorical", f"{len(counts)} values in {rows:,} rows"
        if name.is_category and len(counts) > 1 and distinct < 0.6 and not name.is_identifier:
            return "categorical", f"its name says a class, and values come {1 / distinct:.1f} times"
        if distinct <= 0.05 and words < 4 and len(counts) > 1:
            return "categorical", f"{len(counts)} values in {rows:,} rows"
    return None
