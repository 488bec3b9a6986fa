"""Finds delimiter, quote and escape of a delimited text: those under which it is most of a table.

Each candidate takes the text apart with the reader that will load it. What counts is, as in van den
Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and type patterns" (2019), that
the rows have one length and the cells are of a known kind; beyond them, that a column is of one kind
throughout, and that no quote is left over.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from controlplane.load.celltypes import EMPTY, ODD, SPECIFIC, TEXT, kind
from controlplane.load.csv_lines import CsvFormat, RecordReader
from controlplane.load.table import Row

RECORDS = 400
_USUAL = (",", ";", "\t", "|")
# How readily a character is taken for a delimiter, in a text that others explain as well.
_TRUST = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "||": 1.0, "::": 0.95, "^": 0.95, "~": 0.95}
_TRUST |= {"\x1f": 1.0, "\x01": 1.0, "¦": 0.95, "§": 0.95, ":": 0.75, " ": 0.5, "#": 0.7}
_LITTLE = 0.6
_NEVER = frozenset("\"'`\\.-_()[]{}<>")
_QUOTES = ('"', "'", "`")
_KINDS = {EMPTY: 0.6, TEXT: 0.7, ODD: 0.1}
# What a text of one column is worth: more than one that falls into rows of any length; and one of
# nothing but numbers or times more than the pieces of those.
_ONE_COLUMN = 0.22
_ONE_KIND = 0.45


@dataclass(frozen=True)
class Dialect:
    """How a text is delimited; `width` is the number of cells that most records have."""

    format: CsvFormat
    width: int
    score: float

    @property
    def is_plain(self) -> bool:
        """Whether DuckDB reads it as the careful reader does."""
        layout = self.format
        return len(layout.delimiter) == 1 and not (layout.escapes_all or layout.literal_quotes)


def rows_of(sample: bytes, layout: CsvFormat, limit: int | None = None) -> list[Row]:
    """The records of a text in UTF-8, blank lines among them."""
    records = RecordReader(io.BytesIO(sample), layout)
    rows: list[Row] = []
    while (limit is None or len(rows) < limit) and (record := records.next()) is not None:
        cells = tuple((field or b"").decode("utf-8", "replace") for field in record.fields)
        rows.append(Row(record.line.number, record.lines, cells, record.fault, record.raw))
    return rows


def find_dialect(sample: bytes, only: str | None = None) -> Dialect:
    """The dialect that makes most of a table of the text.

    Args:
        sample: whole lines in UTF-8.
        only: the delimiter, where that is known.
    """
    text = sample.decode("utf-8", "replace")
    best = one_column(sample)
    for delimiter in _delimiters(text) if only is None else (only,):
        for layout in _quoting(text, delimiter):
            found = _judge(sample, layout)
            if found is not None and found.score > best.score:
                best = found
    return best


def one_column(sample: bytes) -> Dialect:
    """The dialect under which each line is one value."""
    text = sample.decode("utf-8", "replace")
    return Dialect(_format(_unused(text)), 1, _worth_of_one_column(sample))


def _worth_of_one_column(sample: bytes) -> float:
    rows = rows_of(sample, _format("\0"), RECORDS)
    column = [row.cells for row in rows if row.cells and not row.is_blank]
    kinds = [kind(cells[0]) for cells in column]
    if len(kinds) > 1 and all(each in SPECIFIC for each in kinds[1:]):
        return _ONE_KIND
    return _ONE_COLUMN * _quality(column)


def _unused(text: str) -> str:
    """A delimiter for a text of one column: one that it does not have."""
    return next((mark for mark in (",", ";", "\t", "|", "\x1f") if mark not in text), "\x01")


def _delimiters(text: str) -> Iterator[str]:
    """What may stand between the cells: characters that are no part of words, in many lines."""
    lines = [line for line in re.split(r"[\r\n]+", text[:65536]) if line.strip()][:RECORDS]
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update({char for char in line if not char.isalnum() and char not in _NEVER})
    common = [char for char, count in counts.most_common(14) if count >= 0.3 * len(lines)]
    bare = re.sub(r'"[^"]*"', '""', text)  # what stands in quotes is prose
    for char in dict.fromkeys((*(mark for mark in _USUAL if counts[mark]), *common)):
        single, doubled = bare.count(char), bare.count(char * 2)
        if char not in " ," and doubled and 2 * doubled >= 0.9 * single:
            yield char * 2
            if 2 * doubled == single:
                continue
        if char in ",;|" and single and bare.count(f"{char} ") >= 0.95 * single:
            yield f"{char} "
        if char in ",;|" and single and bare.count(f" {char} ") >= 0.95 * single:
            yield f" {char} "
        yield char


def _format(delimiter: str, quote: str = '"', escape: str | None = None) -> CsvFormat:
    padding = "".join(blank for blank in " \t\u00a0" if delimiter.strip(blank))
    escape = quote if escape is None else escape
    return CsvFormat(delimiter, quote, escape, header=False, padding=padding)


def _quoting(text: str, delimiter: str) -> Iterator[CsvFormat]:
    """The usual quote, and those that stand at the ends of cells; each with the escapes there are."""
    yield _format(delimiter)
    if f"\\{delimiter}" in text:
        yield replace(_format(delimiter, escape="\\"), escapes_all=True)
    mark = re.escape(delimiter)
    stand_around = False
    for quote in _QUOTES:
        opens = re.search(rf"(?:^|[\r\n]|{mark})[ \t\xa0]*{quote}", text)
        closes = re.search(rf"{quote}[ \t\xa0]*(?:$|[\r\n]|{mark})", text)
        if not (opens and closes):
            continue
        stand_around = stand_around or quote == '"'
        if quote != '"':
            yield _format(delimiter, quote)
        if f"\\{quote}" in text:
            yield _format(delimiter, quote, "\\")
        if re.search(rf"[^\s{quote}\\] ?{quote}\w", text) or re.search(rf"\w{quote} ?\w", text):
            yield replace(_format(delimiter, quote), literal_quotes=True)
    if '"' in text and not stand_around:
        yield _format(delimiter, "", "")


def _judge(sample: bytes, layout: CsvFormat) -> Dialect | None:
    delimiter = layout.delimiter
    rows = [row for row in rows_of(sample, layout, RECORDS) if not row.is_blank]
    if not rows:
        return None
    width = usual_width(rows)
    if width < 2:
        return None
    body = [row.cells[:width] for row in rows if _fits(row, width)]
    share = len(body) / len(rows)
    faults = sum(1 for row in rows if row.fault) / len(rows)
    pattern = share * (1 - 1 / width) * (1 - faults)
    trust = _TRUST.get(delimiter.strip(" ") or " ", _LITTLE)
    score = pattern * _quality(body) * trust
    # The same cells without the space around them.
    score *= 1 + 0.02 * (len(delimiter) - len(delimiter.strip(" "))) if delimiter != " " else 1
    if layout.literal_quotes:
        score *= 0.99  # nobody writes so who can help it
    if not layout.quote:
        score *= 0.98  # without a reason, text has the usual quotes
    return Dialect(layout, width, score)


def usual_width(rows: Sequence[Row]) -> int:
    """The number of cells that most records have; of two as frequent the larger one."""
    widths = Counter(len(row.cells) for row in rows if row.cells and not row.is_blank)
    if not widths:
        return 0
    return max(widths, key=lambda width: (widths[width] * (1 - 0.9 / width), width))


def _fits(row: Row, width: int) -> bool:
    """Whether the record has the width, or one empty cell more: a delimiter that ends the line."""
    found = len(row.cells)
    return not row.fault and (found == width or (found == width + 1 and not row.cells[-1]))


def _quality(body: Sequence[Sequence[str]]) -> float:
    """How much like a table's the columns look, between 0 and 1."""
    if not body:
        return 0.0
    # The first record may be the header.
    data = body[1:] if len(body) > 1 else body
    total = 0.0
    for column in zip(*data, strict=False):
        kinds = Counter(map(kind, column))
        cells = sum(kinds.values())
        mean = sum(_KINDS.get(name, 0.85) * count for name, count in kinds.items()) / cells
        filled = cells - kinds[EMPTY]
        if not filled:
            mean = 0.3  # as between two delimiters that are one
        specific = max((kinds[name] for name in SPECIFIC), default=0)
        # A column of numbers or of times is what no wrong delimiter makes by chance.
        if filled and specific >= 0.8 * filled and specific > 0.3 * cells:
            mean = max(mean, 0.7 + 0.3 * specific / cells)
        total += mean
    return total / len(data[0])
