"""Line ends, encodings and byte order marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import Draft, UnfitError
from tests.messy.pollution import Part, add, pollution


def _newline(name: str, rule: str, ends: tuple[str, ...]) -> None:
    def apply(draft: Draft, rng: Random) -> None:
        # An end of each kind occurs, in an order that is no pattern.
        count = len(ends) if len(ends) == 1 else 17
        chosen = [*ends, *(rng.choice(ends) for _ in range(count - len(ends)))]
        draft.newlines = tuple(chosen)

    add(Part.NEWLINE, name, rule, apply)


_INNER = "A line end within a cell stays as it is."
_newline("crlf", f"Lines end with CR LF. {_INNER}", ("\r\n",))
_newline("cr", f"Lines end with CR alone. {_INNER}", ("\r",))
_newline(
    "lf_and_crlf",
    f"Some lines end with LF, some with CR LF: none of it is in a cell. {_INNER}",
    ("\n", "\r\n"),
)
_newline(
    "lf_and_crlf_and_cr",
    f"Lines end with LF, CR LF or CR: none of it is in a cell. {_INNER}",
    ("\n", "\r\n", "\r"),
)


@pollution(Part.NEWLINE, Part.BLANK, Part.BELOW, "blank_file")
def no_newline_at_the_end(draft: Draft, rng: Random) -> None:
    """The last line has no end: its record is one as the others."""
    draft.last_newline = False


def _everything(draft: Draft) -> str:
    return "".join(cell for line in draft.lines for cell in line.cells)


def _encoding(name: str, rule: str, codec: str, mark: bytes, fits: Callable[[str], bool]) -> None:
    # A control character of Latin-1 is a letter of Windows-1252.
    clashes = ("other_line_separators",) if codec == "latin-1" else ()

    def apply(draft: Draft, rng: Random) -> None:
        text = _everything(draft)
        if not fits(text):
            raise UnfitError("nothing in it would tell the encoding")
        draft.encoding, draft.mark = codec, mark

    add(Part.ENCODING, name, rule, apply, clashes)


def _any(text: str) -> bool:
    return True


def _some(text: str) -> bool:
    return bool(text)


def _foreign(text: str) -> bool:
    """Some letters beyond ASCII."""
    return sum(not letter.isascii() for letter in text) >= 10


def _typographic(text: str) -> bool:
    return any(letter in text for letter in "“”’–—…€")


def _script(first: str, last: str) -> Callable[[str], bool]:
    return lambda text: any(first <= letter <= last for letter in text)


_RULE = "The text is {}: the letters are those that were meant{}."
for _name, _text, _codec, _mark, _fits in (
    ("utf8_with_mark", "UTF-8 with a byte order mark", "utf-8", b"\xef\xbb\xbf", _any),
    ("utf16le_with_mark", "UTF-16, low byte first, with a byte order mark", "utf-16-le", b"\xff\xfe", _any),
    ("utf16be_with_mark", "UTF-16, high byte first, with a byte order mark", "utf-16-be", b"\xfe\xff", _any),
    ("utf16le", "UTF-16, low byte first, without a mark", "utf-16-le", b"", _some),
    ("utf16be", "UTF-16, high byte first, without a mark", "utf-16-be", b"", _some),
    ("utf32le_with_mark", "UTF-32, low byte first, with a mark", "utf-32-le", b"\xff\xfe\0\0", _any),
    ("utf32be_with_mark", "UTF-32, high byte first, with a mark", "utf-32-be", b"\0\0\xfe\xff", _any),
    ("latin_1", "Latin-1", "latin-1", b"", _foreign),
    ("windows_1252", "Windows-1252, with its quotes, dashes or euro sign", "cp1252", b"", _typographic),
    ("mac_roman", "Mac Roman", "mac-roman", b"", _foreign),
    ("cp437", "code page 437", "cp437", b"", _foreign),
    ("shift_jis", "Shift-JIS", "shift_jis", b"", _script("\u3040", "\u30ff")),
    ("gb18030", "GB18030", "gb18030", b"", _script("\u4e00", "\u9fff")),
    ("koi8_r", "KOI8-R", "koi8-r", b"", _script("а", "я")),
    ("windows_1251", "Windows-1251", "cp1251", b"", _script("а", "я")),
):  # fmt: skip
    _tail = "; the mark is no part of the first cell" if _mark else ""
    _encoding(_name, _RULE.format(_text, _tail), _codec, _mark, _fits)


@pollution(Part.ENCODING, "space", "one_column")
def one_byte_in_another_encoding(draft: Draft, rng: Random) -> None:
    """A file in UTF-8 in which one letter of one record is a byte of Latin-1.

    The record is in rejects, or loaded with the letter, or with U+FFFD in its place; the letters of all
    other records are those of UTF-8.
    """
    if not _foreign(_everything(draft)):
        raise UnfitError("nothing else would tell that it is UTF-8")
    fit = draft.columns(lambda cell: cell[:1].isalpha())
    if not fit:
        raise UnfitError("no text")
    [line] = draft.plain(1, rng)
    column = rng.choice(fit)
    line.cells[column] += "\ue000"
    draft.broken["\ue000"] = b"\xe9"
    letter, replaced = (
        [cell.replace("\ue000", mark) for cell in line.cells] for mark in ("é", "\ufffd")
    )
    line.meant, line.fits = letter, False

    def with_replacement(intent: Intent) -> Intent:
        return replace(
            intent,
            bad_records=[replaced if row == letter else row for row in intent.bad_records],
        )

    draft.alternatives.append(with_replacement)
