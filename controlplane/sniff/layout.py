"""Finds how a delimited file that nobody described is laid out."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.errors import SourceError
from controlplane.load.table import Row, Table, find_table
from controlplane.sniff.dialect import Dialect, find_dialect, one_column, rows_of
from controlplane.sniff.encoding import find_encoding

SAMPLE_BYTES = 1 << 20
_DIALECT_BYTES = 1 << 17
# Characters that hardly stand in values; a title may stand above a table with these.
_SURE_DELIMITERS = frozenset((",", ";", "\t", "|", "||", "::", "^", "~", "\x1f", "\x01", "¦", "§"))
LONE_RETURN = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True)
class Layout:
    """What was found out about a file."""

    encoding: str
    dialect: Dialect
    table: Table

    def to_dict(self) -> Mapping[str, Any]:
        """The findings as plain values."""
        return {
            "encoding": self.encoding,
            "delimiter": self.dialect.format.delimiter,
            "quote": self.dialect.format.quote,
            "escape": self.dialect.format.escape,
            "preamble": [_text(row) for row in self.table.preamble],
            "header": list(self.table.titles) if self.table.titles else None,
            "beneath": [_text(row) for row in self.table.beneath],
            "skip_lines": self.table.first_line,
        }


def find_file_encoding(path: Path, source: str) -> str:
    """The encoding of a text file, be it compressed or not.

    Raises:
        SourceError: the file is empty.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
        if not start:
            raise SourceError(f"{source}: is empty; there is nothing to load")
        encoding = find_encoding(start)
        if encoding != "utf-8":
            return encoding
        # Characters beyond ASCII may come late.
        decoder = codecs.getincrementaldecoder("utf-8")()
        piece = start
        try:
            while piece:
                decoder.decode(piece)
                piece = file.read(SAMPLE_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return find_encoding(error.object)
    return encoding


def mixes_returns(sample: bytes) -> bool:
    """Whether a carriage return alone ends lines in a text where others end with a line feed."""
    if b"\n" not in sample or not LONE_RETURN.search(sample):
        return False
    start = _whole_lines(sample, _DIALECT_BYTES)
    together = find_dialect(LONE_RETURN.sub(b"\n", start))
    return together.score > 1.05 * find_dialect(start).score


def find_layout(sample: bytes, encoding: str) -> Layout:
    """The layout of a text of which `sample`, in UTF-8, is the start."""
    text = sample.removeprefix(codecs.BOM_UTF8)
    told = _told_delimiter(text)
    dialect = _checked_dialect(_whole_lines(text, _DIALECT_BYTES)) if told is None else told
    rows = rows_of(_whole_lines(text, SAMPLE_BYTES), dialect.format, 2000)
    width = dialect.width
    return Layout(encoding, dialect, find_table(rows, width))


def _checked_dialect(text: bytes) -> Dialect:
    """The dialect of a text; one column where its first line lacks an unusual delimiter.

    What parts every value alike may be a part of it: the hyphens of a date, the spaces of a name.
    """
    found = find_dialect(text)
    mark = found.format.delimiter.strip() or found.format.delimiter
    first = text.lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8", "replace")
    if found.width > 1 and mark not in _SURE_DELIMITERS and mark not in first.strip():
        return one_column(text)
    return found


def _told_delimiter(text: bytes) -> Dialect | None:
    """The dialect of a file that names its delimiter in a first line, for spreadsheets to read."""
    first, _, rest = text.partition(b"\n")
    line = first.strip().strip(b'"')
    if not line.lower().startswith(b"sep=") or len(line) != 5:
        return None
    delimiter = line[4:].decode("utf-8", "replace")
    return find_dialect(_whole_lines(rest, _DIALECT_BYTES), only=delimiter)


def _whole_lines(text: bytes, size: int) -> bytes:
    """The start of the text, without a line that the end of the sample has cut."""
    if len(text) <= size:
        return text
    start = text[:size]
    cut = max(start.rfind(b"\n"), start.rfind(b"\r"))
    return start[: cut + 1] if cut > 0 else start


def _text(row: Row) -> str:
    return row.raw.decode("utf-8", "replace")
