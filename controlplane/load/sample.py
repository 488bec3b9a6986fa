"""Reads files to look at them, without a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb

from controlplane.load.batch import read_error
from controlplane.load.files import SourceFile
from controlplane.load.reading import Reading, open_file
from controlplane.specs.source import SourceConfig


def settle(
    reader: duckdb.DuckDBPyConnection, file: SourceFile, config: SourceConfig, spool: Path
) -> Reading:
    """A reading of the file that the engine is known to accept.

    Raises:
        SourceError: the file cannot be read.
    """
    return settled(reader, file.source, open_file(reader, file, config, spool))


def settled(reader: duckdb.DuckDBPyConnection, source: str, reading: Reading) -> Reading:
    """The reading, or the careful one where the engine does not accept it.

    Raises:
        SourceError: the source cannot be read.
    """
    if reading.again is None:
        return reading
    try:
        reader.execute(
            f"select count(*), {', '.join(map(_touch, reading.columns))} from"
            f" ({reading.select}) as records"
        ).fetchone()
    except duckdb.InvalidInputException:
        return reading.again()
    except duckdb.Error as error:
        raise read_error(source, error) from error
    return reading


def _touch(column: str) -> str:
    return f"max({column})"
