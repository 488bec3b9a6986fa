"""Workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods): their sheets, and the cells of a sheet as text."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from controlplane.errors import SourceError
from controlplane.load.error_cells import error_cells

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What a workbook with a password has: a stream of this name, or such a record behind the first.
_ENCRYPTED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le")) + rb"|\x09\x08\x10\x00.{16}\x2f\x00",
    re.DOTALL,
)
_TRY = """
import sys, python_calamine
try:
    with open(sys.argv[1], "rb") as file:
        book = python_calamine.CalamineWorkbook.from_filelike(file)
        for name in book.sheet_names:
            book.get_sheet_by_name(name)
except python_calamine.CalamineError:
    pass
"""

Cells = list[str | None]
# A range of merged cells: its first and its last row and column, counted from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class SheetName:
    """A sheet that can hold a table."""

    name: str
    is_hidden: bool

    def __str__(self) -> str:
        return f"{self.name} (hidden)" if self.is_hidden else self.name


class Sheet:
    """The cells of one sheet, from its first row and its first column that holds something."""

    def __init__(
        self, name: str, cells: CalamineSheet, errors: Mapping[int, Mapping[int, str]]
    ) -> None:
        self.name = name
        self._cells = cells
        self._errors = errors
        # Rows are given from the top of the sheet, columns from the first that holds something.
        self.first_column = cells.start[1] if cells.start else 0

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything."""
        return self._cells.start is None and not self._errors

    @property
    def merged(self) -> Sequence[Merged]:
        """The ranges of merged cells, where the format has them."""
        return self._cells.merged_cell_ranges or []

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Each row with its number in the sheet; a cell that holds nothing is None."""
        left, errors = self.first_column, self._errors
        for number, row in enumerate(self._cells.iter_rows(), start=1):
            texts: Cells = [_TEXT[type(value)](value) for value in row]
            if number in errors:
                for column, text in errors[number].items():
                    texts[column - left] = text
            yield number, texts


class Workbook:
    """An open workbook."""

    def __init__(self, path: Path, source: str, opened: CalamineWorkbook) -> None:
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        self._path = path
        self._source = source
        self._opened = opened
        self.sheets = tuple(
            SheetName(each.name, each.visible != SheetVisibleEnum.Visible)
            for each in opened.sheets_metadata
            if each.typ == SheetTypeEnum.WorkSheet
        )

    def sheet(self, name: str) -> Sheet:
        """The sheet of this name.

        Raises:
            SourceError: there is none, or it cannot be read.
        """
        if name not in [each.name for each in self.sheets]:
            has = ", ".join(map(str, self.sheets)) or "none"
            raise SourceError(f"{self._source}: has no sheet '{name}' (has: {has})")
        with _damage(self._source):
            cells = self._opened.get_sheet_by_name(name)
            return Sheet(name, cells, self._errors(name))

    def _errors(self, name: str) -> Mapping[int, Mapping[int, str]]:
        try:
            return error_cells(self._path, name)
        except (BadZipFile, EOFError, IndexError, UnicodeError, struct.error, zlib.error) as error:
            raise SourceError(f"{self._source}: sheet '{name}' is damaged: {error}") from error

    def with_data(self) -> list[SheetName]:
        """The sheets that hold something."""
        if len(self.sheets) == 1:
            return list(self.sheets)
        return [each for each in self.sheets if not self.sheet(each.name).is_empty]

    def only_sheet(self) -> Sheet:
        """The one sheet that a reader of the workbook sees something in.

        Raises:
            SourceError: there is none, or there are several.
        """
        filled = self.with_data()
        visible = [each for each in filled if not each.is_hidden] or filled
        if not visible:
            raise SourceError(
                f"{self._source}: has no sheet that holds anything; there is nothing to load"
            )
        if len(visible) > 1:
            raise SourceError(
                f"{self._source}: has {len(visible)} sheets: {', '.join(map(str, visible))}",
                hint="name one with --sheet, in a spec with source_config.format.sheet; or load each"
                " into a table of its own with --file and --table-per-file",
            )
        return self.sheet(visible[0].name)


@contextmanager
def open_workbook(path: Path, source: str) -> Iterator[Workbook]:
    """An unpacked workbook for the length of the block.

    Raises:
        SourceError: it is none, is encrypted, or is damaged.
    """
    from python_calamine import CalamineWorkbook

    with path.open("rb") as file:
        if file.read(len(_COMPOUND)) == _COMPOUND:
            _check_old(path, source)
        file.seek(0)
        with _damage(source):
            opened = CalamineWorkbook.from_filelike(file)
        with opened:
            yield Workbook(path, source, opened)


def _check_old(path: Path, source: str) -> None:
    """Let another process try a file of the old kind first: a damaged one can end that process."""
    if _ENCRYPTED.search(path.read_bytes()):
        raise SourceError(
            f"{source}: is protected by a password",
            hint="save it without one, and load that",
        )
    if subprocess.run(
        [sys.executable, "-c", _TRY, path], capture_output=True, check=False
    ).returncode:
        raise SourceError(
            f"{source}: is damaged and cannot be read",
            hint="open it and save it anew, or as CSV",
        )


@contextmanager
def _damage(source: str) -> Iterator[None]:
    """Turns what the library says about a workbook into our error."""
    from python_calamine import CalamineError

    try:
        yield
    except CalamineError as error:
        raise SourceError(
            f"{source}: is no workbook, or is damaged: {error}",
            hint="expected .xlsx, .xls, .xlsb or .ods; open it and save it anew, or as CSV",
        ) from error


def _float(value: float) -> str:
    return repr(value).removesuffix(".0")


def _duration(value: timedelta) -> str:
    """Hours, minutes and seconds, as a spreadsheet shows them and warehouses read them."""
    micro = value // timedelta(microseconds=1)
    seconds, micro = divmod(abs(micro), 1_000_000)
    fraction = f".{micro:06}" if micro else ""
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
    return f"-{clock}" if value < timedelta(0) else clock


_TEXT: Mapping[type, Any] = {
    str: lambda value: value or None,
    float: _float,
    int: str,
    bool: lambda value: "true" if value else "false",
    datetime: lambda value: value.isoformat(sep=" "),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _duration,
}
