"""`databank lineage`: where tables and columns come from, and what is made of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.lineage.read import Lineage, Link

LONGEST_LOGIC = 60


@click.command(epilog="Example: databank lineage scout_kpi_revenue_daily.total_revenue --upstream")
@click.argument("name", required=False, metavar="[TABLE[.COLUMN]]")
@click.option("--upstream", is_flag=True, help="Only what it is made of.")
@click.option("--downstream", is_flag=True, help="Only what is made of it.")
@output_option
@project_options
def lineage(
    project: Project, name: str | None, upstream: bool, downstream: bool, output: str
) -> None:
    """Say where a table or a column comes from, and what is made of it, at any distance.

    Without a name, list which table reads which. TABLE may have its schema before it.
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.lineage.read import Direction, read_lineage
    from controlplane.targets import open_target

    wanted = [
        direction
        for direction, asked in ((Direction.UPSTREAM, upstream), (Direction.DOWNSTREAM, downstream))
        if asked or upstream == downstream
    ]
    target = open_target(project.target, on_wait=narrate)
    found = read_lineage(target, name, wanted)
    document = {
        "target": project.target.identity,
        "table": found.table,
        "column": found.column,
        "links": [asdict(link) for link in found.links],
    }
    emit(document, output, lambda: _render(found))


def _render(found: Lineage) -> str:
    from controlplane.cli.output import table

    if found.table is None:
        edges = [
            (link.target_table, link.source_table, link.layer_transition) for link in found.links
        ]
        return table(("table", "reads", "layers"), edges)
    name = found.table if found.column is None else f"{found.table}.{found.column}"
    if not found.links:
        return f"{name} has no lineage in this direction."
    lines = []
    for direction, title in (("upstream", "is made of"), ("downstream", "goes into")):
        links = [link for link in found.links if link.direction == direction]
        if links:
            header = ("steps", "source", "target", "how", "logic")
            rows = [
                (
                    link.distance,
                    _place(link.source_table, link.source_column),
                    _place(link.target_table, link.target_column),
                    link.transformation_type,
                    _short(link),
                )
                for link in links
            ]
            lines += [f"{name} {title}", "", table(header, rows), ""]
    return "\n".join(lines).rstrip()


def _place(table: str | None, column: str | None) -> str | None:
    return f"{table}.{column}" if table and column else table


def _short(link: Link) -> str:
    text = " ".join((link.transformation_logic or "").split())
    return text if len(text) <= LONGEST_LOGIC else f"{text[: LONGEST_LOGIC - 1]}…"
