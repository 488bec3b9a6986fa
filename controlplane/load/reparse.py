"""Reads the text of a reject again: as one record, as several, or still as none."""

from __future__ import annotations

import io
from collections.abc import Sequence

from controlplane.load.csv_lines import MAX_RECORD, CsvFormat, RecordReader
from controlplane.load.csv_split import fault_of
from controlplane.load.json_records import parse_record
from controlplane.load.original import Original, UnreadableError

Row = tuple[str | None, ...]

# What stands around the table of a file, and is kept among the rejects so that nothing is lost.
_NO_RECORD = ("stands ", "repeats the header")


def read_again(original: Original, text: str, offset: int | None, reason: str) -> list[Row]:
    """The records of a reject, their values in the order of `original.titles`.

    Raises:
        UnreadableError: it is still not made of whole records.
    """
    if reason.startswith(_NO_RECORD):
        raise UnreadableError(f"{reason}, and is no record")
    if len(text.encode()) >= MAX_RECORD:
        raise UnreadableError("is too long; its text is cut")
    data = original.data_of(text, offset)
    if not original.layouts:
        return [_json_row(original, data)]
    found: list[list[Row]] = []
    faults: list[str] = []
    for layout in original.layouts:
        for mark in original.marks:
            try:
                found.append(_csv_rows(data, layout, mark, len(original.titles)))
            except UnreadableError as error:
                faults.append(str(error))
    if not found:
        raise UnreadableError(faults[0])
    if faults or any(rows != found[0] for rows in found):
        raise UnreadableError(
            "can be read in more than one way: its file is gone or has changed, and the spec does"
            " not name its escape, or the text has line ends in it"
        )
    return found[0]


def _csv_rows(data: bytes, layout: CsvFormat, mark: bytes, width: int) -> list[Row]:
    # A line in front says how lines end, and that none of what follows is the mark of a Unicode
    # file.
    before = b"\r.\r" if mark == b"\r" else b"\n"
    records = RecordReader(io.BytesIO(before + data), layout)
    for _ in range(before.count(mark if mark == b"\r" else b"\n")):
        records.next_line()
    rows: list[Row] = []
    while record := records.next():
        if not record.raw and width > 1:
            continue
        if fault := fault_of(record, width):
            raise UnreadableError(fault)
        rows.append(_texts(record.fields[:width]))
    if not rows:
        raise UnreadableError("has no record")
    return rows


def _texts(values: Sequence[bytes | None]) -> Row:
    return tuple(None if value is None else value.decode() for value in values)


def _json_row(original: Original, data: bytes) -> Row:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise UnreadableError(
            f"is not valid UTF-8 (byte 0x{byte:02x} at {error.start + 1})"
        ) from None
    values, fault = parse_record(text)
    if values is None:
        raise UnreadableError(fault)
    new = [key for key in values if key not in original.titles]
    if new:
        raise UnreadableError(f"has the key '{new[0]}', which no record of its batch had")
    return tuple(values.get(title) for title in original.titles)
