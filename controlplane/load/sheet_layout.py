"""Finds where the table of a sheet stands: its columns, its header, and what is none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.errors import SourceError
from controlplane.load.table import Row, Table, find_table
from controlplane.load.workbook import Cells, Merged, Sheet
from controlplane.specs.source import FileFormat

# A header has so many rows at most, so that merged cells of more are no part of it.
_MOST_MERGED_ROWS = 3
_MOST_LOOKS = 4

Numbered = tuple[int, Cells]


@dataclass(frozen=True)
class SheetLayout:
    """Which sheet was read, and where its table stands; `columns` are counted from 0."""

    sheet: str
    table: Table
    columns: tuple[int, ...]

    def to_dict(self) -> Mapping[str, Any]:
        """The findings as plain values."""
        return {
            "sheet": self.sheet,
            "preamble": [shown(row.cells) for row in self.table.preamble if not row.is_blank],
            "header": list(self.table.titles) if self.table.titles else None,
            "beneath": [shown(row.cells) for row in self.table.beneath],
            "skip_lines": self.table.first_line,
        }


def told(sheet: Sheet, sample: Sequence[Numbered], settings: FileFormat, where: str) -> SheetLayout:
    """The table that begins where the spec says."""
    below = [each for each in sample if each[0] > settings.skip_lines and has_text(each[1])]
    if not below:
        raise SourceError(
            f"{where}: has nothing below the {settings.skip_lines} rows that are passed over",
            hint="correct source_config.format.skip_lines",
        )
    columns = _filled(below)
    rows = [_row(number, [cells[column] for column in columns]) for number, cells in below]
    header = rows[:1] if settings.header else []
    skipped = _row(settings.skip_lines, [])
    table = Table(
        width=len(columns),
        usually_filled=0,
        titles=header[0].cells if header else (),
        # Only its number counts: what is passed over on purpose is no reject.
        preamble=(skipped,) if settings.skip_lines else (),
        header=tuple(header),
        beneath=(),
    )
    return SheetLayout(sheet.name, table, tuple(column + sheet.first_column for column in columns))


def found(sheet: Sheet, sample: Sequence[Numbered]) -> SheetLayout:
    """The table as it looks."""
    left = sheet.first_column
    # What stands alone in a column is a remark rather than a title of an empty column.
    columns = _filled(sample, 2) or _filled(sample)
    for look in range(_MOST_LOOKS):
        table = find_table(_rows_in(sample, columns, sheet.merged, left), len(columns))
        header = {row.number for row in table.header}
        inside = _filled(each for each in sample if each[0] > table.first_line or each[0] in header)
        if not inside or inside == columns or look == _MOST_LOOKS - 1:
            break
        columns = inside
    return SheetLayout(sheet.name, table, tuple(column + left for column in columns))


def _rows_in(
    sample: Sequence[Numbered], columns: Sequence[int], merged: Iterable[Merged], left: int
) -> list[Row]:
    """The rows as they are told apart: what cells are merged says which titles belong together."""
    texts = {number: [row[column] or "" for column in columns] for number, row in sample}
    place = {column + left: index for index, column in enumerate(columns)}
    grouped: dict[int, set[int]] = {}
    for (top, first), (bottom, last) in merged:
        here = [place[column] for column in range(first, last + 1) if column in place]
        if top + 1 not in texts or not here:
            continue
        if len(here) > 1:
            grouped.setdefault(top + 1, set()).update(here)
        elif 0 < bottom - top < _MOST_MERGED_ROWS:
            for number in range(top + 2, bottom + 2):
                if number in texts:
                    texts[number][here[0]] = texts[top + 1][here[0]]
    for number, covered in grouped.items():
        for index, text in enumerate(texts[number]):
            if not text and index not in covered:
                # No title of a group: a space keeps the one before it from being taken over.
                texts[number][index] = " "
    rows: list[Row] = []
    is_above = True
    for number, cells in texts.items():
        filled = max((index for index, cell in enumerate(cells, 1) if cell.strip()), default=0)
        is_above = is_above and 2 * filled <= len(cells) and len(cells) > 1
        rows.append(_row(number, cells[:filled] if is_above else cells))
    return rows


def _row(number: int, cells: Sequence[str | None]) -> Row:
    texts = tuple(cell or "" for cell in cells)
    return Row(number, 1, texts, "", "\t".join(texts).encode("utf-8", "backslashreplace"))


def _filled(rows: Iterable[Numbered], least: int = 1) -> list[int]:
    """The columns in which so many rows hold something."""
    found: Counter[int] = Counter()
    for _, cells in rows:
        found.update(index for index, cell in enumerate(cells) if cell and cell.strip())
    return sorted(index for index, count in found.items() if count >= least)


def has_text(cells: Cells) -> bool:
    """Whether any cell of the row holds more than white space."""
    return any(cell and cell.strip() for cell in cells)


def shown(cells: Iterable[str | None]) -> str:
    """The row as a reject shows it: its cells with tabs between them."""
    return "\t".join(cell or "" for cell in cells).strip("\t")
