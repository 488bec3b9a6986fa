"""`databank model`: change names, relations and hierarchies in the specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.discover.model import ModelSpecs

_dry_run = click.option("--dry-run", is_flag=True, help="Print the difference, and write nothing.")


@click.group(epilog="Example: databank model rename customer customers")
def model() -> None:
    """Change names, relations, hierarchies and missing values in the specs; comments and order stay.

    Say `databank generate` afterwards to write the models anew.
    """


@model.command()
@click.argument("old", metavar="TABLE[.COLUMN]")
@click.argument("new", metavar="NEW")
@_dry_run
@project_options
@output_option
def rename(project: Project, old: str, new: str, dry_run: bool, output: str) -> None:
    """Rename a table or a column wherever a spec names it.

    A column of silver is renamed there and in all that is made of it; its source keeps its name. A
    column of a dimension or a fact is renamed in the star alone.

    Example: databank model rename customers.cust_nm name
    """
    from controlplane.cli.output import narrate
    from controlplane.discover.model import ModelSpecs
    from controlplane.discover.model_changes import written_by_hand

    specs = ModelSpecs(project)
    table, dot, column = old.partition(".")
    if dot:
        specs.rename_column(table, column, new)
    else:
        specs.rename_table(table, new)
    _finish(specs, output, dry_run)
    words = {name: list(each) for name, each in specs.names.items()} or {
        table: [column] * bool(dot)
    }
    for path in written_by_hand(project, words):
        narrate(f"{path} reads '{old}' and was written by hand: change it there")


# A value may begin with a minus, as -999 does.
@model.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="TABLE.COLUMN")
@click.argument("values", nargs=-1, metavar="[VALUE...]")
@_dry_run
@project_options
@output_option
def missing(
    project: Project, name: str, values: tuple[str, ...], dry_run: bool, output: str
) -> None:
    """Consent to read values of a column as missing: they are null in silver, and it has its type.

    Without values, all that the draft of the spec offers for the column in its last comments.

    Example: databank model missing orders.weight NA -999
    """
    from controlplane.discover.model import ModelSpecs

    table, dot, column = name.partition(".")
    if not dot or not table or not column:
        raise click.UsageError(f"found '{name}', expected TABLE.COLUMN, such as orders.weight")
    specs = ModelSpecs(project)
    specs.read_as_missing(table, column, values)
    _finish(specs, output, dry_run)


@model.command()
@click.argument("own", metavar="TABLE.COLUMN")
@click.argument("there", metavar="REF_TABLE.COLUMN")
@click.option("--drop", is_flag=True, help="Take the relation out.")
@_dry_run
@project_options
@output_option
def relate(project: Project, own: str, there: str, drop: bool, dry_run: bool, output: str) -> None:
    """Say that a column names a row of another table; several columns with commas between them.

    Example: databank model relate orders.customer_id customers.customer_id
    """
    from controlplane.discover.model import ModelSpecs

    table, columns = _columns(own)
    to, to_columns = _columns(there)
    if len(columns) != len(to_columns):
        raise click.UsageError(f"{own} and {there} have to name as many columns")
    specs = ModelSpecs(project)
    specs.relate(table, columns, to, to_columns, drop=drop)
    _finish(specs, output, dry_run)


@model.command()
@click.argument("name", metavar="NAME")
@click.argument("dimension", metavar="DIMENSION")
@click.argument("columns", nargs=-1, metavar="COLUMN...")
@click.option("--drop", is_flag=True, help="Take the hierarchy out.")
@_dry_run
@project_options
@output_option
def hierarchy(
    project: Project,
    name: str,
    dimension: str,
    columns: tuple[str, ...],
    drop: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Give a dimension a way to roll it up: its columns from the coarsest to the finest.

    Example: databank model hierarchy place customers_dim country city
    """
    from controlplane.discover.model import ModelSpecs

    specs = ModelSpecs(project)
    specs.hierarchy(name, dimension, columns, drop=drop)
    _finish(specs, output, dry_run)


def _columns(text: str) -> tuple[str, list[str]]:
    table, _, columns = text.partition(".")
    named = [each.strip() for each in columns.split(",") if each.strip()]
    if not table or not named:
        raise click.UsageError(f"found '{text}', expected TABLE.COLUMN, such as orders.customer_id")
    return table, named


def _finish(specs: ModelSpecs, output: str, dry_run: bool) -> None:
    """Write what was changed, unless it is a dry run, and say what."""
    from controlplane.cli.output import emit
    from controlplane.discover.model_changes import save_all

    changes = specs.changes()
    if not dry_run:
        save_all(changes)
    document = {
        "written": not dry_run,
        "changes": [{"file": each.file.source, "diff": each.diff()} for each in changes],
    }

    def text() -> str:
        if not changes:
            return "Nothing to change"
        if dry_run:
            return "".join(each.diff() for each in changes).rstrip("\n")
        lines = [f"changed {each.file.source}" for each in changes]
        return "\n".join([*lines, "Now say: databank generate"])

    emit(document, output, text)
