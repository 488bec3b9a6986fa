"""`databank init`: a new project, and with a source the whole way to a reviewed star schema."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option

if TYPE_CHECKING:
    from controlplane.config import Project
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
    from controlplane.config import load_project
    from controlplane.scaffold import new_folder, write_project

    wanted = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - a link stays a link
    with new_folder(wanted) as place:
        write_project(place, wanted.name, target)
        # Variables choose how the target is reached, and not another one or another project.
        environment = {k: v for k, v in os.environ.items() if k != "DATABANK_TARGET"}
        environment.pop("DATABANK_STATE_URL", None)
        environment.pop("DBT_PROFILES_DIR", None)
        environment |= _password(source)
        project = load_project(place, place, target=target, environment=environment)
        answer: dict[str, Any] = {
            "project": str(folder),
            "target": target,
            "specs": [],
            "notes": [],
        }
        if source is not None:
            answer |= _fill(project, source, wanted.name, look or _discover)
    return answer


def _password(source: str | None) -> dict[str, str]:
    """The password of a database, as the variable that specs refer to; told, since no file has it."""
    if source is None or "://" not in source:
        return {}
    from controlplane.cli.output import narrate
    from controlplane.discover.draft import SOURCE_PASSWORD, outside_password

    _, password = outside_password(source)
    if password is None:
        return {}
    narrate(f"The password is not written; set {SOURCE_PASSWORD} to it for later loads")
    return {SOURCE_PASSWORD: password}


def _discover(source: str) -> Findings:
    from controlplane.discover.engine import discover  # type: ignore[import-not-found,unused-ignore]

    found: Findings = discover(source)
    return found


def _fill(
    project: Project, source: str, title: str, look: Callable[[str], Findings]
) -> dict[str, Any]:
    """Draft the specs, generate the models, load the data."""
    from controlplane.cli.output import narrate
    from controlplane.cli.progress import PlainReporter
    from controlplane.discover.specs import draft_specs, write_specs
    from controlplane.generate import generate
    from controlplane.load import describe_source
    from controlplane.run import RunOptions, run
    from controlplane.scaffold.project import project_name

    slug = project_name(title)
    findings = look(source)
    drafts, star = draft_specs(findings, source, slug, project)
    write_specs(drafts, star, slug, project)
    done = generate(
        project,
        lambda process, known: describe_source(process, project, known_tables=known),
    )
    result = run(project, RunOptions(load_only=True), PlainReporter())
    for note in (*findings.notes, *(note for draft in drafts for note in draft.notes)):
        narrate(note)
    if result.exit_code:
        from controlplane.errors import LoadError

        raise LoadError(result.error or "the data could not be loaded")
    return {
        "specs": [*(draft.path for draft in drafts), f"specs/stars/{slug}.yml"],
        "models": len([change for change in done.changes if change.path.endswith(".sql")]),
        "records": sum(load.rows_loaded for load in result.loads),
        "rejected": sum(load.rows_rejected for load in result.loads),
        "notes": [*findings.notes, *(note for draft in drafts for note in draft.notes)],
    }


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
