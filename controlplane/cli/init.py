"""`databank init`: a new project, and with a source the whole way to a reviewed star schema."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option

if TYPE_CHECKING:
    from controlplane.discover.findings import Findings


@click.command(epilog="Example: databank init shop --from exports/")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="A folder of files, a file, or a database as postgresql://user@host/name.",
)
@click.option(
    "--target",
    type=click.Choice(["duckdb", "postgres"]),
    default="duckdb",
    show_default=True,
    help="The warehouse that the project uses unless another is named, and that gets the data.",
)
@output_option
def init(folder: Path, source: str | None, target: str, output: str) -> int:
    """Make a new project in DIR, which must not exist or be empty.

    With --from, what the source holds is found out and loaded: the project has a spec for each table,
    a star schema, and their models. Review them, then say `databank run` or `dbt build`.
    """
    from controlplane.cli.output import emit

    made = make_project(folder, source, target)
    emit(made, output, lambda: _text(made))
    return 0


def make_project(
    folder: Path,
    source: str | None,
    target: str,
    look: Callable[[str], Findings] | None = None,
) -> dict[str, Any]:
    """Make a project, and say what was made.

    Args:
        folder: where to.
        source: what the project is drafted from; None for an empty one.
        target: the warehouse that gets the data.
        look: finds out what a source holds; default: discovery.

    Raises:
        ConfigError: the folder holds files, or the target's settings cannot be used.
        SourceError: the source cannot be read.
        LoadError: a load was stopped.
    """
    from controlplane.cli.drafting import drafted
    from controlplane.config import load_project
    from controlplane.scaffold import new_folder, write_project
    from controlplane.scaffold.project import project_name

    wanted = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - a link stays a link
    with new_folder(wanted) as place:
        write_project(place, wanted.name, target)
        # Variables choose how the target is reached, and not another one or another project.
        environment = {k: v for k, v in os.environ.items() if k != "DATABANK_TARGET"}
        environment.pop("DATABANK_STATE_URL", None)
        environment.pop("DBT_PROFILES_DIR", None)
        project = load_project(place, place, target=target, environment=environment)
        answer: dict[str, Any] = {
            "project": str(folder),
            "target": target,
            "specs": [],
            "notes": [],
        }
        if source is not None:
            found = (look or _discover)(source)
            answer |= drafted(found, source, project_name(wanted.name), project)
    return answer


def _discover(source: str) -> Findings:
    from controlplane.discover.engine import discover

    return discover([source])


def _text(made: dict[str, Any]) -> str:
    lines = [f"Made {made['project']}"]
    if made["specs"]:
        rejected = f", {made['rejected']:,} rejected" if made["rejected"] else ""
        lines += [
            f"{len(made['specs'])} specs, {made['models']} models, {made['records']:,} records"
            f" loaded{rejected}.",
            f"Review {made['specs'][-1]}, then build:",
        ]
    else:
        lines.append("Put specs into specs/etl, or draft one: databank etl draft FILE. Then build:")
    lines += [f"  cd {made['project']}", "  databank run"]
    return "\n".join(lines)
