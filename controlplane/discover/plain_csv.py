"""Reads files that are plainly CSV, as RFC 4180 has it, without finding out how they are laid out.

Most are. Whatever leaves a doubt is for the careful reader.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from controlplane.targets.base import literal

_START_BYTES = 1 << 16
_LARGE_BYTES = 4 << 20
_LONGEST_LINE = 8 << 20
_ENDING = re.compile(r"\.csv(\.gz)?$", re.IGNORECASE)
# A name has a letter, and is no value such as a date or an amount with a unit.
_NAME = re.compile(r"[^\W\d_]")
_VALUE = re.compile(r"\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}|^\s*[-+]?\d|@|://")
_OTHER_DELIMITERS = (";", "\t", "|")


def plain_titles(path: Path) -> list[str] | None:
    """The names in the first line of a file that is plainly CSV; None where that is in doubt."""
    if not _ENDING.search(path.name):
        return None
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            start = file.read(_START_BYTES)
        text = start.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError):
        return None
    if "\0" in text:
        return None
    if len(start) == _START_BYTES:
        text = text[: text.rfind("\n") + 1]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        # The last record may be cut in the middle of a quoted value.
        return None
    return _titles(rows)


def _titles(rows: Sequence[Sequence[str]]) -> list[str] | None:
    if len(rows) < 2:
        return None
    titles, *records = rows
    width = len(titles)
    if any(len(record) != width for record in records):
        return None
    if any(not _NAME.search(title) or _VALUE.search(title) for title in titles):
        return None
    if width == 1 and _has_other_delimiter(titles[0], records):
        return None
    return [title.strip() for title in titles]


def _has_other_delimiter(title: str, records: Sequence[Sequence[str]]) -> bool:
    if any(mark in title for mark in _OTHER_DELIMITERS):
        return True
    counts = Counter(mark for (value,) in records for mark in _OTHER_DELIMITERS if mark in value)
    return any(count > 0.5 * len(records) for count in counts.values())


def copy_plain(
    reader: duckdb.DuckDBPyConnection, path: Path, relation: str, columns: Sequence[str]
) -> bool:
    """Make a table of a plain CSV file, its columns quoted names; whether it is plain to its end."""
    # Large tables are read a few times and thrown away: packing them costs more than it spares. Small
    # ones share their blocks only where they are packed.
    packing = "uncompressed" if path.stat().st_size >= _LARGE_BYTES else "auto"
    reader.execute(f"set force_compression = '{packing}'")
    try:
        copy_strict(reader, path, relation, columns, header=True)
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException):
        return False
    finally:
        reader.execute("set force_compression = 'auto'")
    return True


def copy_strict(
    reader: duckdb.DuckDBPyConnection,
    path: Path,
    relation: str,
    columns: Sequence[str],
    *,
    header: bool,
) -> None:
    """Make a table of text of a CSV file as RFC 4180 has it; DuckDB's error where it is none."""
    kinds = ", ".join(f"{literal(f'c{index}')}: 'VARCHAR'" for index in range(len(columns)))
    chosen = ", ".join(f"nullif(c{index}, '') as {name}" for index, name in enumerate(columns))
    reader.execute(
        f"create table {relation} as select {chosen} from read_csv({literal(str(path))},"
        f" auto_detect=false, header={str(header).lower()}, delim=',', quote='\"', escape='\"',"
        f" columns={{{kinds}}}, strict_mode=true, null_padding=false, max_line_size={_LONGEST_LINE})"
    )
