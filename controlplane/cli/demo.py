"""`databank demo`: the source systems of an invented retailer, to try a warehouse with."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option
from controlplane.errors import DatabankError

if TYPE_CHECKING:
    from controlplane.demo import Demo


@click.group(epilog="Example: databank demo data --out demo")
def demo() -> None:
    """Write the data of the reference warehouse's source systems."""


@demo.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to fill: a new one, an empty one, or one that this command filled before.",
)
@click.option(
    "--scale",
    type=float,
    default=1.0,
    show_default=True,
    help="How large the company is; 1 has about 100,000 transactions a year.",
)
@click.option(
    "--days", type=int, default=365, show_default=True, help="How many days the data cover."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another number, another company."
)
@click.option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2025-06-30",
    show_default=True,
    help="The last day.",
)
@click.option(
    "--deliveries",
    type=int,
    help="In how many deliveries of equal length the files come; default: one a calendar month.",
)
@click.option("-y", "--yes", is_flag=True, help="Replace an earlier run's files without asking.")
@output_option
def data(
    out: Path,
    scale: float,
    days: int,
    seed: int,
    end: datetime,
    deliveries: int | None,
    yes: bool,
    output: str,
) -> None:
    """Write the files of all source systems: sales, payments, customers, products and more.

    The same options give the same bytes, on every machine. What is wrong in the files on purpose is
    listed in DIR/truth.

    Example: databank demo data --scale 0.1 --days 90 --deliveries 3 --out demo
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.demo import Scope, make_demo
    from controlplane.demo.folder import check

    scope = Scope(scale=scale, days=days, seed=seed, end=end.date(), deliveries=deliveries)
    if check(out) and not yes:
        if not sys.stdin.isatty():
            raise DatabankError(
                f"--out: {out} holds an earlier run, which is not replaced without being asked, and"
                " there is no terminal to ask",
                hint="say --yes to replace it",
            )
        click.confirm(f"Replace what is in {out}?", abort=True, err=True)
    done = make_demo(scope, out, narrate)
    emit(_document(done), output, lambda: _render(done))


def _document(done: Demo) -> dict[str, Any]:
    return {
        "folder": str(done.folder),
        "arguments": done.scope.to_dict(),
        "sources": [
            {"source": source, "files": files, "records": records, "bytes": size}
            for source, files, records, size in done.totals()
        ],
    }


def _render(done: Demo) -> str:
    from controlplane.cli.output import table

    rows = done.totals()
    records = sum(row[2] for row in rows)
    return "\n".join(
        [
            table(("source", "files", "records", "bytes"), rows),
            f"{records:,} records from {done.scope.start} to {done.scope.end} in {done.folder};"
            " what was planted is in truth/",
        ]
    )
