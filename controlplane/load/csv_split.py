"""Parts a flawed delimited file into the records that can be read and those that cannot.

The good ones go into a scratch file in one plain form, each with its number in the source, the
others to the rejects with their line, their text and what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from controlplane.load.csv_format import Header
from controlplane.load.csv_lines import CsvFormat, Line, Record, RecordReader
from controlplane.load.rejects import Reject, RejectSpool

ROW_NUMBER = "_row_number"
_MOST_NOTES = 100
# What the scratch file looks like, whatever the source does.
PLAIN = CsvFormat(delimiter=",", quote='"', escape='"', header=False)


@dataclass(frozen=True)
class SplitCount:
    """How many records there were, how many can be read, and a bound of the lines written of those."""

    read: int
    good: int
    longest: int


class Around(Protocol):
    """Knows what may stand among the records of a file that nobody described, and is none."""

    def repeats_header(self, record: Record) -> bool:
        """Whether the record is the header once more."""

    def may_repeat_header(self, block: bytes) -> bool:
        """Whether one of these lines may be such a record."""

    def may_be_note(self, record: Record) -> bool:
        """Whether the record is no data if only such ones follow; one of empty cells may be, too.

        All its cells but the first are blank.
        """


def split_csv(
    path: Path,
    layout: CsvFormat,
    header: Header,
    good: Path,
    rejects: RejectSpool,
    *,
    offsets: bool,
    around: Around | None = None,
) -> SplitCount:
    """Write the good records to `good` and the others to `rejects`.

    Args:
        path: a file that is UTF-8 as far as it is text.
        layout: how it is laid out.
        header: its columns.
        good: where the records go that can be read, `PLAIN` and with a first field for the number.
        rejects: where the others go.
        offsets: whether positions in the file are positions in the source.
        around: which records that fit are no data, if any.
    """
    count = written = longest = 0
    held: list[tuple[Record, bytes]] = []

    def reject(record: Record, reason: str) -> None:
        rejects.add(reject_of(record, reason, offsets=offsets))

    with path.open("rb") as file, good.open("wb") as out:
        records = RecordReader(file, layout)
        for _ in range(layout.skip_lines):
            records.next_line()
        if layout.header:
            records.next()
        copied = _Copied(layout, header.width, around)
        while True:
            block = records.next_block()
            if block:
                rows = copied.rows(block, count)
                if rows is None:
                    records.take_back_block(block)
                else:
                    out.writelines(row for _, row in held)
                    out.write(rows)
                    longest = max([longest, len(rows), *(len(row) for _, row in held)])
                    lines = block.count(b"\n")
                    count += lines
                    written += lines + len(held)
                    held.clear()
                    continue
            line = records.next_line()
            row = copied.row(line) if line is not None else None
            if row is not None:
                count += 1
                row = b"%d,%b\n" % (count, row)
                out.write(row)
                longest = max(longest, len(row))
                written += 1
                continue
            if line is not None:
                records.take_back(line)
            record = records.next()
            if record is None:
                break
            if not record.raw and header.width > 1:
                continue
            count += 1
            fault = fault_of(record, header.width)
            if not fault and around is not None and around.repeats_header(record):
                fault = "repeats the header"
            if fault:
                reject(record, fault)
                continue
            values = record.fields[: header.width]
            row = plain_row(count, values)
            held.append((record, row))
            if around is not None and around.may_be_note(record) and len(held) <= _MOST_NOTES:
                continue
            written += len(held)
            longest = max(longest, *(len(row) for _, row in held))
            out.writelines(row for _, row in held)
            held.clear()
        notes = 0
        for index, (record, _) in enumerate(held, start=1):
            if any(record.fields):
                notes = index
        for record, _ in held[:notes]:
            reject(record, "stands below the table")
        written += len(held) - notes
        longest = max([longest, *(len(row) for _, row in held[notes:])])
        out.writelines(row for _, row in held[notes:])
    return SplitCount(count, written, longest)


class _Copied:
    """Knows the lines that are records as they stand, as nearly all are, and need no taking apart."""

    def __init__(self, layout: CsvFormat, width: int, around: Around | None) -> None:
        self._around = around
        self._delimiter = layout.delimiter.encode()
        self._delimiters = width - 1
        # What may be part of a quoted value, an escape, another line end or no text.
        marks = {b'"', b"\r", b"\0", layout.quote.encode()} - {b""}
        if layout.escapes_all:
            marks.add(layout.escape.encode())
        if self._delimiter != b",":
            marks.add(b",")
        self._marks = tuple(marks)
        mark = re.escape(self._delimiter)
        # A line of which all cells but the first look blank; a byte beyond ASCII may be a space.
        blank = rb"[\t\x0b-\r\x1c-\x20\x80-\xff" + mark + rb"]*+"
        self._sparse = re.compile(rb"\n[^\n" + mark + rb"]*+" + mark + blank + rb"\n")

    def rows(self, block: bytes, count: int) -> bytes | None:
        """The lines as `PLAIN` has them, after so many; None where one has to be looked at."""
        # A blank line is a record if there is one column.
        if not self._delimiters or (self._around is not None and len(self._delimiter) > 1):
            return None
        block = block.replace(b"\r\n", b"\n")
        if any(mark in block for mark in self._marks) or not _is_text(block):
            return None
        lines = block[:-1].split(b"\n")
        delimiter = self._delimiter
        if {line.count(delimiter) for line in lines} != {self._delimiters}:
            return None
        around = self._around
        if around is not None:
            begun = b"\n" + block
            if around.may_repeat_header(begun) or self._sparse.search(begun):
                return None
        if delimiter != b",":
            block = block.replace(delimiter, b",")
        pattern = b"%d," + block.replace(b"%", b"%%").replace(b"\n", b"\n%d,")[:-3]
        return pattern % tuple(range(count + 1, count + 1 + len(lines)))

    def row(self, line: Line) -> bytes | None:
        """The line's values as `PLAIN` has them; None where the line has to be looked at."""
        if self._around is not None:
            return None
        content = line.content
        if not content or content.count(self._delimiter) != self._delimiters or line.is_cut:
            return None
        if b"\n" in content or any(mark in content for mark in self._marks):
            return None
        if not _is_text(content):
            return None
        return content.replace(self._delimiter, b",") if self._delimiter != b"," else content


def _is_text(content: bytes) -> bool:
    try:
        return content.isascii() or bool(content.decode())
    except UnicodeDecodeError:
        return False


def reject_of(record: Record, reason: str, *, offsets: bool) -> Reject:
    """The record as a reject."""
    line = record.line
    text = record.raw.decode("utf-8", "backslashreplace")
    return Reject(line.number, line.offset if offsets else None, text, reason)


def plain_row(number: int, values: Sequence[bytes | None]) -> bytes:
    """A record as a line of `PLAIN`, its number in front."""
    return b"%d,%b\n" % (number, b",".join(map(_plain, values)))


def _plain(value: bytes | None) -> bytes:
    if value is None:
        return b""
    return b'"' + value.replace(b'"', b'""') + b'"'


def fault_of(record: Record, width: int) -> str:
    """Why the record cannot be one of so many columns; empty where it can."""
    if record.fault:
        return record.fault
    found = len(record.fields)
    # A delimiter too many at the end of the line says nothing.
    if found != width and not (found == width + 1 and record.fields[-1] is None):
        return f"has {found} {'field' if found == 1 else 'fields'}, expected {width}"
    if b"\0" in record.raw:
        return "has a NUL character, which no text can hold"
    try:
        record.raw.decode()
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        return f"is not valid in the encoding of the file (byte 0x{byte:02x} at {error.start + 1})"
    return ""
