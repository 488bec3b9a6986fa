"""Parts a flawed delimited file into the records that can be read and those that cannot.

The good ones go into a scratch file in one plain form, each with its number in the source, the
others to the rejects with their line, their text and what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from controlplane.load.csv_format import Header
from controlplane.load.csv_lines import CsvFormat, Record, RecordReader
from controlplane.load.files import open_bytes
from controlplane.load.rejects import Reject, RejectSpool

ROW_NUMBER = "_row_number"
# What the scratch file looks like, whatever the source does.
PLAIN = CsvFormat(delimiter=",", quote='"', escape='"', header=False)


@dataclass(frozen=True)
class SplitCount:
    """How many records there were, how many can be read, and the longest line written of those."""

    read: int
    good: int
    longest: int


def split_csv(
    path: Path,
    layout: CsvFormat,
    header: Header,
    good: Path,
    rejects: RejectSpool,
    *,
    offsets: bool,
) -> SplitCount:
    """Write the good records to `good` and the others to `rejects`.

    Args:
        path: a file that is UTF-8 as far as it is text.
        layout: how it is laid out.
        header: its columns.
        good: where the records go that can be read, `PLAIN` and with a first field for the number.
        rejects: where the others go.
        offsets: whether positions in the file are positions in the source.
    """
    count = written = longest = 0
    with open_bytes(path) as file, good.open("wb") as out:
        records = RecordReader(file, layout)
        for _ in range(layout.skip_lines):
            records.next_line()
        if layout.header:
            records.next()
        while (record := records.next()) is not None:
            if not record.raw and header.width > 1:
                continue
            count += 1
            fault = _fault(record, header.width)
            if fault:
                line = record.line
                text = record.raw.decode("utf-8", "backslashreplace")
                offset = line.offset if offsets else None
                rejects.add(Reject(line.number, offset, text, fault))
                continue
            values = record.fields[: header.width]
            row = b"%d,%b\n" % (count, b",".join(map(_plain, values)))
            out.write(row)
            longest = max(longest, len(row))
            written += 1
    return SplitCount(count, written, longest)


def _plain(value: bytes | None) -> bytes:
    if value is None:
        return b""
    return b'"' + value.replace(b'"', b'""') + b'"'


def _fault(record: Record, width: int) -> str:
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
