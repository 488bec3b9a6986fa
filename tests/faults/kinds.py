"""Files of every kind, of which each record is known."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import openpyxl
import xlwt
import zstandard

COLUMNS = ("id", "name", "part")
Record = tuple[str, ...]


@dataclass(frozen=True)
class File:
    """A file's content, and every record that is in it; a reject is a record of one text."""

    name: str
    source_type: str
    content: bytes
    records: Counter[Record]

    @property
    def rejected(self) -> int:
        """How many of the records nobody can read."""
        return sum(count for record, count in self.records.items() if len(record) == 1)


def rows(count: int, version: int) -> Iterator[Record]:
    """Records with ids that no other version has; some have what has to be quoted."""
    for number in range(count):
        key = version * 10_000_000 + number
        name = f"näme {key}"
        if number % 50 == 7:
            name = f'one, "two"\nand {key}'
        yield str(key), name, str(number % 7)


def _quoted(value: str) -> str:
    return f'"{value.replace(chr(34), 2 * chr(34))}"' if set(value) & set(',"\n') else value


def _csv(records: list[Record], rejects: list[str]) -> bytes:
    lines = [",".join(map(_quoted, record)) for record in (COLUMNS, *records)]
    # Spread over the file, and none beside another.
    for index, text in enumerate(rejects, start=1):
        lines.insert(index * len(lines) // (len(rejects) + 1), text)
    return "\n".join((*lines, "")).encode()


def _clean(records: list[Record], rejects: list[str]) -> bytes:
    return _csv(records, [])


def _json(records: list[Record], rejects: list[str]) -> bytes:
    return json.dumps([dict(zip(COLUMNS, each, strict=True)) for each in records]).encode()


def _jsonl(records: list[Record], rejects: list[str]) -> bytes:
    lines = [json.dumps(dict(zip(COLUMNS, each, strict=True))) for each in records]
    return "\n".join((*lines, *rejects, "")).encode()


def _zip(records: list[Record], rejects: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", _csv(records, rejects))
    return out.getvalue()


def _parquet(records: list[Record], rejects: list[str]) -> bytes:
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "in.csv")
        path.write_bytes(_csv(records, []))
        connection.execute(
            f"copy (select * from read_csv('{path}', all_varchar = true, header = true))"
            f" to '{folder}/out.parquet'"
        )
        return Path(folder, "out.parquet").read_bytes()


def _xlsx(records: list[Record], rejects: list[str]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    for record in (COLUMNS, *records):
        sheet.append(record)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xls(records: list[Record], rejects: list[str]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    for number, record in enumerate((COLUMNS, *records)):
        for column, value in enumerate(record):
            sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xml(records: list[Record], rejects: list[str]) -> bytes:
    parts = []
    for record in records:
        cells = zip(COLUMNS, record, strict=True)
        parts.append("".join(f"<{name}>{escape(value)}</{name}>" for name, value in cells))
    return f"<all>{''.join(f'<one>{part}</one>' for part in parts)}</all>".encode()


@dataclass(frozen=True)
class _Kind:
    name: str
    source_type: str
    count: int
    make: Callable[[list[Record], list[str]], bytes]
    flaw: str = ""


def _packed(pack: Callable[[bytes], Any]) -> Callable[[list[Record], list[str]], bytes]:
    return lambda records, rejects: bytes(pack(_csv(records, rejects)))


_CELLS = "{0},flawed {0},1,and more"
_KINDS = {
    "csv, clean": _Kind("clean.csv", "csv", 20_000, _clean),
    "csv, flawed": _Kind("flawed.csv", "csv", 40_000, _csv, _CELLS),
    # Larger than what `--file` takes apart by itself, so that DuckDB reads it where it lies.
    "csv, large": _Kind("large.csv", "csv", 380_000, _clean),
    "gzip": _Kind("packed.csv.gz", "csv", 40_000, _packed(gzip.compress), _CELLS),
    "zstd": _Kind("packed.csv.zst", "csv", 40_000, _packed(zstandard.compress), _CELLS),
    "zip": _Kind("packed.zip", "csv", 40_000, _zip, _CELLS),
    "json": _Kind("records.json", "json", 20_000, _json),
    "json lines": _Kind(
        "records.jsonl", "jsonl", 20_000, _jsonl, '{{"id": "{0}", "name": flawed}}'
    ),
    "parquet": _Kind("records.parquet", "parquet", 100_000, _parquet),
    "xlsx": _Kind("book.xlsx", "excel", 4_000, _xlsx),
    "xls": _Kind("book.xls", "excel", 4_000, _xls),
    "xml": _Kind("records.xml", "xml", 10_000, _xml),
}
KINDS = tuple(_KINDS)


@cache
def make_file(kind: str, version: int = 1) -> File:
    """A file of this kind; each version has records of its own."""
    given = _KINDS[kind]
    records = list(rows(given.count, version))
    keys = range(version * 10_000_000 + given.count, version * 10_000_000 + given.count + 25)
    rejects = [given.flaw.format(key) for key in keys] if given.flaw else []
    expected = Counter(records) + Counter((text,) for text in rejects)
    return File(given.name, given.source_type, given.make(records, rejects), expected)
