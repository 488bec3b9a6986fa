"""Brings the tables of unknown data into a scratch DuckDB, every value as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from controlplane.discover.plain_csv import copy_plain, plain_titles
from controlplane.errors import DatabankError, SourceError
from controlplane.load.batch import read_error
from controlplane.load.files import FileMemory
from controlplane.load.reading import Reading
from controlplane.load.spool import disk_errors
from controlplane.sniff.reading import open_unknown
from controlplane.targets.base import quoted
from controlplane.targets.duckdb import prepare_reader

_PACKED = r"(\.(gz|bz2|xz|zst|zstd|zip))?"
_DATA = re.compile(
    rf"\.(csv|tsv|tab|psv|txt|dat|json|jsonl|ndjson|parquet|xlsx|xlsm|xls|ods|xml){_PACKED}$", re.I
)
_ENDINGS = re.compile(r"(\.\w{1,8})?\.(gz|bz2|xz|zst|zstd|zip)$|\.\w{1,8}$", re.I)
_IS_PACKED = re.compile(r"\.(gz|bz2|xz|zst|zstd|zip|parquet|xlsx|xlsm|ods)$", re.I)
_DOCUMENT = re.compile(r"\.json$", re.I)
MEMORY_LIMIT = "1.4GB"
# Bytes of files whose tables are kept in memory; packed files count several times.
IN_MEMORY, UNPACKED = 300_000_000, 8
# Tables are looked at in turns by so many: while DuckDB reads one, another is thought about.
WORKERS = 2


@dataclass(frozen=True)
class DeclaredReference:
    """A reference that a database declares."""

    columns: tuple[str, ...]
    ref_table: str
    ref_columns: tuple[str, ...]


@dataclass(frozen=True)
class SourceTable:
    """A table as it was read; `relation` is its name in the scratch DuckDB, quoted.

    `columns` are the source's own names, made different where two are the same; `path` is None for
    a table of a database.
    """

    name: str
    source: str
    relation: str
    columns: tuple[str, ...]
    rows: int
    path: Path | None = None
    declared_key: tuple[str, ...] = ()
    declared_references: tuple[DeclaredReference, ...] = ()


@contextmanager
def scratch(size: int | None = None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """An empty DuckDB, and a folder for scratch files; both go with the block.

    Args:
        size: how many bytes of text are going to be read, as far as it is known. Few are kept in
            memory, which takes half of the time.
    """
    with TemporaryDirectory(prefix="databank-discover-") as name:
        folder = Path(name)
        fits = size is not None and size <= IN_MEMORY
        place = ":memory:" if fits else str(folder / "tables.duckdb")
        with closing(duckdb.connect(place)) as reader:
            prepare_reader(reader, folder)
            reader.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
            yield reader, folder


def data_files(given: Sequence[str]) -> list[Path]:
    """The files of paths and folders: each once, in order of their names.

    Raises:
        SourceError: a path does not exist, or a folder has no file of a kind that can be read.
    """
    found: dict[Path, None] = {}
    for text in given:
        path = Path(text).expanduser()
        if path.is_dir():
            inside = [each for each in sorted(path.rglob("*")) if _is_data(each, path)]
            if not inside:
                raise SourceError(
                    f"{text}: the folder has no data file",
                    hint="looked for delimited text, JSON, Parquet, Excel, OpenDocument and XML,"
                    " packed or not",
                )
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
        else:
            raise SourceError(
                f"{text}: no such file or folder",
                hint="give a folder of data files, a data file, or a connection URL of PostgreSQL",
            )
    return list(found)


def size_of(paths: Sequence[Path]) -> int:
    """About how many bytes of text are in files; those that cannot be asked count for nothing."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += path.stat().st_size * (UNPACKED if _IS_PACKED.search(path.name) else 1)
    return total


def read_files(
    reader: duckdb.DuckDBPyConnection, paths: Sequence[Path], spool: Path
) -> tuple[list[SourceTable], list[str]]:
    """Each file as a table of text; what could not be read is a note.

    Raises:
        SourceError: none could be read.
    """
    memory = FileMemory(spool)

    def read(index: int) -> SourceTable | str:
        folder = spool / f"file_{index}"
        with disk_errors(spool):
            folder.mkdir()
        try:
            return _read_file(reader.cursor(), paths[index], folder, memory, f"t{index}")
        except DatabankError as error:
            return f"left out: {error.message}"

    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(read, range(len(paths))))
    notes = [each for each in found if isinstance(each, str)]
    taken: dict[str, int] = {}
    tables = [
        replace(each, name=_unique(each.name, taken)) for each in found if not isinstance(each, str)
    ]
    if not tables:
        raise SourceError(
            "no table could be read:\n  " + "\n  ".join(notes),
            hint="expected files with a header and records",
        )
    return tables, notes


def _is_data(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return path.is_file() and bool(_DATA.search(path.name)) and not any(p[0] == "." for p in parts)


def _read_file(
    reader: duckdb.DuckDBPyConnection,
    path: Path,
    folder: Path,
    memory: FileMemory,
    relation: str,
) -> SourceTable:
    titles = plain_titles(path)
    if titles is not None:
        columns = _columns(titles)
        if copy_plain(reader, path, relation, [quoted(column) for column in columns]):
            return SourceTable(
                _called(path), str(path), relation, columns, count_rows(reader, relation), path
            )
    file = memory.identify(path, Path.cwd())
    opened = open_unknown(reader, file, folder)
    reading = opened.reading
    if opened.format == "json" and _DOCUMENT.search(file.source):
        _refuse_document(reader, reading.select, file.source)
    columns = _columns(reading.titles)
    chosen = ", ".join(
        f"nullif({column}, '') as {quoted(title)}"
        for column, title in zip(reading.columns, columns, strict=True)
    )
    try:
        _copy(reader, relation, chosen, reading)
    except duckdb.InvalidInputException:
        _copy(reader, relation, chosen, reading.careful())
    except duckdb.Error as error:
        raise read_error(file.source, error) from error
    return SourceTable(
        _called(path), file.source, relation, columns, count_rows(reader, relation), path
    )


def _called(path: Path) -> str:
    return _ENDINGS.sub("", path.name) or path.name


def _columns(titles: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; those that are there twice get a number."""
    taken: dict[str, int] = {}
    return tuple(_unique(title or "column", taken) for title in titles)


def count_rows(reader: duckdb.DuckDBPyConnection, relation: str) -> int:
    """How many rows a table has."""
    row = reader.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _copy(reader: duckdb.DuckDBPyConnection, relation: str, chosen: str, reading: Reading) -> None:
    source = reading.unnumbered or reading.select
    reader.execute(f"create table {relation} as select {chosen} from ({source}) as records")


def _refuse_document(reader: duckdb.DuckDBPyConnection, select: str, source: str) -> None:
    rows = reader.execute(f"select 1 from ({select}) as records limit 2").fetchall()
    if len(rows) == 1:
        raise SourceError(f"{source}: is one JSON object, and no table")


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, or the name with the first number that nothing else has; case does not count."""
    number = taken.get(name.lower(), 0) + 1
    taken[name.lower()] = number
    return name if number == 1 else _unique(f"{name}_{number}", taken)
