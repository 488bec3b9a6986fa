"""Finds the encoding of a text of which only the bytes are known.

A byte order mark or valid UTF-8 settles it. Text in other scripts than the Latin is told apart by
`charset_normalizer`, whose models of languages need what such texts have: many letters beyond ASCII.
A Latin text has few, so that these are looked at one by one: an accented letter stands within a word,
a typographic apostrophe between letters, and a capital behind a small letter is a byte of another
encoding.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In this order where they explain the text equally well.
_LATIN = ("cp1252", "latin-1", "cp1250", "iso8859-2", "mac-roman", "cp850", "cp437")
# What the models of languages may leave open in a short text.
_OTHERS = ("cp1251", "koi8-r", "cp866", "iso8859-5", "cp1253", "gb18030", "cp932", "cp949")
_HIGH = re.compile(rb"[\x80-\xff]+")
# How GB18030 writes what GBK does not have; its second and fourth byte are digits.
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
_LONG_ASCII = re.compile(rb"([\x00-\x7f]{64})[\x00-\x7f]+([\x00-\x7f]{64})")
_FREQUENT = frozenset("éèêëáàâäãåæíìîïóòôöõøúùûüçñßÉÈÁÀÄÅÆÍÓÖØÚÜÇÑ")
_SIGNS = frozenset("€£¥§©®°²³µ·±½¼¾«»…\u2013\u2014•™¿¡\u00a0")
_BEFORE_NUMBERS = frozenset("€£¥§±²³")
_APOSTROPHES = frozenset("\u2018\u2019")
_OPENING = frozenset("\u201c\u2018\u201e")
_CLOSING = frozenset("\u201d\u201c")
_SAMPLE = 1 << 16


def find_encoding(sample: bytes) -> str:
    """The name of the encoding, as Python's codecs have it.

    Args:
        sample: the start of the text, or all of it; it may end within a character.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    wide = _without_mark(sample)
    if wide:
        return wide
    valid, invalid = _utf8_characters(sample)
    # Some broken bytes in a text that is otherwise UTF-8 are faults of their records.
    if not invalid or valid > 3 * invalid:
        return "utf-8"
    around = _around_high_bytes(sample)
    if 4 * len(_FOUR_BYTES.findall(around)) > 0.5 * sum(map(len, _HIGH.findall(around))):
        return "gb18030"
    if _is_other_script(around):
        return _by_language(around) or _most_plausible(around, _OTHERS)
    return _most_plausible(around, _LATIN)


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, which have zeros where no other encoding has them."""
    start = sample[: 1 << 13]
    if start.count(0) < 0.05 * len(start):
        return None
    for name, size in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if _is_of_few_alphabets(start[: len(start) // size * size].decode(name, "replace")):
            return name
    return None


def _is_of_few_alphabets(text: str) -> bool:
    """Whether many characters are of ASCII, and nearly all others of a few alphabets.

    Bytes that are put together wrongly give characters from everywhere.
    """
    blocks = Counter(_block(char) for char in text if char not in "\0\ufffd")
    ascii_share = sum(1 for char in text if "\t" <= char <= "~") / max(1, len(text))
    usual = sum(count for _, count in blocks.most_common(7))
    return ascii_share > 0.15 and usual >= 0.95 * len(text)


def _block(char: str) -> int:
    """The page of Unicode that a character is on; those of Chinese and Japanese are one."""
    page = ord(char) >> 8
    return 0x4E if 0x30 <= page <= 0x9F else page


def _utf8_characters(sample: bytes) -> tuple[int, int]:
    """How many characters beyond ASCII are valid UTF-8, and how many bytes belong to none."""
    text = sample.decode("utf-8", "surrogateescape")
    if text.isascii():
        return 0, 0
    invalid = sum(1 for char in text if "\udc80" <= char <= "\udcff")
    tail = 0
    while tail < min(3, len(text)) and "\udc80" <= text[-1 - tail] <= "\udcff":
        tail += 1  # a character that the sample cut
    valid = sum(1 for char in text if char > "\x7f" and not "\udc80" <= char <= "\udcff")
    return valid, invalid - tail if valid else invalid


def _around_high_bytes(sample: bytes) -> bytes:
    """The lines with bytes beyond ASCII, of long stretches of ASCII their ends.

    They say all there is to say, and more of the rest would outweigh it.
    """
    lines = [
        _LONG_ASCII.sub(rb"\1 \2", line)
        for line in re.split(rb"[\r\n]+", sample)
        if _HIGH.search(line)
    ]
    return b"\n".join(lines)[:_SAMPLE]


def _is_other_script(text: bytes) -> bool:
    """Whether bytes beyond ASCII stand together, as whole words of them do."""
    runs = [len(match[0]) for match in _HIGH.finditer(text)]
    return sum(run for run in runs if run >= 3) > 0.5 * sum(runs) and max(runs) >= 4


def _by_language(text: bytes) -> str | None:
    from charset_normalizer import from_bytes

    # Delimiters of control characters are what the models of languages do not know.
    best = from_bytes(re.sub(rb"[\x01-\x08\x1c-\x1f]", b" ", text)).best()
    if best is None:
        return None
    # Half-width katakana are what Cyrillic looks like when it is read as Japanese.
    beyond = [char for char in str(best) if char > "\x7f"]
    if sum(1 for char in beyond if "\uff61" <= char <= "\uff9f") > 0.5 * len(beyond):
        return None
    return str(best.encoding).replace("_", "-")


def _most_plausible(text: bytes, names: Sequence[str]) -> str:
    scores = {}
    for name in names:
        try:
            scores[name] = _plausibility(text.decode(name))
        except UnicodeDecodeError:
            continue
    return max(scores, key=lambda name: scores[name], default="latin-1")  # the first of equals


def _plausibility(text: str) -> float:
    """How well the characters beyond ASCII stand where they stand."""
    score = 0.0
    padded = f" {text} "
    for index, char in enumerate(padded):
        if char < "\x80":
            continue
        before, after = padded[index - 1], padded[index + 1]
        if char.isalpha():
            if char.isupper() and before.islower():
                score -= 3
            elif before.isdigit() or after.isdigit():
                score -= 1
            else:
                score += 2 if char in _FREQUENT else 0.5
        elif char == "\u2019" and before.isalpha():
            score += 2 if after.isalpha() else 1
        elif (
            (char in _APOSTROPHES and before.isalpha() and after.isalpha())
            or (char in _OPENING and not before.isalnum() and after.isalnum())
            or (char in _CLOSING and not after.isalnum())
        ):
            score += 2
        elif char in _SIGNS:
            within = before.isalpha() and after.isalpha()
            score += -1 if within or (char in _BEFORE_NUMBERS and after.isalpha()) else 1
        else:
            score -= 2
    return score
