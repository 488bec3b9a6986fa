"""Finds the errors in a sheet, such as `#N/A`: the library that reads workbooks leaves them out."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from controlplane.load.old_workbook import old_error_cells

_CHUNK = 1 << 20
_CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*\br=["']([A-Z]+)(\d+)["'][^>]*>"""
    rb"""(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]+)<""",
    re.DOTALL,
)
_MARK = re.compile(rb"""\bt=["']e["']""")


def error_cells(path: Path, sheet: str) -> Mapping[int, Mapping[int, str]]:
    """The errors of a sheet of an .xlsx or .xls file by row, from 1, and column, from 0.

    Those of other formats are not found.
    """
    is_new = zipfile.is_zipfile(path)
    found: dict[int, dict[int, str]] = {}
    for row, column, text in (_of_new if is_new else old_error_cells)(path, sheet):
        found.setdefault(row, {})[column] = text
    return found


def _of_new(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    with zipfile.ZipFile(path) as archive:
        part = _part(archive, sheet)
        if part is not None:
            with archive.open(part) as content:
                yield from _errors(content)


def _errors(content: IO[bytes]) -> Iterator[tuple[int, int, str]]:
    held = b""
    while piece := content.read(_CHUNK):
        held += piece
        # A cell that begins in this piece may end in the next.
        cut = max(held.rfind(b"<c "), held.rfind(b"<x:c "), 0)
        yield from _in(held[:cut])
        held = held[cut:]
    yield from _in(held)


def _in(text: bytes) -> Iterator[tuple[int, int, str]]:
    if _MARK.search(text):
        for match in _CELL.finditer(text):
            yield int(match[2]), _column(match[1]), match[3].decode()


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The file of the archive that holds the sheet."""
    try:
        book = _read(archive, "xl/workbook.xml")
        relations = _read(archive, "xl/_rels/workbook.xml.rels")
    except (KeyError, ParseError):
        return None
    for each in book.iter():
        if each.tag.endswith("}sheet") and each.get("name") == sheet:
            number = next((value for key, value in each.items() if key.endswith("}id")), None)
            for relation in relations:
                if relation.get("Id") == number:
                    target = relation.get("Target", "")
                    part = str(PurePosixPath("xl") / target).lstrip("/")
                    return part if part in archive.namelist() else None
    return None


def _read(archive: zipfile.ZipFile, name: str) -> Element:
    from defusedxml.ElementTree import fromstring

    element: Element = fromstring(archive.read(name))
    return element
