"""The model of a join: its left side's records with what the right side says of them."""

from __future__ import annotations

from controlplane import sql
from controlplane.generate.process import Join, Process, Side
from controlplane.generate.text import Cte, import_cte, model, ref, select


def joined(process: Process, item: Join) -> str:
    """The model of one join."""
    left, right = item.left, item.right
    columns = [f"{left.name}.{column.name}" for column in left.table.columns]
    for column, name in zip(right.table.columns, item.right_names, strict=True):
        renamed = f" as {name}" if name != column.name else ""
        columns.append(f"{right.name}.{column.name}{renamed}")
    kind = "full outer" if item.kind == "full" else item.kind
    on = [f"{kind} join {right.name}", f"    on {item.condition}"]
    return model(
        process.spec_path,
        [
            *_side(left),
            *_side(right),
            Cte("joined", select(columns, left.name, on), item.description),
        ],
    )


def _side(side: Side) -> list[Cte]:
    """The steps that read one side: of a history its current versions, of raw text its types."""
    current = ["where is_current"] if side.table.has_history else []
    if side.raw is None:
        return [import_cte(side.name, ref(side.table.model), current)]
    typed = [
        column.name
        if column.type == "text"
        else f"{{{{ try_cast('{column.name}', '{sql.sql_type(column.type)}') }}}} as {column.name}"
        for column in side.table.columns
    ]
    records = f"{side.name}_records"
    return [
        import_cte(records, ref(side.table.model)),
        Cte(side.name, select(typed, records)),
    ]
