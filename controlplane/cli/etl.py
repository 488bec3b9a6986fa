"""`databank etl`: the definitions of ETL processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlplane.cli.definitions import definition_group

if TYPE_CHECKING:
    from controlplane.specs.etl import EtlProcess


def _cells(process: EtlProcess) -> list[Any]:
    schedule = process.schedule
    target = process.target_config
    return [
        process.type,
        process.source_config.source_type,
        f"{target.schema_name}.{process.table_name}" if target.schema_name else process.table_name,
        target.load_strategy,
        schedule.cron_expression if schedule else None,
        process.status,
    ]


etl = definition_group(
    "etl", (("type", "source", "table", "strategy", "schedule", "status"), _cells)
)
