"""Makes a file readable: finds its columns, and the query that gives its records as text.

A file that is well formed is read by DuckDB where it lies. One that DuckDB refuses, and one that
holds what not every warehouse can store, is taken apart by our own careful reader first; `again`
gives that way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from controlplane.errors import SourceError
from controlplane.load.csv_format import Header, decide_format, read_csv, read_header
from controlplane.load.csv_lines import CsvFormat
from controlplane.load.csv_split import PLAIN, ROW_NUMBER, split_csv
from controlplane.load.files import SourceFile
from controlplane.load.json_flat import LINES, WORTH_BYTES, array_lines, flat_json
from controlplane.load.json_records import split_json
from controlplane.load.parquet import as_text, parquet_columns, parquet_select
from controlplane.load.rejects import Reject, RejectSpool
from controlplane.load.sheet_layout import SheetLayout
from controlplane.load.sheets import split_sheet
from controlplane.load.spool import disk_errors
from controlplane.load.suspicion import look_at
from controlplane.load.transcode import is_utf8, to_utf8
from controlplane.load.unpack import is_workbook, unpacked
from controlplane.load.workbook import open_workbook
from controlplane.load.xml_records import split_xml
from controlplane.naming import column_names, snake_case
from controlplane.specs.source import Column, SourceConfig

_USUAL_LINE = 2_097_152
# The sizes of files that are read by all threads. That takes a copy, which does not pay for smaller
# ones, and for larger ones takes too much of the disk.
_STAGED_BYTES = range(16 << 20, 2 << 30)


@dataclass(frozen=True)
class Reading:
    """A source that can be read.

    `select` gives each raw column as text, and `_row_number`. Where numbering the records holds
    DuckDB to one thread, `unnumbered` gives the same in their order without the numbers, which all
    threads can read; once they have been, `is_staged`. `rows` says how many records there are,
    where it is known before; `types` are the columns' own, where the source has some.
    """

    titles: tuple[str, ...]
    columns: tuple[str, ...]
    select: str
    unnumbered: str = ""
    is_staged: bool = False
    rows: int | None = None
    types: tuple[str, ...] = ()
    rejects: RejectSpool | None = None
    again: Callable[[], Reading] | None = None

    def careful(self) -> Reading:
        """The same source read with care; itself where there is no other way."""
        return self.again() if self.again else self

    def without(self, columns: Iterable[str]) -> Reading:
        """The same records without these columns."""
        left_out = frozenset(columns)
        pairs = [
            (name, title)
            for name, title in zip(self.columns, self.titles, strict=True)
            if name not in left_out
        ]
        names = ", ".join(name for name, _ in pairs)
        return replace(
            self,
            columns=tuple(name for name, _ in pairs),
            titles=tuple(title for _, title in pairs),
            select=f"select {names}, {ROW_NUMBER} from ({self.select}) as complete",
            unnumbered=self.unnumbered and f"select {names} from ({self.unnumbered}) as complete",
        )

    @property
    def rejected(self) -> int:
        """How many records could not be read."""
        return self.rejects.count if self.rejects else 0


def open_file(
    reader: duckdb.DuckDBPyConnection, file: SourceFile, config: SourceConfig, spool: Path
) -> Reading:
    """How to read a file of a process.

    Args:
        reader: a DuckDB that looks into the file; another one may do the reading.
        file: which file.
        config: what the spec says about it.
        spool: a folder of its own for scratch files.

    Raises:
        SourceError: it cannot be read at all.
    """
    kind = config.source_type
    file = _unpacked(file, config, spool)
    if (kind == "excel") != is_workbook(file.path):
        found = "a workbook" if kind != "excel" else "no workbook"
        raise SourceError(
            f"{file.source}: is {found}, and the spec says source_type {kind}",
            hint="correct source_config.source_type; a workbook's is excel",
        )
    if kind == "excel":
        return open_sheet(file, config, spool)[0]
    if kind == "xml":
        return _xml(file, config, spool)
    if kind == "parquet":
        return _parquet(reader, file, spool)
    if kind in ("json", "jsonl"):
        return _json(file, config, spool)
    return _csv(reader, file, config, spool)


def _unpacked(file: SourceFile, config: SourceConfig, spool: Path) -> SourceFile:
    path = unpacked(file.path, file.source, spool)
    if path == file.path or config.source_type not in ("csv", "tsv"):
        return replace(file, path=path)
    # What was noted of the file is about its packed bytes.
    given = config.format.quote if config.format else None
    look = look_at(path, '"' if given is None else given)
    return replace(file, path=path, needs_care=look.needs_care, mixed_ends=look.mixed_ends)


def _csv(
    reader: duckdb.DuckDBPyConnection, file: SourceFile, config: SourceConfig, spool: Path
) -> Reading:
    path, original = file.path, True
    needs_care, mixed_ends = file.needs_care, file.mixed_ends
    encoding = config.format.encoding if config.format else "utf-8"
    if not is_utf8(encoding, file.source):
        path, original = spool / "utf8.csv", False
        quote = config.format.quote if config.format else None
        look = to_utf8(file.path, encoding, path, '"' if quote is None else quote)
        needs_care, mixed_ends = look.needs_care, look.mixed_ends
    layout = decide_format(reader, path, config.source_type, config.format)
    header = read_header(path, file.source, layout, config.columns)
    careful = partial(careful_csv, path, layout, header, spool, offsets=original)
    needs_care |= mixed_ends and header.width == 1
    return careful() if needs_care else fast_csv(path, layout, header, careful)


def fast_csv(
    path: Path, layout: CsvFormat, header: Header, careful: Callable[[], Reading]
) -> Reading:
    """A UTF-8 file as DuckDB reads it, or refuses to."""
    names = ", ".join(header.columns)
    source = read_csv(path, layout, header.columns)
    return Reading(
        titles=header.titles,
        columns=header.columns,
        select=f"select {names}, row_number() over () as {ROW_NUMBER} from {source}",
        unnumbered=f"select {names} from {source}" if path.stat().st_size in _STAGED_BYTES else "",
        again=careful,
    )


def careful_csv(
    path: Path, layout: CsvFormat, header: Header, spool: Path, *, offsets: bool
) -> Reading:
    """A UTF-8 file with faults, after its good records and the others were parted."""
    good = spool / "good.csv"
    with disk_errors(spool), RejectSpool(spool / "rejects.csv") as rejects:
        count = split_csv(path, layout, header, good, rejects, offsets=offsets)
    return from_spool(header.titles, header.columns, good, count.good, count.longest, rejects)


def _json(file: SourceFile, config: SourceConfig, spool: Path) -> Reading:
    path, source = file.path, file.source
    encoding = config.format.encoding if config.format else "utf-8"
    if not is_utf8(encoding, source):
        path = spool / "utf8.json"
        to_utf8(file.path, encoding, path, "")
    declared = [column.name for column in config.columns]
    careful = partial(careful_json, path, source, config.source_type, declared, spool)
    if path.stat().st_size < WORTH_BYTES:
        return careful()
    return fast_json(path, config.source_type, declared, spool, careful) or careful()


def fast_json(
    path: Path,
    source_type: str,
    declared: Sequence[str],
    spool: Path,
    careful: Callable[[], Reading],
) -> Reading | None:
    """A UTF-8 file as DuckDB cuts it up, or refuses to; None where the first records forbid it."""
    if source_type == "json":
        copy = spool / "lines.json"
        with disk_errors(spool):
            path = copy if array_lines(path, copy) else path
    flat = flat_json(path, read_csv(path, LINES, ["line"], line_feeds=True), declared)
    if flat is None:
        return None
    staged = path.stat().st_size in _STAGED_BYTES
    return Reading(
        titles=flat.titles,
        columns=flat.columns,
        select=f"select *, row_number() over () as {ROW_NUMBER} from ({flat.select}) as flat",
        unnumbered=flat.select if staged else "",
        again=careful,
    )


def careful_json(
    path: Path, source: str, source_type: str, declared: Sequence[str], spool: Path
) -> Reading:
    """A UTF-8 file of which every record was looked at."""
    good = spool / "good.csv"
    with disk_errors(spool):
        count, rejects = split_json(
            path, source, source_type, declared, good, lambda: RejectSpool(spool / "rejects.csv")
        )
    columns = tuple(column_names(count.titles))
    return from_spool(count.titles, columns, good, count.good, count.longest, rejects)


def _xml(file: SourceFile, config: SourceConfig, spool: Path) -> Reading:
    good = spool / "good.csv"
    declared = [column.name for column in config.columns]
    record = config.format.record if config.format else None
    with disk_errors(spool), RejectSpool(spool / "rejects.csv") as rejects:
        count = split_xml(file.path, file.source, record, declared, good, rejects)
    columns = tuple(column_names(count.titles))
    return from_spool(count.titles, columns, good, count.good, count.longest, rejects)


def from_spool(
    titles: tuple[str, ...],
    columns: tuple[str, ...],
    good: Path,
    rows: int,
    longest: int,
    rejects: RejectSpool | None,
) -> Reading:
    """The good records of a source that was parted, in a scratch file of the plain form."""
    source = read_csv(
        good,
        PLAIN,
        [ROW_NUMBER, *columns],
        line_feeds=True,
        longest=longest if longest > _USUAL_LINE else 0,
    )
    return Reading(
        titles=titles,
        columns=columns,
        select=f"select {', '.join(columns)}, cast({ROW_NUMBER} as bigint) as {ROW_NUMBER}"
        f" from {source}",
        rows=rows,
        rejects=rejects,
    )


def open_sheet(file: SourceFile, config: SourceConfig, spool: Path) -> tuple[Reading, SheetLayout]:
    """How to read a sheet of an unpacked workbook, and where its table stands.

    Raises:
        SourceError: it cannot be read, or which sheet is meant is open.
    """
    good, settings = spool / "good.csv", config.format
    with open_workbook(file.path, file.source) as book:
        name = settings.sheet if settings else None
        sheet = book.sheet(name) if name is not None else book.only_sheet()
        with disk_errors(spool), RejectSpool(spool / "rejects.csv") as rejects:
            count = split_sheet(sheet, file.source, settings, config.columns, good, rejects)
    columns = tuple(column_names(count.titles))
    reading = from_spool(count.titles, columns, good, count.good, count.longest, rejects)
    return reading, count.layout


def _parquet(reader: duckdb.DuckDBPyConnection, file: SourceFile, spool: Path) -> Reading:
    columns = parquet_columns(reader, file.path, file.source)
    select = parquet_select(file.path, columns)
    names = tuple(column.name for column in columns)
    rejects = None
    text = [c.name for c in columns if c.type == "VARCHAR" or "VARCHAR" in as_text(c).upper()]
    has_nul = " or ".join(f"contains({name}, chr(0))" for name in text)
    if has_nul:
        found = reader.execute(
            f"select {ROW_NUMBER}, cast(to_json(records) as varchar) from ({select}) as records"
            f" where {has_nul} order by {ROW_NUMBER}"
        )
        with disk_errors(spool), RejectSpool(spool / "rejects.csv") as rejects:
            while rows := found.fetchmany(1000):
                for number, content in rows:
                    reason = "has a NUL character, which no text can hold"
                    rejects.add(Reject(number, None, content, reason))
        if rejects.count:
            select = (
                f"select {', '.join((*names, ROW_NUMBER))} from ({select}) as records"
                f" where coalesce(not ({has_nul}), true)"
            )
    return Reading(
        titles=tuple(column.title for column in columns),
        columns=names,
        select=select,
        types=tuple(column.type for column in columns),
        rejects=rejects,
    )


def union(readings: Sequence[Reading]) -> str:
    """The query that gives the records of several readings, columns matched by name."""
    return " union all by name ".join(f"({reading.select})" for reading in readings)


def declared_names(columns: Sequence[Column], reading: Reading) -> dict[str, Column]:
    """The declared column of each raw column that has one; a spec may use either spelling."""
    by_name = {column.name: column for column in columns}
    found = {}
    for title, name in zip(reading.titles, reading.columns, strict=True):
        column = by_name.get(title) or by_name.get(name)
        if column:
            found[name] = column
    return found


def check_declared(source: str, columns: Sequence[Column], readings: Sequence[Reading]) -> None:
    """Raises `SourceError` for a column that the spec declares and none of the readings has."""
    titles = list(dict.fromkeys(title for reading in readings for title in reading.titles))
    known = {*titles, *(name for reading in readings for name in reading.columns)}
    missing = [c.name for c in columns if c.name not in known and snake_case(c.name) not in known]
    if missing:
        raise SourceError(
            f"{source}: has no column {', '.join(repr(name) for name in missing)}, which the spec"
            f" declares (has: {', '.join(titles)})",
            hint="correct source_config.columns, or format.delimiter if the header is in one piece",
        )
