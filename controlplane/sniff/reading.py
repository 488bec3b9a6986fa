"""Opens a file that nobody described, so that the loader can read it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from controlplane.errors import SourceError
from controlplane.load.csv_format import Header
from controlplane.load.csv_lines import CsvFormat, Record
from controlplane.load.csv_split import split_csv
from controlplane.load.files import SourceFile
from controlplane.load.reading import Reading, fast_csv, from_spool, open_file, open_sheet
from controlplane.load.rejects import Reject, RejectSpool
from controlplane.load.sheet_layout import SheetLayout
from controlplane.load.spool import disk_errors
from controlplane.load.suspicion import look_at
from controlplane.load.table import Row
from controlplane.load.transcode import is_utf8, to_utf8
from controlplane.load.unpack import is_workbook, unpacked
from controlplane.load.workbook import open_workbook
from controlplane.naming import column_names
from controlplane.sniff.dialect import rows_of
from controlplane.sniff.layout import (
    LONE_RETURN,
    SAMPLE_BYTES,
    Layout,
    find_file_encoding,
    find_layout,
    mixes_returns,
)
from controlplane.specs.source import FileFormat, SourceConfig, SourceType

# DuckDB reads larger files by itself, if they are clean.
_CAREFULLY_UP_TO = 8 << 20
_TAIL_BYTES = 1 << 16
# Of text few characters are controls; some are used as delimiters.
_CONTROLS = re.compile(rb"[\x00\x02-\x08\x0e-\x1a\x1c\x1d]")
_MOST_CONTROLS = 0.05
_XML = re.compile(
    r"""\s*(<\?xml\s|(<!--.*?-->\s*|<!DOCTYPE\s[^>]*>\s*)*"""
    r"""<[A-Za-z_][\w.:-]*(\s+[\w.:-]+\s*=\s*("[^"]*"|'[^']*'))*\s*>\s*<[A-Za-z_!])""",
    re.DOTALL,
)
_SUFFIXES: Mapping[str, SourceType] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}


@dataclass(frozen=True)
class Opened:
    """A file with the way to read it; `layout` is None where its format says how."""

    format: str
    layout: Layout | SheetLayout | None
    reading: Reading


def open_unknown(
    reader: duckdb.DuckDBPyConnection, file: SourceFile, spool: Path, sheet: str | None = None
) -> Opened:
    """How to read a file of which only the content is known.

    Args:
        reader: a DuckDB that looks into the file.
        file: which file; it may be packed.
        spool: a folder of its own for scratch files.
        sheet: the sheet of a workbook; default: the one that holds something.

    Raises:
        SourceError: the file is empty, or cannot be read at all.
    """
    path = unpacked(file.path, file.source, spool)
    original = path == file.path
    if not original:
        # What was noted of the file is about its packed bytes.
        look = look_at(path, '"')
        file = replace(file, path=path, needs_care=look.needs_care, mixed_ends=look.mixed_ends)
    source_type = find_format(file)
    if source_type == "excel":
        named = FileFormat(sheet=sheet) if sheet is not None else None
        config = SourceConfig(source_type="excel", path=file.source, format=named)
        reading, found = open_sheet(file, config, spool)
        return Opened("excel", found, reading)
    if sheet is not None:
        raise SourceError(f"{file.source}: is no workbook, so it has no sheet '{sheet}'")
    if source_type != "csv":
        config = SourceConfig(source_type=source_type, path=file.source)
        return Opened(source_type, None, open_file(reader, file, config, spool))
    encoding = find_file_encoding(path, file.source)
    needs_care = file.needs_care or file.mixed_ends
    if not is_utf8(encoding, file.source):
        path, original = spool / "utf8.csv", False
        look = to_utf8(file.path, encoding, path, '"')
        needs_care = look.needs_care or look.mixed_ends
    with path.open("rb") as content:
        sample = content.read(SAMPLE_BYTES)
    if mixes_returns(sample):
        path, original = _with_line_feeds(path, spool), False
        sample = path.read_bytes()[:SAMPLE_BYTES]
    if not sample.removeprefix(codecs.BOM_UTF8).strip():
        raise SourceError(f"{file.source}: has no line with text; there is nothing to load")
    if len(_CONTROLS.findall(sample)) > _MOST_CONTROLS * len(sample):
        raise SourceError(
            f"{file.source}: is no text, as far as can be seen",
            hint="expected delimited text, JSON, JSON lines or Parquet, or one of them packed",
        )
    layout = find_layout(sample, encoding)
    header = _header(layout)
    careful = partial(_careful, path, layout, header, spool, offsets=original)
    plain = layout.dialect.is_plain and not (layout.table.preamble or layout.table.beneath)
    small = path.stat().st_size <= _CAREFULLY_UP_TO
    if needs_care or not plain or small or _has_more_around(path, layout):
        return Opened("csv", layout, careful())
    return Opened("csv", layout, fast_csv(path, _format(layout), header, careful))


def sheet_names(file: SourceFile, spool: Path) -> list[str]:
    """The sheets of a workbook that hold something; none for a file that is no workbook.

    Raises:
        SourceError: it cannot be read.
    """
    path = unpacked(file.path, file.source, spool)
    if not is_workbook(path):
        return []
    with open_workbook(path, file.source) as book:
        return [each.name for each in book.with_data()]


def find_format(file: SourceFile) -> SourceType:
    """csv, json, jsonl, parquet, excel or xml: as the content begins, whatever its name."""
    if is_workbook(file.path):
        return "excel"
    with file.path.open("rb") as content:
        start = content.read(1 << 16)
    if start.startswith(b"PAR1"):
        return "parquet"
    if _is_xml(start):
        return "xml"
    by_name = next(
        (_SUFFIXES[end] for end in _SUFFIXES if f"{end}." in f"{file.source.lower()}."), None
    )
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if by_name is not None and text[:1] in (b"{", b"["):
        return by_name
    first, _, rest = text.partition(b"\n")
    if text[:1] == b"{" and _is_object(first):
        return "jsonl" if rest.strip() else "json"
    if text[:1] in (b"{", b"[") and re.match(rb'[\[{]\s*(\{\s*)?"[^"]*"\s*:', text):
        return "json"
    return "csv"


def _is_xml(start: bytes) -> bool:
    """Whether a text begins with a declaration or an element, as no line of a table does."""
    encoding = "utf-16" if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return bool(_XML.match(start.decode(encoding, "replace")))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _with_line_feeds(path: Path, spool: Path) -> Path:
    """A copy of the file in which a line feed stands for each carriage return that stands alone."""
    copy = spool / "lines.csv"
    with path.open("rb") as source, disk_errors(spool), copy.open("wb") as out:
        held = b""
        while piece := source.read(SAMPLE_BYTES):
            piece = held + piece
            held = piece[-1:] if piece.endswith(b"\r") else b""
            piece = piece[: len(piece) - len(held)]
            out.write(LONE_RETURN.sub(b"\n", piece))
        out.write(held.replace(b"\r", b"\n"))
    return copy


def _header(layout: Layout) -> Header:
    width = layout.table.width
    titles = layout.table.titles or tuple(f"column_{index}" for index in range(1, width + 1))
    return Header(titles, tuple(column_names(titles)))


def _format(layout: Layout) -> CsvFormat:
    return replace(
        layout.dialect.format,
        skip_lines=layout.table.first_line,
        width=layout.table.width,
    )


@dataclass(frozen=True)
class _Around:
    """What stands around the records of a file of this layout."""

    layout: Layout

    def repeats_header(self, record: Record) -> bool:
        """Whether the record is the header once more, as where files were put together."""
        rows = self.layout.table.header
        return len(rows) == 1 and record.raw == rows[0].raw

    def may_repeat_header(self, block: bytes) -> bool:
        """Whether one of these lines may be the header."""
        rows = self.layout.table.header
        return len(rows) == 1 and rows[0].raw in block

    def may_be_note(self, record: Record) -> bool:
        """Whether the record is a text in the first cell and nothing else, or nothing at all.

        So look the notes below a table that a spreadsheet wrote.
        """
        return self.layout.table.is_sparse(
            [(each or b"").decode("utf-8", "replace") for each in record.fields]
        )


def _has_more_around(path: Path, layout: Layout) -> bool:
    """Whether the file has its header again, or ends with a note: DuckDB would load both."""
    header = layout.table.header[0].raw if layout.table.header else b""
    found, tail = 0, b""
    with path.open("rb") as file:
        while piece := file.read(SAMPLE_BYTES):
            # What the last piece has of a header that this one completes.
            begun = tail[len(tail) - len(header) + 1 :] if len(header) > 1 else b""
            found += (begun + piece).count(header) if header else 0
            tail = (tail + piece)[-max(_TAIL_BYTES, len(header)) :]
    last = rows_of(tail[tail.find(b"\n") + 1 :], layout.dialect.format)
    filled = [row for row in last if not row.is_blank]
    return found > 1 or bool(filled and layout.table.is_sparse(filled[-1].cells))


def _careful(path: Path, layout: Layout, header: Header, spool: Path, *, offsets: bool) -> Reading:
    """Part the file into records and rejects; what is around the table is among these."""
    table, good = layout.table, spool / "good.csv"
    with disk_errors(spool), RejectSpool(spool / "rejects.csv") as rejects:
        for row, reason in (
            *((row, "stands above the table") for row in table.preamble),
            *((row, "stands between the header and the data") for row in table.beneath),
        ):
            if not row.is_blank:
                rejects.add(_reject(row, reason))
        count = split_csv(
            path,
            _format(layout),
            header,
            good,
            rejects,
            offsets=offsets,
            around=_Around(layout),
        )
    return from_spool(header.titles, header.columns, good, count.good, count.longest, rejects)


def _reject(row: Row, reason: str) -> Reject:
    return Reject(row.number, None, row.raw.decode("utf-8", "backslashreplace"), reason)
