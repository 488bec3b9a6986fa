"""The commands that every kind of definition has: list, show, create, delete."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from controlplane.cli.options import output_option, project_options
from controlplane.cli.output import emit, narrate, table

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.errors import Problem
    from controlplane.specs.files import Kind, SpecFile

# Header, and the cells of one spec under it; name comes before them and file after them.
Columns = tuple[Sequence[str], Callable[[Any], Sequence[Any]]]


def expression_problems(
    project: Project, files: Sequence[SpecFile[Any]], stars: Sequence[SpecFile[Any]] = ()
) -> list[Problem]:
    """What is wrong with the SQL in ETL processes, and with stars, as far as columns are known."""
    from controlplane.generate import check_specs

    return check_specs(project, files, stars)


@contextlib.contextmanager
def narrated_warnings() -> Iterator[list[str]]:
    """Older names that specs use are told on standard error, and kept in the list."""
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DeprecationWarning)
        try:
            yield told
        finally:
            told += dict.fromkeys(str(warning.message) for warning in caught)
            for message in told:
                narrate(f"Warning: {message}")


def definition_group(name: str, columns: Columns) -> click.Group:
    """The group of commands for the kind of spec called `name`."""
    plural = {"etl": "ETL processes"}.get(name, f"{name}s")
    one = {"etl": "an ETL process"}.get(name, f"a {name}")

    @click.group(
        name,
        help=f"List, show, create and delete {plural}.",
        epilog=f"Example: databank {name} create -f {name}.json",
    )
    def group() -> None:
        pass

    @group.command(
        "list", help=f"List the {plural} of the project.\n\nExample: databank {name} list"
    )
    @project_options
    @output_option
    def list_(project: Project, output: str) -> None:
        _list(project, _kind(name), output, columns)

    @group.command(
        "show",
        help=f"Show the file of {one}, by its name or slug.\n\n"
        f"Example: databank {name} show customer_data",
    )
    @click.argument("spec_name", metavar="NAME")
    @project_options
    @output_option
    def show(project: Project, spec_name: str, output: str) -> None:
        _show(project, _kind(name), spec_name, output)

    @group.command(
        "create",
        help=f"Check {one} in YAML or JSON, and write it to its place in specs/.\n\n"
        f"Example: databank {name} create -f customers.json",
    )
    @click.option(
        "-f",
        "--file",
        "source",
        type=click.Path(allow_dash=True),
        required=True,
        help="The file to read; - for standard input.",
    )
    @click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
    @click.option("--replace", is_flag=True, help="Take the place of one with the same slug.")
    @project_options
    @output_option
    def create(project: Project, source: str, output: str, **flags: bool) -> None:
        text, called = _read(source)
        write_definition(project, name, text, called, output, **flags)

    @group.command(
        "delete",
        help=f"Delete the file of {one}; tables and models stay.\n\n"
        f"Example: databank {name} delete customer_data --yes",
    )
    @click.argument("spec_name", metavar="NAME")
    @click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    @click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
    @project_options
    @output_option
    def delete(project: Project, spec_name: str, output: str, **flags: bool) -> None:
        _delete(project, _kind(name), spec_name, output, **flags)

    return group


def _kind(name: str) -> Kind:
    from controlplane.specs.files import KINDS

    return next(kind for kind in KINDS if kind.name == name)


def _list(project: Project, kind: Kind, output: str, columns: Columns) -> None:
    from controlplane.errors import SpecError
    from controlplane.specs.files import scan

    with narrated_warnings():
        found = scan(project.root, kind)
    header, cells = columns
    rows = [
        {"name": file.spec.name, "slug": file.spec.slug}
        | dict(zip(header, cells(file.spec), strict=True))
        | {"file": file.source}
        for file in found.files
    ]
    where = f"specs/{kind.folder}/"
    emit(
        {"specs": rows, "problems": [problem_document(problem) for problem in found.problems]},
        output,
        lambda: (
            table(["name", *header, "file"], [_without_slug(row) for row in rows])
            if rows
            else f"no {kind.title} in {where}"
        ),
    )
    if found.problems:
        raise SpecError(found.problems)


def _without_slug(row: Mapping[str, Any]) -> list[Any]:
    return [value for key, value in row.items() if key != "slug"]


def _show(project: Project, kind: Kind, name: str, output: str) -> None:
    with narrated_warnings():
        file = _find(project, kind, name)
    document = {"name": file.spec.name, "slug": file.spec.slug, "file": file.source}
    emit(
        document | {"spec": file.document},
        output,
        lambda: file.path.read_text(encoding="utf-8").rstrip("\n"),
    )


def _find(project: Project, kind: Kind, name: str) -> SpecFile[Any]:
    """The spec with this name or slug.

    Raises:
        SpecError: its file cannot be used.
        DatabankError: there is none.
    """
    from controlplane import naming
    from controlplane.errors import DatabankError, SpecError
    from controlplane.specs.files import scan
    from controlplane.specs.values import did_you_mean

    slug = naming.snake_case(name)
    found = scan(project.root, kind)
    for file in found.files:
        if file.spec.slug == slug:
            return file
    broken = [problem for problem in found.problems if Path(problem.file).stem in (slug, name)]
    if broken:
        raise SpecError(broken)
    slugs = [file.spec.slug for file in found.files]
    known = f"has: {', '.join(slugs)}" if slugs else f"specs/{kind.folder}/ has none"
    raise DatabankError(f"no {kind.title} '{name}' ({known}){did_you_mean(slug, slugs)}")


def write_definition(
    project: Project,
    kind_name: str,
    text: str,
    source: str,
    output: str,
    *,
    dry_run: bool,
    replace: bool,
) -> None:
    """Check a definition, write it to its place unless `dry_run` says not to, and print what came.

    Args:
        project: the project that gets it.
        kind_name: etl, warehouse or pipeline.
        text: YAML or JSON.
        source: what messages call the text.
        output: text or json.
        dry_run: whether to print what would be written, and write nothing.
        replace: whether it may take the place of one with the same slug.
    """
    from controlplane.errors import SpecError
    from controlplane.specs.files import ETL
    from controlplane.specs.write import draft, save

    kind = _kind(kind_name)
    with narrated_warnings():
        prepared = draft(text, source, kind, project.root, overwrite=replace)
    if kind is ETL and (problems := expression_problems(project, [prepared.file])):
        raise SpecError(problems)
    if not dry_run:
        save(prepared)
    place = prepared.file.path.relative_to(project.root).as_posix()
    for field, variable in prepared.variables.items():
        narrate(
            f"{field}: the password is not written; set the environment variable {variable} to it"
        )
    verb = "replaced" if prepared.replaces else "wrote"
    if dry_run:
        narrate(f"would have {'replaced' if prepared.replaces else 'written'} {place}")
    emit(
        {
            "slug": prepared.file.spec.slug,
            "file": place,
            "written": not dry_run,
            "replaced": prepared.replaces,
            "variables": list(prepared.variables.values()),
            "spec": prepared.file.document,
        },
        output,
        lambda: prepared.text.rstrip("\n") if dry_run else f"{verb} {place}",
    )


def _read(source: str) -> tuple[str, str]:
    """The text of the file that was named, and what messages call it."""
    from controlplane.errors import Problem, SpecError

    name = "standard input" if source == "-" else source
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise SpecError([Problem(name, 0, "", f"cannot be read: {error.strerror}")]) from error
    try:
        return data.decode("utf-8"), name
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(name, line, "", "is not UTF-8 text; save it in that encoding")
        raise SpecError([problem]) from None


def _delete(
    project: Project, kind: Kind, name: str, output: str, *, yes: bool, dry_run: bool
) -> None:
    from controlplane import naming
    from controlplane.errors import DatabankError
    from controlplane.specs.write import existing_file, remove

    slug = naming.snake_case(name)
    path = existing_file(project.root, kind, slug)
    if path is None:
        path = _find(project, kind, name).path
    place = path.relative_to(project.root).as_posix()
    if not dry_run:
        if not yes:
            if not _is_terminal(sys.stdin):
                raise DatabankError(
                    f"{place} is not deleted without being asked, and there is no terminal to ask",
                    hint="say --yes to delete it",
                )
            click.confirm(f"Delete {place}?", abort=True, err=True)
        remove(path)
    verb = "would have deleted" if dry_run else "deleted"
    emit({"slug": slug, "file": place, "deleted": not dry_run}, output, lambda: f"{verb} {place}")


def _is_terminal(stream: TextIO) -> bool:
    return stream is not None and stream.isatty()


def problem_document(problem: Problem) -> dict[str, Any]:
    """A problem as part of a JSON answer."""
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "message": problem.message,
    }
