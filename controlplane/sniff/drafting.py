"""Drafts the ETL process for a file that nobody described, with what was found out pinned in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from controlplane.config import Project
from controlplane.errors import DatabankError, SourceError
from controlplane.load.files import Later, SourceFile
from controlplane.load.landing import Landing, RemoteSource
from controlplane.load.reading import Reading, open_file
from controlplane.load.sample import settled
from controlplane.load.sheet_layout import SheetLayout
from controlplane.load.spool import spool_folder
from controlplane.sniff.layout import Layout
from controlplane.sniff.reading import Opened, open_unknown
from controlplane.specs.source import SourceConfig
from controlplane.targets.duckdb import prepare_reader


def draft_process(
    given: Path | RemoteSource,
    name: str,
    project: Project,
    landing: Landing,
    *,
    sheet: str | None = None,
) -> dict[str, Any]:
    """The document of an ETL process that reads the file as `databank ingest --file` does.

    Lines above the table are passed over; columns of a header that is not one plain line are
    declared, in the order of the file.

    Args:
        given: the file.
        name: what the process is to be called.
        project: the project that gets it.
        landing: fetches a file that lies elsewhere.
        sheet: the sheet of a workbook; default: the one that holds something.

    Raises:
        SourceError: the file cannot be read, or no spec can say how it is laid out.
    """
    state = project.ensure_state_dir()
    with landing, spool_folder(state) as spool, closing(duckdb.connect()) as reader:
        prepare_reader(reader, spool)
        file = _file(given, project.root, landing, spool)
        folder = spool / "file"
        folder.mkdir()
        opened = open_unknown(reader, file, folder, sheet)
        source = {"source_type": opened.format, "path": file.source, **_layout(opened)}
        folder = spool / "again"
        folder.mkdir()
        again = open_file(reader, file, SourceConfig.model_validate(source), folder)
        found = settled(reader, file.source, opened.reading)
        _compare(reader, file.source, found, again)
        rejected = found.rejected
    # As without a spec: what does not fit is set aside, and stops nobody.
    handling = {"error_handling": {"error_action": "quarantine"}} if rejected else {}
    return {"name": name, "type": "full", "source_config": source, **handling}


def _file(given: Path | RemoteSource, root: Path, landing: Landing, spool: Path) -> SourceFile:
    if isinstance(given, Path):
        return landing.memory.identify(given, root)
    folder = spool / "fetched"
    folder.mkdir()
    (landed,) = landing.land([given], folder)
    if isinstance(landed, DatabankError):
        raise landed
    if isinstance(landed, Later):
        raise SourceError(f"{given.source}: {landed.reason}", hint="try again in a moment")
    return landed


def _layout(opened: Opened) -> Mapping[str, Any]:
    """The fields of `source_config` that say how the file is laid out."""
    layout = opened.layout
    if layout is None:
        return {}
    if isinstance(layout, SheetLayout):
        return {"format": {"sheet": layout.sheet}}
    return _text_layout(layout, opened.reading)


def _text_layout(layout: Layout, reading: Reading) -> Mapping[str, Any]:
    found, table = layout.dialect.format, layout.table
    said: dict[str, Any] = {"delimiter": found.delimiter, "quote": found.quote}
    if found.quote and found.escape != found.quote:
        said["escape"] = found.escape
    said["encoding"] = layout.encoding
    header = table.header[0] if len(table.header) == 1 and not table.beneath else None
    given = list(reading.titles)
    titles = [
        title if title.strip() and title not in given[:index] else name
        for index, (title, name) in enumerate(zip(given, reading.columns, strict=True))
    ]
    if header is not None and header.cells == table.titles and header.lines == 1:
        return {"format": {**said, "header": True, "skip_lines": header.number - 1}}
    columns = {"columns": [{"name": title} for title in titles]} if table.titles else {}
    return {"format": {**said, "header": False, "skip_lines": table.first_line}, **columns}


def _compare(
    reader: duckdb.DuckDBPyConnection, source: str, found: Reading, drafted: Reading
) -> None:
    """Raises `SourceError` unless both give the same records under the same columns."""
    wanted = _checksum(reader, found)
    if found.columns == drafted.columns:
        try:
            same = _checksum(reader, drafted) == wanted
        except duckdb.Error:
            same = _checksum(reader, drafted.careful()) == wanted
        if same:
            return
    raise SourceError(
        f"{source}: no spec can say how it is laid out, which is more than delimiter, quote, escape"
        " and header",
        hint="load it with `databank ingest --file`, or ask for a plain CSV file",
    )


def _checksum(reader: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[Any, ...]:
    """The number of records and a sum of their hashes."""
    columns = ", ".join(reading.columns)
    records = reader.sql(reading.select)
    return tuple(records.aggregate(f"count(*), sum(cast(hash({columns}) as hugeint))").fetchall())
