"""Finds the table in the records of a file or a sheet: where it begins, and what its header is.

Exports have a title or the date of the query above the header, a row of units below it, a header of
two rows, or none. What is none of the table's records has to be told apart by how it looks: how many
cells it has, how many of them hold something, and whether they are of the kind of their columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from controlplane.load.celltypes import EMPTY, SPECIFIC, kind

_YEAR = re.compile(r"(?:19|20)\d\d")
_RULER = re.compile(r"[-=_*+]{2,}|:?-+:?")
_MOST_HEADER_ROWS = 3


@dataclass(frozen=True)
class Row:
    """A record of the text: its cells, or the fault that it has."""

    number: int
    lines: int
    cells: tuple[str, ...]
    fault: str
    raw: bytes

    @property
    def is_blank(self) -> bool:
        """Whether the line is empty, or of white space."""
        return not self.raw.strip()


@dataclass(frozen=True)
class Table:
    """Where a table stands among the records of a file.

    `preamble` are the records before the header and `beneath` those between header and data (units,
    more rows of header), none of which is data; `titles` is empty for a table without a header.
    `usually_filled` is how many cells of a record hold something, as a rule.
    """

    width: int
    usually_filled: int
    titles: tuple[str, ...]
    preamble: tuple[Row, ...]
    header: tuple[Row, ...]
    beneath: tuple[Row, ...]

    @property
    def first_line(self) -> int:
        """How many lines stand before the first record of data."""
        before = (*self.preamble, *self.header, *self.beneath)
        return max((row.number + row.lines - 1 for row in before), default=0)

    def is_sparse(self, cells: Sequence[str]) -> bool:
        """Whether these cells are a text and nothing else, or nothing at all."""
        if self.width < 3 or self.usually_filled < 3 or not cells:
            return False
        return not any(map(str.strip, cells[1:])) and kind(cells[0]) not in SPECIFIC


def find_table(rows: Sequence[Row], width: int) -> Table:
    """The table whose records have `width` cells.

    Args:
        rows: the records of the file from its start, blank lines among them.
        width: how many cells the records of the table have.
    """
    usual = _usually_filled(rows, width)
    start = _start(rows, width, usual)
    body = [row for row in rows[start:] if not row.is_blank]
    if not body:
        return Table(width, usual, (), tuple(rows[:start]), (), ())
    flawed = _flawed_header(rows, start, width)
    if flawed is not None:
        titles = _titles([flawed], width)
        return Table(width, usual, titles, tuple(rows[: start - 1]), (flawed,), ())
    data = [row.cells for row in body[1:] if len(row.cells) >= width]
    preamble, header = list(rows[:start]), [body[0]]
    if _is_group_row(body[0].cells, data, width, usual):
        if len(set(data[0][:width])) == width:  # the names say enough
            preamble, header, body = [*preamble, body[0]], [body[1]], body[1:]
        else:
            header = body[:2]
    elif not _is_header(body[0].cells, data, width):
        return Table(width, usual, (), tuple(preamble), (), ())
    rest = body[len(header) - 1 :]
    beneath = rest[1 : 1 + _rows_beneath(rest, width)]
    titles = _titles(header, width)
    return Table(width, usual, titles, tuple(preamble), tuple(header), tuple(beneath))


def _usually_filled(rows: Sequence[Row], width: int) -> int:
    filled = [
        sum(1 for cell in row.cells if cell.strip()) for row in rows if len(row.cells) == width
    ]
    return sorted(filled)[len(filled) // 2] if filled else 0


def _start(rows: Sequence[Row], width: int, usual: int) -> int:
    """The first record of the table, be it the header or data."""
    for index, row in enumerate(rows):
        if row.is_blank or row.fault or not _has_width(row, width):
            continue
        if width > 1 and row.raw.lstrip().startswith(b"#") and not _goes_on(rows, index):
            continue
        has = sum(1 for cell in row.cells if cell.strip())
        # A title that a spreadsheet has filled up with delimiters, or a line of nothing but them.
        if width >= 3 and has <= 1 and usual > 2:
            continue
        if width == 1 and _is_title(rows, index):
            continue
        return index
    return len(rows)


def _has_width(row: Row, width: int) -> bool:
    found = len(row.cells)
    return found == width or (found == width + 1 and not row.cells[-1])


def _goes_on(rows: Sequence[Row], index: int) -> bool:
    """Whether a line that begins with `#` is a header: what follows is no comment."""
    following = next((row for row in rows[index + 1 :] if not row.is_blank), None)
    return following is None or not following.raw.lstrip().startswith(b"#")


def _is_title(rows: Sequence[Row], index: int) -> bool:
    """Whether a line of a text of one column is set off from it by a blank line."""
    following = rows[index + 1 : index + 3]
    return len(following) == 2 and following[0].is_blank and not following[1].is_blank


def _flawed_header(rows: Sequence[Row], start: int, width: int) -> Row | None:
    """The record above the first one that fits, if it is a header with a flaw.

    It may have a cell less or more than the data, or another delimiter.
    """
    if start == 0 or width < 3:
        return None
    row = rows[start - 1]
    cells = _split_otherwise(row, width) or row.cells
    far = abs(len(cells) - width) > max(1, width // 5)
    if row.fault or far or len(cells) < 2 or row.is_blank:
        return None
    titles = [cell for cell in cells if cell.strip()]
    if any(kind(cell) in SPECIFIC and not _is_year(cell) for cell in titles):
        return None
    if len(set(titles)) < len(titles) or all(map(_is_year, titles)):
        return None
    if 3 * len(titles) < 2 * len(cells):
        return None
    data = [each.cells for each in rows[start:] if len(each.cells) >= width]
    # If the record that fits is a header itself, the one above it is none.
    if _is_header(data[0], data[1:], width) and _tells(data, width):
        return None
    return replace(row, cells=cells)


def _split_otherwise(row: Row, width: int) -> tuple[str, ...] | None:
    """The cells of a record that another delimiter parts into as many as the table has."""
    text = row.raw.decode("utf-8", "replace")
    for delimiter in (",", ";", "\t", "|"):
        cells = tuple(cell.strip('" ') for cell in text.split(delimiter))
        if len(cells) == width:
            return cells
    return None


def _tells(data: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the first record differs in kind from its columns."""
    return any(
        _usual_kind([cells[index] for cells in data[1:]]) in SPECIFIC
        and kind(data[0][index]) not in {*SPECIFIC, EMPTY}
        for index in range(width)
    )


def _usual_kind(column: Sequence[str]) -> str:
    kinds = Counter(found for cell in column if (found := kind(cell)) != EMPTY)
    if not kinds:
        return EMPTY
    name, count = kinds.most_common(1)[0]
    return name if count >= 0.7 * sum(kinds.values()) else "mixed"


def _is_header(cells: Sequence[str], data: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the record names the columns of the others."""
    first = list(cells[:width])
    kinds = [kind(cell) for cell in first]
    specific = [index for index in range(width) if kinds[index] in SPECIFIC]
    if specific and len(specific) < width and all(map(_is_year, (first[i] for i in specific))):
        # Years are titles where what is below them is something else.
        below = [row[index] for row in data for index in specific]
        if sum(map(_is_year, below)) <= 0.3 * len(below):
            return True
    if not data:
        return not specific and any(kinds[index] != EMPTY for index in range(width))
    if not specific and any(list(row[:width]) == first for row in data):
        return True  # files that were put together repeat it
    votes = 0.3  # most files have a header
    for index in range(width):
        column = [row[index] for row in data]
        usual = _usual_kind(column)
        if kinds[index] == EMPTY:
            votes -= 0.1
        elif usual in SPECIFIC:
            votes += 1 if kinds[index] not in SPECIFIC else -1
        elif kinds[index] in SPECIFIC:
            votes -= 1
        else:
            votes += _vote_of_text(first[index], column)
    return votes > 0


def _is_year(cell: str) -> bool:
    return bool(_YEAR.fullmatch(cell.strip()))


def _vote_of_text(title: str, column: Sequence[str]) -> float:
    """How much a text looks like the title of a column of texts, rather than one of them."""
    values = [value for value in column if value.strip()]
    if title in values:
        return -0.6 if len(values) > 4 else -0.1
    if not values:
        return 0.2
    vote = 0.15
    lengths = sorted(len(value) for value in values)
    if len(values) > 2 and lengths[0] == lengths[-1] != len(title):
        vote += 0.3  # codes of one length
    with_digits = sum(1 for value in values if re.search(r"\d", value)) / len(values)
    if not re.search(r"\d", title) and with_digits > 0.7:
        vote += 0.4
    if re.search(r"\d", title) and with_digits < 0.3:
        vote -= 0.2
    if len(title) > 60 or re.search(r"[@]|https?:|[.!?]$", title):
        vote -= 0.4
    if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|[a-z]+([A-Z][a-z0-9]+)+|id|name", title):
        vote += 0.4
    return vote


def _rows_beneath(body: Sequence[Row], width: int) -> int:
    """How many records below the header are no data: they are text where numbers or times follow."""
    if len(body) > 1 and all(_RULER.fullmatch(cell.strip()) for cell in body[1].cells):
        return 1
    for more in range(_MOST_HEADER_ROWS - 1, 0, -1):
        data = [row.cells for row in body[1 + more :] if len(row.cells) >= width]
        if len(data) < 2:
            continue
        columns = specific_columns(data, width)
        if columns and all(
            len(row.cells) >= width and is_no_data(row.cells, columns) for row in body[1 : 1 + more]
        ):
            return more
    return 0


def specific_columns(data: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns that are numbers or times, as a rule."""
    return [
        index for index in range(width) if _usual_kind([cells[index] for cells in data]) in SPECIFIC
    ]


def is_no_data(cells: Sequence[str], columns: Sequence[int]) -> bool:
    """Whether none of these cells holds a number or a time, and most hold a word of their own."""
    words = [cells[index].strip() for index in columns]
    filled = [word for word in words if word]
    if any(kind(word) in SPECIFIC for word in filled):
        return False
    nothing = {"na", "n/a", "null", "none", "nan", "-", "--", ".", "?", "nil", "\\n", "unknown"}
    said = [word for word in filled if word.lower() not in nothing]
    return len(said) > 0 and 2 * len(said) >= len(columns)


def _is_group_row(
    cells: Sequence[str], data: Sequence[Sequence[str]], width: int, usual: int
) -> bool:
    """Whether the record names groups of columns, and the next one the columns."""
    filled = sum(1 for cell in cells[:width] if cell.strip())
    if len(data) < 2 or filled > 0.7 * width or usual < width - 1:
        return False
    names = data[0][:width]
    if not all(name.strip() for name in names[1:]) or kind(cells[0]) in SPECIFIC:
        return False
    return _is_header(names, data[1:], width)


def _titles(header: Sequence[Row], width: int) -> tuple[str, ...]:
    """One title for each column: of several rows of header the groups first."""
    parts: list[list[str]] = []
    for depth, row in enumerate(header):
        cells = [*row.cells, *[""] * width][:width]
        if depth < len(header) - 1:
            for index in range(1, width):
                cells[index] = cells[index] or cells[index - 1]
        parts.append(cells)
    return tuple(
        " ".join(dict.fromkeys(part for cells in parts if (part := cells[index].strip())))
        if len(parts) > 1
        else parts[0][index]
        for index in range(width)
    )
