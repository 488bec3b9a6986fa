"""What kind of value a cell holds, as far as its text alone tells."""

from __future__ import annotations

import re

NUMBER, TIME, WORD, TEXT, EMPTY, ODD = "number", "time", "word", "text", "empty", "odd"
# Kinds of which a whole column usually is.
SPECIFIC = frozenset({NUMBER, TIME})

_NUMBER = re.compile(
    r"[-+(]?\s?(?:[$€£¥]|[A-Z]{3}\s?)?\s?[-+]?"
    r"(?:\d{1,3}(?:[,.'\u00a0\u202f ]\d{3})+|\d+)?(?:[.,]\d+)?(?:[eE][-+]?\d+)?"
    r"\s?(?:[%$€£¥]|[A-Z]{3})?\)?"
)
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{1,2}[- ](?:[A-Za-z]{3,9})\.?[- ,]{1,2}\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
    r"|\d{1,2}\. ?[A-Za-zä]{3,9} \d{4}|\d{4}年\d{1,2}月\d{1,2}日)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[-+]\d{2}:?\d{2}))?"
_TIME = re.compile(rf"(?:{_DATE}(?:[T ]\s?{_CLOCK}{_ZONE})?|{_CLOCK}{_ZONE})")
_WORD = re.compile(r"[\w.\-+/@#&%' ]{1,80}")
_DIGITS = re.compile(r"\d")


def kind(cell: str) -> str:
    """The kind of one cell: a number or a point in time in any usual notation, words, other text.

    `odd` is text that looks as if a cell ended in the wrong place: with a quote or a usual delimiter
    at its ends.
    """
    text = cell.strip()
    if not text:
        return EMPTY
    if len(text) <= 40 and _DIGITS.search(text):
        if _NUMBER.fullmatch(text):
            return NUMBER
        if _TIME.fullmatch(text):
            return TIME
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        return ODD
    if _WORD.fullmatch(text):
        return WORD
    if text[0] in "\"'`,;|\t" or text[-1] in "\"'`,;|\t\\":
        return ODD
    return TEXT
