"""Loads files that nobody described into raw tables: `databank ingest --file`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from controlplane.config import Project
from controlplane.errors import DatabankError
from controlplane.load import ledger
from controlplane.load.batch import Delivery, LoadOptions
from controlplane.load.files import FileMemory, SourceFile
from controlplane.load.loader import Loader, Prepared
from controlplane.load.results import Batch
from controlplane.load.spool import spool_folder
from controlplane.naming import snake_case
from controlplane.sniff.layout import Layout
from controlplane.sniff.reading import open_unknown
from controlplane.specs.etl import ErrorHandling
from controlplane.targets import Target
from controlplane.targets.base import OnWait
from controlplane.targets.duckdb import prepare_reader


@dataclass(frozen=True)
class LoadedFile:
    """What became of one file: `batch` is None where it was loaded before, or where it failed."""

    source: str
    table: str
    format: str | None = None
    layout: Layout | None = None
    titles: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    batch: Batch | None = None
    error: DatabankError | None = None

    @property
    def status(self) -> str:
        """loaded, unchanged or failed."""
        if self.error is not None:
            return "failed"
        return "loaded" if self.batch else "unchanged"

    def to_dict(self) -> Mapping[str, Any]:
        """The outcome as plain values."""
        batch = self.batch
        return {
            "file": self.source,
            "table": f"raw.{self.table}",
            "status": self.status,
            "format": self.format,
            "layout": self.layout.to_dict() if self.layout else None,
            "columns": [
                {"name": name, "title": title}
                for name, title in zip(self.columns, self.titles, strict=True)
            ],
            "batch": batch.batch_id if batch else None,
            "rows_read": batch.rows_read if batch else 0,
            "rows_loaded": batch.rows_loaded if batch else 0,
            "rows_rejected": batch.rows_rejected if batch else 0,
            "error": str(self.error) if self.error else None,
        }


def table_name(path: Path) -> str:
    """The raw table for a file: its name without the endings."""
    name = snake_case(path.name.removesuffix(".gz").rpartition(".")[0] or path.name)
    return f"file_{name}" if not name or name[0].isdigit() or name[0] == "_" else name


def load_unknown(
    files: Sequence[tuple[Path, str]],
    project: Project,
    target: Target,
    *,
    now: Callable[[], datetime],
    accept_drift: bool = False,
    wait: bool = True,
    on_wait: OnWait | None = None,
) -> Iterator[LoadedFile]:
    """Load each file into its table, each as one batch; what became of it.

    Records that do not fit, and what stands around the table, go to `raw._rejects`. A file whose
    content is the newest that was loaded from its place is left alone. One that fails leaves
    nothing behind, and does not keep the others from being loaded.

    Args:
        files: each with the name of its raw table.
        project: the project whose warehouse it is.
        target: the warehouse.
        now: the clock.
        accept_drift: load although the columns are others than those of the table.
        wait: whether to wait for another writer.
        on_wait: is told once who is waited for.
    """
    known = ledger.newest_by_process(target)
    memory = FileMemory(project.ensure_state_dir(), '"')
    with spool_folder(project.state_dir) as spool:
        for index, (path, table) in enumerate(files):
            folder = spool / str(index)
            folder.mkdir()
            options = LoadOptions(
                process=table,
                handling=ErrorHandling(error_action="quarantine"),
                job_id=None,
                now=now,
                accept_drift=accept_drift,
            )
            loader = Loader(
                target=target,
                options=options,
                spool=folder,
                holder=f"databank ingest --file {path.name}",
                wait=wait,
                on_wait=on_wait,
                on_progress=None,
            )
            try:
                file = memory.identify(path, project.root)
            except DatabankError as error:
                yield LoadedFile(str(path), table, error=error)
                continue
            newest = known.get(table, {}).get((table, file.source))
            yield _load_one(loader, file, newest)
            shutil.rmtree(folder)
    memory.save()


def _load_one(loader: Loader, file: SourceFile, newest: ledger.LedgerLine | None) -> LoadedFile:
    table = loader.options.process
    if newest is not None and newest.fingerprint == file.fingerprint:
        return LoadedFile(file.source, table)
    delivery = Delivery(
        raw_table=table,
        source=file.source,
        fingerprint=file.fingerprint,
        expected=newest.batch_id if newest else None,
        check=file.check_unchanged,
    )
    opened = None
    try:
        with closing(duckdb.connect()) as reader:
            prepare_reader(reader, loader.spool)
            opened = open_unknown(reader, file, loader.folder())
        loader.write([Prepared(delivery, opened.reading)])
    except DatabankError as error:
        return LoadedFile(
            file.source,
            table,
            format=opened.format if opened else None,
            layout=opened.layout if opened else None,
            error=error,
        )
    batches = loader.result().batches
    return LoadedFile(
        file.source,
        table,
        format=opened.format,
        layout=opened.layout,
        titles=opened.reading.titles,
        columns=opened.reading.columns,
        batch=batches[0] if batches else None,
    )
