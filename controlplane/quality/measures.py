"""What a run measures of the tables that it built: a spec's metrics, and profiles of columns.

Everything is one query per table in the warehouse; no row is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane import naming
from controlplane.quality.checks import SILVER, silver_relation
from controlplane.specs.etl import EtlProcess
from controlplane.targets import Target


def metrics(process: EtlProcess, target: Target) -> dict[str, float | None]:
    """The spec's quality metrics of the silver table, each from 0 to 1; None where nothing is there.

    completeness: share of the silver table's cells that are not null. accuracy: share of the
    judged records that no rule put into quarantine. consistency: share of the accepted records
    that are no duplicates. timeliness: share of the silver records that were loaded within a day
    of their incremental key, which must be a time.
    """
    return {name: _metric(name, process, target) for name in process.validation.quality_metrics}


def _metric(name: str, process: EtlProcess, target: Target) -> float | None:
    schema, table = silver_relation(process)
    match name:
        case "completeness":
            columns = [name for name, _ in target.columns(schema, table) if name[0] != "_"]
            if not columns:
                return None
            filled = " + ".join(f'count("{column}")' for column in columns)
            return _ratio(
                target, f'select {filled}, {len(columns)} * count(*) from "{schema}"."{table}"'
            )
        case "accuracy":
            checked = naming.checked_model(table)
            return _ratio(
                target,
                "select count(case when _outcome = 'accepted' then 1 end),"
                " count(case when _outcome in ('accepted', 'quarantine') then 1 end)"
                f' from "{SILVER}"."{checked}"',
            )
        case "consistency":
            outcomes = naming.outcomes_model(table)
            return _ratio(
                target,
                "select count(case when outcome = 'silver' then 1 end),"
                " count(case when outcome in ('silver', 'duplicate') then 1 end)"
                f' from "{SILVER}"."{outcomes}"',
            )
        case _:
            key = process.source_config.incremental_key
            column = process.name_in_silver(naming.column_names([key])[0]) if key else None
            types = dict(target.columns(schema, table))
            if column is None or not types.get(column, "").lower().startswith(
                ("timestamp", "date")
            ):
                return None
            return _ratio(
                target,
                f'select count(case when _loaded_at < cast("{column}" as timestamp)'
                f" + interval '1 day' then 1 end), count(\"{column}\")"
                f' from "{schema}"."{table}"',
            )


def _ratio(target: Target, query: str) -> float | None:
    part, whole = target.query(query)[0]
    return round(float(part) / float(whole), 6) if whole else None


def profile(target: Target, schema: str, table: str) -> Mapping[str, Mapping[str, Any]]:
    """Per column of a table: rows, nulls, distinct values, and the least and the greatest as text."""
    columns = [name for name, _ in target.columns(schema, table) if name[0] != "_"]
    if not columns:
        return {}
    parts = []
    for column in columns:
        parts += [
            f'count("{column}")',
            f'count(distinct "{column}")',
            f'min(cast("{column}" as text))',
            f'max(cast("{column}" as text))',
        ]
    row = target.query(f'select count(*), {", ".join(parts)} from "{schema}"."{table}"')[0]
    found = {}
    for index, column in enumerate(columns):
        filled, distinct, least, greatest = row[1 + 4 * index : 5 + 4 * index]
        found[column] = {
            "rows": row[0],
            "nulls": row[0] - filled,
            "distinct": distinct,
            "least": least,
            "greatest": greatest,
        }
    return found
