"""How a delimited file is laid out: as its spec says, and where that is silent, as it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from controlplane.errors import SourceError
from controlplane.load.csv_lines import CsvFormat, RecordReader
from controlplane.naming import column_names
from controlplane.specs.source import Column, FileFormat
from controlplane.targets.base import literal

_QUOTE = '"'
_SAMPLE_ROWS = 20_480


@dataclass(frozen=True)
class Header:
    """The columns of a file as it names them, and as the raw table does."""

    titles: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many fields a record has."""
        return len(self.titles)


def decide_format(
    reader: duckdb.DuckDBPyConnection, path: Path, source_type: str, given: FileFormat | None
) -> CsvFormat:
    """The layout of a UTF-8 file.

    The spec's settings win. Of what it leaves open the quote is `"`, and delimiter and escape are
    those that fit the first rows best.
    """
    settings = given or FileFormat()
    delimiter = settings.delimiter or ("\\t" if source_type == "tsv" else None)
    if delimiter == "\\t":
        delimiter = "\t"
    quote = _QUOTE if settings.quote is None else settings.quote
    escape = settings.escape if settings.escape is not None else None
    if delimiter is None or (escape is None and quote):
        found_delimiter, found_escape = _sniff(reader, path, delimiter, quote, settings)
        delimiter = delimiter or found_delimiter
        escape = escape or found_escape
    return CsvFormat(
        delimiter=delimiter,
        quote=quote,
        escape=escape or quote,
        header=settings.header,
        skip_lines=settings.skip_lines,
    )


def read_header(
    path: Path, source: str, layout: CsvFormat, declared: Sequence[Column] = ()
) -> Header:
    """The columns of a UTF-8 file.

    A file without a header has the names that the spec declares, where there is one for each field,
    else `column_1`, `column_2` and so on.

    Raises:
        SourceError: the file is empty, or its header cannot be read.
    """
    with path.open("rb") as file:
        records = RecordReader(file, layout)
        for _ in range(layout.skip_lines):
            records.next_line()
        record = records.next()
    if record is None:
        raise SourceError(
            f"{source}: is empty; it has not even a header",
            hint="deliver a file with a header, or take the file away",
        )
    if not layout.header:
        titles = tuple(f"column_{number}" for number in range(1, len(record.fields) + 1))
        if len(declared) == len(titles):
            titles = tuple(column.name for column in declared)
        elif declared:
            raise SourceError(
                f"{source}: the spec declares {len(declared)} columns, the first record has"
                f" {len(titles)}"
            )
        return Header(titles, tuple(column_names(titles)))
    if record.fault or b"\0" in record.raw:
        fault = record.fault or "it has a NUL character"
        raise SourceError(f"{source}:{record.line.number}: the header cannot be read: {fault}")
    try:
        titles = tuple((field or b"").decode() for field in record.fields)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source}:{record.line.number}: the header is not UTF-8 (byte"
            f" 0x{error.object[error.start]:02x})",
            hint="name the encoding of the file in the spec: source_config.format.encoding",
        ) from None
    return Header(titles, tuple(column_names(titles)))


def read_csv(
    path: Path,
    layout: CsvFormat,
    columns: Sequence[str],
    *,
    line_feeds: bool = False,
    longest: int = 0,
) -> str:
    """DuckDB's table function that reads the file exactly so, every value as text, or fails.

    Args:
        path: a UTF-8 file.
        layout: how it is laid out.
        columns: names for its columns.
        line_feeds: whether each record is known to end with a line feed alone; DuckDB finds out
            otherwise, and may be misled by what stands between quotes.
        longest: the size of the longest record in bytes, if it is more than DuckDB's usual bound.
    """
    names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    ends = ", new_line = '\\n'" if line_feeds else ""
    bounds = f", max_line_size = {longest}, buffer_size = {4 * longest}" if longest else ""
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, strict_mode = true,"
        f" delim = {literal(layout.delimiter)}, quote = {literal(layout.quote)},"
        f" escape = {literal(layout.escape)}, header = {str(layout.header).lower()},"
        f" skip = {layout.skip_lines}, compression = 'none', nullstr = '', allow_quoted_nulls = false,"
        f" columns = {{{names}}}{ends}{bounds})"
    )


def _sniff(
    reader: duckdb.DuckDBPyConnection,
    path: Path,
    delimiter: str | None,
    quote: str,
    settings: FileFormat,
) -> tuple[str, str]:
    options = [
        f"quote = {literal(quote)}",
        "strict_mode = false",
        "ignore_errors = true",
        f"sample_size = {_SAMPLE_ROWS}",
        f"skip = {settings.skip_lines}",
        "compression = 'none'",
    ]
    if delimiter:
        options.append(f"delim = {literal(delimiter)}")
    try:
        row = reader.execute(
            f"select Delimiter, Escape from sniff_csv({literal(str(path))}, {', '.join(options)})"
        ).fetchone()
    except duckdb.Error:
        row = None
    found, escape = row if row else (",", quote)
    with path.open("rb") as file:
        start = file.read(1 << 16)
    # The sniffer names a delimiter also for a file of one column, which has none.
    if delimiter is None and found.encode() not in start:
        found = ","
    return found, "\\" if escape == "\\" else quote
