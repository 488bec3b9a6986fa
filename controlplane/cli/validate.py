"""`databank validate`: everything that is wrong with the specs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.definitions import expression_problems, narrated_warnings, problem_document
from controlplane.cli.options import output_option, project_options
from controlplane.cli.output import emit

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.errors import Problem
    from controlplane.specs.files import SpecFile


@click.command(epilog="Example: databank validate")
@click.argument(
    "files",
    nargs=-1,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[FILE]...",
)
@project_options
@output_option
def validate(project: Project, files: tuple[Path, ...], output: str) -> None:
    """Check all specs, or the FILEs, and say everything that is wrong.

    Example: databank validate specs/etl/customers.yml
    """
    from controlplane.errors import ExitCode, SpecError

    with narrated_warnings() as older_names:
        checked, problems = _check(project, [path.resolve() for path in files])
    emit(
        {
            "checked": checked,
            "problems": [problem_document(problem) for problem in sorted(problems)],
            "warnings": older_names,
        },
        output,
        lambda: "" if problems else _success(checked),
    )
    if problems and output == "json":
        click.get_current_context().exit(ExitCode.WRONG_REQUEST)
    if problems:
        raise SpecError(problems, hint=_summary(problems))


def _success(checked: list[str]) -> str:
    if not checked:
        return "no specs in specs/"
    return f"{len(checked)} specs are valid" if len(checked) > 1 else "1 spec is valid"


def _summary(problems: list[Problem]) -> str:
    files = len({problem.file for problem in problems})
    return (
        f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        f" in {files} file{'s' if files > 1 else ''}"
    )


def _check(project: Project, chosen: list[Path]) -> tuple[list[str], list[Problem]]:
    """The names of the files that were checked, and every problem that concerns them."""
    from controlplane.specs.files import ETL, KINDS, STAR, kind_of, scan, source_name

    root = project.root.resolve()
    checked: list[str] = []
    problems: list[Problem] = []
    for kind in KINDS:
        more = [path for path in chosen if kind_of(path, root) is kind]
        if chosen and not more:
            continue
        found = scan(root, kind, more=more)
        new = list(found.problems)
        if kind is ETL:
            files: list[SpecFile[Any]] = found.files
            new += expression_problems(project, files)
        elif kind is STAR and found.files:
            processes = scan(root, ETL)
            if not processes.problems:
                said = expression_problems(project, processes.files, found.files)
                stars = {file.source for file in found.files}
                new += [problem for problem in said if problem.file in stars]
        names = [source_name(path, root) for path in more]
        checked += names or [
            *(file.source for file in found.files),
            *{problem.file for problem in found.problems} - {f.source for f in found.files},
        ]
        problems += [
            problem
            for problem in new
            if not names or problem.file in names or any(name in problem.message for name in names)
        ]
    return sorted(checked), problems
