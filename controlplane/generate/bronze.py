"""The bronze models: what was loaded, as it came; and the models over ledger and rejected lines."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane import naming
from controlplane.generate.process import LOAD_COLUMNS, Join, Process, names
from controlplane.generate.text import Cte, import_cte, model, ref, select, source

BATCHES_MODEL = "load_batches"
REJECTS_MODEL = "load_rejects"


def bronze(process: Process) -> str:
    """The bronze model of a process: every value as the source's text, with its batch."""
    return _records(
        process.spec_path,
        process.raw_table,
        names(process.source_columns),
        newest_only=process.current_only,
    )


def join_bronze(process: Process, join: Join) -> str:
    """The bronze model of a source table that only a join reads: its newest delivery."""
    columns = names(join.right.table.columns)
    return _records(process.spec_path, str(join.right.raw), columns, newest_only=True)


def over_raw(origin: str, table: str, columns: Iterable[str]) -> str:
    """The model over a table that loading keeps, such as its ledger."""
    return model(
        origin, [import_cte("source", source(table)), Cte("final", select(columns, "source"))]
    )


def current_batches(raw_table: str, batches: str) -> Cte:
    """The newest batch of each source of a raw table; `batches` is what is read for them."""
    return Cte(
        "current_batches",
        (
            "select max(batch_id) as batch_id",
            f"from {batches}",
            f"where raw_table = '{raw_table}'",
            "group by source",
        ),
    )


def _records(spec_path: str, raw: str, columns: list[str], *, newest_only: bool) -> str:
    listed = [*columns, *LOAD_COLUMNS]
    ctes = [import_cte("source", source(raw))]
    if not newest_only:
        return model(spec_path, [*ctes, Cte("records", select(listed, "source"))])
    newest = ["where _batch_id in (select current_batches.batch_id from current_batches)"]
    ctes += [
        import_cte("batches", ref(BATCHES_MODEL)),
        current_batches(raw, "batches"),
        Cte(
            "records",
            select(listed, "source", newest),
            "Only the newest delivery of each source counts.",
        ),
    ]
    return model(spec_path, ctes)


# What load_batches and load_rejects hold, for the models and for their properties.
LEDGER_COLUMNS = {
    "batch_id": ("bigint", "The batch; batches are numbered as they land."),
    "process": ("text", "The ETL process that loaded it."),
    "raw_table": ("text", "The table in schema raw that holds its records."),
    "source": ("text", "The file, table or query that it came from."),
    "fingerprint": ("text", "SHA-256 of what was read."),
    "rows_read": ("bigint", "Records found in the source."),
    "rows_loaded": ("bigint", "Records in the raw table."),
    "rows_rejected": ("bigint", "Lines that could not be read; they are in load_rejects."),
    "cursor_column": ("text", "The incremental key, where the batch is an increment."),
    "cursor_value": ("text", "The incremental key's highest value in the batch."),
    "is_delivery": ("boolean", "Whether the batch alone is all that its source holds."),
    "job_id": ("text", "The job that loaded it."),
    "loaded_at": ("timestamp", "When it was loaded (UTC)."),
}
REJECT_COLUMNS = {
    "batch_id": ("bigint", "The batch that met the line."),
    "process": ("text", "The ETL process that loaded it."),
    "raw_table": ("text", "The raw table that the record would have been in."),
    "source": ("text", "The file, table or query."),
    "line_number": ("bigint", "The line, from 1."),
    "byte_offset": ("bigint", "Where the line begins in the file, in bytes from 0."),
    "raw_text": ("text", "The line as it came."),
    "reason": ("text", "Why it could not be read."),
    "rejected_at": ("timestamp", "When it was loaded (UTC)."),
}
# Model -> the table it is over, what a row is, its columns with their types.
SHARED_MODELS = {
    BATCHES_MODEL: (
        naming.LEDGER_TABLE,
        "One row per batch that was loaded: the load ledger.",
        LEDGER_COLUMNS,
    ),
    REJECTS_MODEL: (
        naming.REJECTS_TABLE,
        "One row per line of a source that could not be read as a record.",
        REJECT_COLUMNS,
    ),
}
