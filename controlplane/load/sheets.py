"""Finds the table in a sheet, and parts its rows into records and what is none.

A sheet is read like a delimited text: what stands above the table, between its header and its
records, below them or beside them is no record, and goes to the rejects with its row's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from controlplane.errors import SourceError
from controlplane.load.rejects import Reject, RejectSpool
from controlplane.load.sheet_layout import Numbered, SheetLayout, found, has_text, shown, told
from controlplane.load.table import Table, is_no_data, specific_columns
from controlplane.load.workbook import Sheet
from controlplane.specs.source import Column, FileFormat

_SAMPLE_ROWS = 2000
_MOST_NOTES = 100


@dataclass(frozen=True)
class SheetCount:
    """How a sheet was read: how many records are good, and the longest line written of those."""

    layout: SheetLayout
    titles: tuple[str, ...]
    good: int
    longest: int


def split_sheet(
    sheet: Sheet,
    source: str,
    settings: FileFormat | None,
    declared: Sequence[Column],
    good: Path,
    rejects: RejectSpool,
) -> SheetCount:
    """Write the records of a sheet to `good` as plain CSV with their number, the rest to rejects.

    Args:
        sheet: the sheet.
        source: the workbook, for messages.
        settings: what the spec says of the header; what it leaves open is found out.
        declared: the columns that the spec declares.
        good: where the records go.
        rejects: where the other rows go.

    Raises:
        SourceError: the sheet has no table.
    """
    rows = sheet.rows()
    sample = list(islice(rows, _SAMPLE_ROWS))
    where = f"{source}, sheet '{sheet.name}'"
    is_told = settings is not None and bool(settings.model_fields_set & {"header", "skip_lines"})
    if settings is not None and is_told:
        layout = told(sheet, sample, settings, where)
    else:
        layout = found(sheet, sample)
    table = layout.table
    after = (cells for number, cells in sample if number > table.first_line)
    if not table.width or (table.width == 1 and not any(has_text(cells) for cells in after)):
        raise SourceError(
            f"{where}: holds no table: no row follows the first one",
            hint="expected a row of column names with records below it",
        )
    titles = table.titles or _names(declared, table.width, where)
    if not is_told:
        _reject_around(sample, table, rejects)
    numbered = ((number, cells) for number, cells in chain(sample, rows) if has_text(cells))
    left = sheet.first_column
    inner = replace(layout, columns=tuple(column - left for column in layout.columns))
    with good.open("w", encoding="utf-8", newline="") as out:
        written = longest = 0
        specific = _specific(sample, inner) if not is_told else []
        for line in _records(numbered, inner, left, specific, rejects):
            out.write(line)
            written += 1
            longest = max(longest, len(line))
    # A character has four bytes at most.
    return SheetCount(layout, titles, written, 4 * longest)


def _records(
    rows: Iterable[Numbered],
    layout: SheetLayout,
    left: int,
    specific: Sequence[int],
    rejects: RejectSpool,
) -> Iterator[str]:
    """The lines of the records; notes at the end, and what follows a second header, are rejects."""
    table, columns = layout.table, layout.columns
    header = table.header[0].cells if len(table.header) == 1 else None
    first, last = columns[0], columns[-1] + 1
    is_block = columns == tuple(range(first, last))
    inside, outside = set(columns), None
    count, previous = 0, table.first_line
    is_set_off = has_ended = False
    held: list[tuple[Numbered, str]] = []
    for number, row in rows:
        if number <= table.first_line:
            continue
        count += 1
        is_set_off = is_set_off or number > previous + 1
        previous = number
        cells = row[first:last] if is_block else [row[column] for column in columns]
        line = f"{count},{','.join(map(_quoted, cells))}\n"
        if outside is None:
            outside = [column for column in range(len(row)) if column not in inside]
        texts = [cell or "" for cell in cells]
        repeats = header is not None and tuple(texts) == header
        if is_set_off and specific and not repeats and is_no_data(texts, specific):
            has_ended = has_ended or sum(map(bool, texts)) > 1
        fault = ""
        if has_ended:
            fault = "stands below the table"
        elif beside := [column for column in outside if (row[column] or "").strip()]:
            fault = f"has a value in column {_letters(beside[0] + left)}, beside the table"
        elif repeats:
            fault = "repeats the header"
        elif "\0" in line:
            fault = "has a NUL character, which no text can hold"
        if has_ended:
            _reject_below(held, rejects)
        if fault:
            rejects.add(Reject(number, None, shown(row), fault))
        elif not any(cells[1:]) and table.is_sparse(texts):
            held.append(((number, row), line))
        else:
            yield from (each for _, each in held)
            held.clear()
            is_set_off = False
            yield line
        if len(held) > _MOST_NOTES:
            yield from (each for _, each in held)
            held.clear()
    _reject_below(held, rejects)


def _reject_below(held: list[tuple[Numbered, str]], rejects: RejectSpool) -> None:
    for (number, row), _ in held:
        rejects.add(Reject(number, None, shown(row), "stands below the table"))
    held.clear()


def _specific(sample: Iterable[Numbered], layout: SheetLayout) -> list[int]:
    """The columns that are numbers or times in the first records, up to an empty row."""
    first: list[list[str]] = []
    for number, cells in sample:
        if number <= layout.table.first_line:
            continue
        if not has_text(cells):
            break
        first.append([cells[column] or "" for column in layout.columns])
    return specific_columns(first, len(layout.columns)) if len(first) > 1 else []


def _reject_around(sample: Iterable[Numbered], table: Table, rejects: RejectSpool) -> None:
    """Keep what stands above the table, and between its header and its records."""
    header = {row.number for row in table.header}
    for number, cells in sample:
        if number > table.first_line or number in header or not has_text(cells):
            continue
        is_above = not header or number < min(header)
        reason = "stands above the table" if is_above else "stands between the header and the data"
        rejects.add(Reject(number, None, shown(cells), reason))


def _names(declared: Sequence[Column], width: int, where: str) -> tuple[str, ...]:
    """The titles of a table without a header: as the spec declares them, or numbered."""
    if declared and len(declared) != width:
        raise SourceError(
            f"{where}: the spec declares {len(declared)} columns, the table has {width}"
        )
    if declared:
        return tuple(column.name for column in declared)
    return tuple(f"column_{index}" for index in range(1, width + 1))


def _quoted(cell: str | None) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell is not None else ""


def _letters(column: int) -> str:
    """A column as a spreadsheet names it: A, B, … Z, AA."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
