"""The gold models: one for each aggregation of a spec."""

from __future__ import annotations

from controlplane.generate.process import Aggregation, Process
from controlplane.generate.text import Cte, import_cte, model, ref, select


def gold(process: Process, item: Aggregation) -> str:
    """The model of one aggregation; of a history it counts the current versions."""
    table = item.reads
    columns = [
        text if text == column.name else f"{text} as {column.name}" for text, column in item.groups
    ]
    clauses = [f"group by {', '.join(text for text, _ in item.groups)}"] if item.groups else []
    if item.having:
        clauses.append(f"having {item.having}")
    # A step of the model cannot have the name of the step that reads the table.
    source = table.model if table.model != "aggregated" else "aggregated_records"
    return model(
        process.spec_path,
        [
            import_cte(source, ref(table.model), ["where is_current"] if table.has_history else []),
            Cte(
                "aggregated",
                select([*columns, f"{item.expression} as {item.column.name}"], source, clauses),
                item.description,
            ),
        ],
    )
