"""Reads Parquet files, every value as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from controlplane.errors import SourceError
from controlplane.naming import column_names
from controlplane.targets.base import literal, quoted

_NESTED = ("STRUCT", "MAP", "UNION", "JSON")


@dataclass(frozen=True)
class ParquetColumn:
    """A column of a Parquet file."""

    title: str
    name: str
    type: str


def parquet_columns(
    reader: duckdb.DuckDBPyConnection, path: Path, source: str
) -> list[ParquetColumn]:
    """The columns of the file.

    Raises:
        SourceError: it is not a Parquet file, or a damaged one.
    """
    try:
        rows = reader.execute(f"describe select * from {_file(path)}").fetchall()
    except duckdb.Error as error:
        detail = str(error).splitlines()[0].partition("Error: ")[2] or str(error)
        raise SourceError(f"{source}: cannot be read as Parquet: {detail}") from error
    titles = [row[0] for row in rows if row[0] != "file_row_number"]
    types = [row[1] for row in rows if row[0] != "file_row_number"]
    names = column_names(titles)
    return [ParquetColumn(*column) for column in zip(titles, names, types, strict=True)]


def as_text(column: ParquetColumn) -> str:
    """The expression that gives the column's values as text."""
    name = quoted(column.title)
    if column.type == "BLOB":
        # As PostgreSQL prints bytes.
        return f"'\\x' || lower(hex({name}))"
    if column.type.startswith(_NESTED) or column.type.endswith("]"):
        return f"cast(to_json({name}) as varchar)"
    return f"cast({name} as varchar)"


def parquet_select(path: Path, columns: list[ParquetColumn]) -> str:
    """The query that gives the columns under their raw names, and `_row_number`."""
    parts = [f"{as_text(column)} as {column.name}" for column in columns]
    return f"select {', '.join(parts)}, file_row_number + 1 as _row_number from {_file(path)}"


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true, hive_partitioning = false)"
