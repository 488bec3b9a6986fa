"""The raw table of edges: what it holds, and one batch more.

A batch has all edges of the models that changed, each with the checksum of what they were traced
from, and a line for each model that is gone. It goes through the load ledger like every other: edges
and checksums are committed together, or neither is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from controlplane.dbt.hashes import digest
from controlplane.lineage.edges import Edge, Kind, Relation
from controlplane.naming import LINEAGE_TABLE, RAW_SCHEMA
from controlplane.targets import MissingRelationError, Target
from controlplane.targets.base import OnWait, literal

TABLE = f"{RAW_SCHEMA}.{LINEAGE_TABLE}"
SOURCE = "compiled models"
COLUMNS = tuple(each.name for each in fields(Edge))


@dataclass(frozen=True)
class Known:
    """What the raw table has of one model."""

    checksum: str
    table: str


def known_models(target: Target) -> dict[str, Known]:
    """The newest checksum and table of each model that has edges."""
    try:
        rows = target.query(
            "select distinct model, checksum, target_table, transformation_type, _batch_id"  # noqa: S608
            f" from {TABLE} order by _batch_id, model, checksum"
        )
    except MissingRelationError:
        return {}
    known: dict[str, Known] = {}
    for model, checksum, table, kind, _ in rows:
        if kind == Kind.REMOVED:
            known.pop(model, None)
        else:
            known[model] = Known(checksum, table)
    return known


def warehouse_columns(target: Target) -> dict[Relation, list[str]]:
    """The columns of every table and view, in one query; of the raw table also before it is made."""
    from controlplane.load.ledger import SYSTEM_COLUMNS

    rows = target.query(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_catalog = current_database()"
        " and table_schema not in ('information_schema', 'pg_catalog')"
        " order by table_schema, table_name, ordinal_position"
    )
    found: dict[Relation, list[str]] = {}
    for schema, table, column in rows:
        found.setdefault((schema, table), []).append(column)
    found.setdefault((RAW_SCHEMA, LINEAGE_TABLE), [*COLUMNS, *SYSTEM_COLUMNS])
    return found


def load_edges(
    target: Target,
    edges: Sequence[Edge],
    *,
    state_dir: Path,
    job_id: str | None,
    now: Callable[[], datetime],
    holder: str,
    wait: bool = True,
    on_wait: OnWait | None = None,
) -> bool:
    """Whether the edges are now in the raw table, as one batch; false if another run was faster.

    Raises:
        LoadError: they could not be written; nothing was kept.
        LockBusyError: somebody else is writing, and `wait` is false.
    """
    from controlplane.load.batch import Delivery, LoadOptions, OvertakenError, write_batch
    from controlplane.load.ledger import newest_by_source
    from controlplane.load.reading import Reading
    from controlplane.load.spool import disk_errors, spool_folder
    from controlplane.specs.etl import ErrorHandling

    newest = newest_by_source(target, LINEAGE_TABLE).get((LINEAGE_TABLE, SOURCE))
    records = [asdict(edge) for edge in edges]
    with spool_folder(state_dir) as spool:
        file = spool / "edges.jsonl"
        with disk_errors(spool), file.open("w", encoding="utf-8") as stream:
            for number, record in enumerate(records, start=1):
                stream.write(json.dumps({**record, "_row_number": number}) + "\n")
        kinds = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in COLUMNS)
        select = (
            f"select {', '.join(COLUMNS)}, _row_number from read_json({literal(str(file))},"  # noqa: S608
            f" format = 'newline_delimited', columns = {{{kinds}, '_row_number': 'BIGINT'}})"
        )
        delivery = Delivery(
            raw_table=LINEAGE_TABLE,
            source=SOURCE,
            fingerprint=digest(records),
            is_delivery=False,
            expected=newest.batch_id if newest else None,
        )
        options = LoadOptions(
            process=LINEAGE_TABLE,
            handling=ErrorHandling(),
            job_id=job_id,
            now=now,
            schema_drift="evolve",
        )
        reading = Reading(COLUMNS, COLUMNS, select, rows=len(records))
        with target.load_session(holder, spool, wait=wait, on_wait=on_wait) as session:
            try:
                write_batch(session, delivery, reading, options)
            except OvertakenError:
                return False
    return True
