"""The gold models: one for each aggregation of a spec."""

from __future__ import annotations

from controlplane.generate.resolve import Aggregation, Process
from controlplane.generate.text import Cte, import_cte, model, ref, select


def gold(process: Process, item: Aggregation) -> str:
    """The model of one aggregation."""
    groups = [column.name for column in item.group_by]
    clauses = [f"group by {', '.join(groups)}"] if groups else []
    if item.having:
        clauses.append(f"having {item.having}")
    return model(
        process.spec_path,
        [
            import_cte(process.table, ref(process.table)),
            Cte(
                "aggregated",
                select(
                    [*groups, f"{item.expression} as {item.column.name}"], process.table, clauses
                ),
                item.description,
            ),
        ],
    )
