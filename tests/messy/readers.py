"""The readers that are measured: ours, and those of others beside it."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from controlplane.errors import DatabankError
from tests.messy.case import Case, Loaded

Reader = Callable[[Path], Loaded]
_CLEVERCSV_LIMIT = 131_072


def read_with_databank(path: Path) -> Loaded:
    """The table that `databank ingest --file` would load, and its rejects."""
    import duckdb

    from controlplane.load.files import FileMemory
    from controlplane.sniff.reading import open_unknown

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = FileMemory(Path(folder), '"').identify(path, path.parent)
        reading = open_unknown(connection, file, Path(folder)).reading
        names = ", ".join(reading.columns)
        rows = connection.execute(
            f"select {names} from ({reading.select}) as records order by _row_number"
        ).fetchall()
        rejected: list[tuple[str]] = []
        if reading.rejects is not None and reading.rejects.count:
            rejected = connection.execute(
                f"select raw_text from ({reading.rejects.select()}) as rejects"
            ).fetchall()
    return Loaded(list(reading.titles), [list(row) for row in rows], [text for (text,) in rejected])


def _duckdb(options: str) -> Reader:
    """DuckDB's `read_csv` with everything detected, and these options."""

    def read(path: Path) -> Loaded:
        import duckdb

        with duckdb.connect() as connection:
            relation = connection.execute(
                f"select * from read_csv($path, all_varchar = true{options})", {"path": str(path)}
            )
            header = [column[0] for column in relation.description or ()]
            rows = [list(row) for row in relation.fetchall()]
            rejected: list[tuple[int, str]] = []
            if "store_rejects" in options:
                # A line with two errors is there twice.
                rejected = connection.execute(
                    "select distinct line, csv_line from reject_errors order by line"
                ).fetchall()
        return Loaded(header, rows, [text for _, text in rejected])

    return read


def read_with_clevercsv(path: Path) -> Loaded:
    """CleverCSV's `read_table`, with encoding and dialect detected; the first row is the header."""
    clevercsv: Any = importlib.import_module("clevercsv")
    # A file that it refused would else leave a lower limit for those after it.
    clevercsv.field_size_limit(_CLEVERCSV_LIMIT)
    header, *rows = clevercsv.read_table(path)
    return Loaded(list(header), [list(row) for row in rows])


READERS: dict[str, Reader] = {
    "databank": read_with_databank,
    "duckdb": _duckdb(""),
    "duckdb-rejects": _duckdb(", store_rejects = true"),
    "duckdb-lenient": _duckdb(", ignore_errors = true, null_padding = true, strict_mode = false"),
    "clevercsv": read_with_clevercsv,
}
# What a reader needs that may not be there.
_NEEDS = {name: name.partition("-")[0] for name in READERS if name != "databank"}


def is_there(name: str) -> bool:
    """Whether this reader can be imported here."""
    return name not in _NEEDS or importlib.util.find_spec(_NEEDS[name]) is not None


def load(reader: Reader, case: Case, folder: Path) -> Loaded | None:
    """What the reader makes of the case's file, null if it refuses it.

    Ours refuses with an error of its own, and any other is a fault; of the others' users none gets
    a table, whatever was raised.
    """
    path = folder / "case.csv"
    path.write_bytes(case.content)
    refusals = DatabankError if reader is read_with_databank else Exception
    try:
        return reader(path)
    except refusals:
        return None
