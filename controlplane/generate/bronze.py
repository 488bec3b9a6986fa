"""The bronze models: what was loaded, as it came."""

from __future__ import annotations

from controlplane import naming
from controlplane.generate.resolve import LOAD_COLUMNS, Join, Process
from controlplane.generate.text import Cte, import_cte, model, ref, select, source

BATCHES_MODEL = "load_batches"
REJECTS_MODEL = "load_rejects"


def bronze(process: Process) -> str:
    """The bronze model of a process: every value as the source's text, with its batch."""
    columns = [*(column.name for column in process.source_columns), *LOAD_COLUMNS]
    raw = naming.raw_table(process.slug)
    if not process.current_only:
        return model(
            process.spec_path,
            [import_cte("source", source(raw)), Cte("records", select(columns, "source"))],
        )
    return model(
        process.spec_path,
        [
            import_cte("source", source(raw)),
            import_cte("batches", ref(BATCHES_MODEL)),
            _current_batches(raw),
            Cte(
                "records",
                select(
                    columns,
                    "source",
                    ["where _batch_id in (select current_batches.batch_id from current_batches)"],
                ),
                "Only the newest delivery of each source counts.",
            ),
        ],
    )


def join_bronze(process: Process, join: Join) -> str:
    """The bronze model of a source table that only a join reads: its newest delivery."""
    raw = str(join.right_raw)
    columns = [*(column.name for column, _ in join.right_columns), *LOAD_COLUMNS]
    return model(
        process.spec_path,
        [
            import_cte("source", source(raw)),
            import_cte("batches", ref(BATCHES_MODEL)),
            _current_batches(raw),
            Cte(
                "records",
                select(
                    columns,
                    "source",
                    ["where _batch_id in (select current_batches.batch_id from current_batches)"],
                ),
                "Only the newest delivery of each source counts.",
            ),
        ],
    )


def _current_batches(raw: str) -> Cte:
    return Cte(
        "current_batches",
        (
            "select max(batch_id) as batch_id",
            "from batches",
            f"where raw_table = '{raw}'",
            "group by source",
        ),
    )
