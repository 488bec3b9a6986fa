"""Finds the errors in a sheet of an .xls file: records of BIFF 8 in a stream of a compound file.

After [MS-CFB] and [MS-XLS]; of the many records only those are read that say where sheets are, and
those that can hold an error.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

_BOF, _EOF, _SHEET, _BOOLEAN_OR_ERROR, _FORMULA = 0x0809, 0x000A, 0x0085, 0x0205, 0x0006
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
_LAST_SECTOR = 0xFFFFFFFA
_DIRECTORY_ENTRY = 128


def old_error_cells(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Row, from 1, column, from 0, and text of each error of a sheet in a file that can be read."""
    stream = _stream(path.read_bytes())
    for kind, data in _records(stream, 0):
        if kind == _SHEET and _name(data) == sheet:
            yield from _errors(stream, struct.unpack_from("<I", data)[0])


def _errors(stream: bytes, start: int) -> Iterator[tuple[int, int, str]]:
    for kind, data in _records(stream, start):
        code = None
        if kind == _BOOLEAN_OR_ERROR and data[7] == 1:
            code = data[6]
        elif kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
            code = data[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", data)
            yield row + 1, column, _ERRORS.get(code, f"#ERROR {code}")


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part of the stream, without those of charts inside of it."""
    depth = 0
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 1:
            yield kind, stream[position + 4 : position + 4 + size]
        if depth == 0:
            return
        position += 4 + size


def _name(data: bytes) -> str:
    """The name of a sheet: its length, whether its characters have two bytes, and these."""
    length, is_wide = data[6], data[7] & 1
    if is_wide:
        return data[8 : 8 + 2 * length].decode("utf-16-le")
    return data[8 : 8 + length].decode("latin-1")


def _stream(content: bytes) -> bytes:
    """The stream of a compound file that holds the workbook."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    (first_entry,) = struct.unpack_from("<I", content, 48)
    cutoff, small_table, _, more, _ = struct.unpack_from("<5I", content, 56)

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", content, 76))
    while more < _LAST_SECTOR:
        *numbers, more = _numbers(sector(more))
        tables += numbers
    following = [n for table in tables if table < _LAST_SECTOR for n in _numbers(sector(table))]

    def chain(number: int, links: Sequence[int]) -> Iterator[int]:
        for _ in links:
            if number >= _LAST_SECTOR:
                return
            yield number
            number = links[number]

    directory = b"".join(map(sector, chain(first_entry, following)))
    entries = {
        entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le"): entry
        for entry in (
            directory[at : at + _DIRECTORY_ENTRY]
            for at in range(0, len(directory), _DIRECTORY_ENTRY)
        )
    }
    found = entries.get("Workbook")
    if found is None:
        return b""  # of before 1997
    start, length = struct.unpack_from("<II", found, 116)
    if length >= cutoff:
        return b"".join(map(sector, chain(start, following)))[:length]
    links = [n for each in chain(small_table, following) for n in _numbers(sector(each))]
    (root,) = struct.unpack_from("<I", entries["Root Entry"], 116)
    small = b"".join(map(sector, chain(root, following)))
    return b"".join(small[64 * n : 64 * n + 64] for n in chain(start, links))[:length]


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))
