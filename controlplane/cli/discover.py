"""`databank discover`: what unknown data are, how sure that is, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option, place_options

if TYPE_CHECKING:
    from controlplane.cli.options import ProjectPlace
    from controlplane.discover.corrections import Corrections
    from controlplane.discover.findings import Findings, ForeignKey, Table


# So many paths are named; the rest is counted.
_SHOWN = 5


@click.command(epilog="Example: databank discover exports/ --only keys")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--only",
    type=click.Choice(["types", "keys"]),
    help="Find this alone: types of columns, or keys and references.",
)
@click.option(
    "--ignore-declared", is_flag=True, help="Infer the keys of a database that declares some."
)
@click.option(
    "--quality", is_flag=True, help="Score the quality of each table and column, from all rows."
)
@click.option(
    "--erd",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Draw the tables and their references: erd.mmd, erd.dbml and erd.svg in DIR.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Draft the source into the project: specs, loaded data, a star, and the models.",
)
@place_options
@output_option
def discover(
    place: ProjectPlace,
    sources: tuple[str, ...],
    only: str | None,
    ignore_declared: bool,
    quality: bool,
    erd: Path | None,
    write: bool,
    output: str,
) -> None:
    """Find out what unknown data are: types, keys, references, roles and hierarchies.

    SOURCE is a file, a folder of files, or postgresql://user@host/name. Each answer has a confidence
    between 0 and 1, the reason, and what speaks against it. What was corrected in the project moves
    the answers.
    """
    from datetime import UTC, datetime

    from controlplane.cli.output import emit, narrate
    from controlplane.discover.engine import Part
    from controlplane.discover.engine import discover as find_out

    _refuse(sources, only, write=write)
    project = place.load() if write else None
    part: Part = "types" if only == "types" else "keys" if only == "keys" else "all"
    findings = find_out(
        sources,
        only=part,
        declared=not ignore_declared,
        quality_at=datetime.now(UTC) if quality else None,
        corrections=_learned(place.root()),
    )
    document = findings.to_dict()
    made: dict[str, Any] | None = None
    if project is not None:
        from controlplane.cli.drafting import drafted
        from controlplane.discover.writing import source_title

        made = drafted(findings, sources[0], source_title(sources[0]), project)
        document["written"] = made
    else:
        for note in findings.notes:
            narrate(note)
    if erd is not None:
        from controlplane.discover.erd import write_erd

        for path in write_erd(findings, erd):
            narrate(f"Wrote {path}")
    emit(document, output, lambda: _text(findings, only, made))


def _refuse(sources: tuple[str, ...], only: str | None, *, write: bool) -> None:
    if write and only:
        raise click.UsageError(f"--write drafts types and keys: it does not go with --only {only}")
    if write and len(sources) > 1:
        raise click.UsageError(
            f"--write drafts one source, and {len(sources)} are named: give the folder that has the"
            " files, or say it once for each source"
        )


def _learned(root: Path | None) -> Corrections | None:
    """What was corrected in the project, if there is one; what is new there is written down."""
    from controlplane.cli.output import narrate
    from controlplane.discover.noticing import learn

    if root is None:
        return None
    noticed = learn(root)
    if noticed.sentence:
        narrate(noticed.sentence)
    return noticed.corrections


def _text(findings: Findings, only: str | None, made: dict[str, Any] | None) -> str:
    if made is None:
        return _render(findings, only)
    if not made["specs"]:
        written = f"Nothing to draft: the project loads every table already ({_few(made['kept'])})."
    else:
        rejected = f", {made['rejected']:,} rejected" if made["rejected"] else ""
        counts = [
            _count(len(made["specs"]), "spec"),
            _count(made["models"], "model"),
            f"{_count(made['records'], 'record')} loaded{rejected}",
        ]
        written = f"{', '.join(counts)}:\n  " + "\n  ".join(made["specs"])
        if made["kept"]:
            written += f"\nLeft as they are: {_few(made['kept'])}"
        written += "\nReview them, then build: databank run"
    return f"{_render(findings, only)}\n\n{written}"


def _render(findings: Findings, only: str | None) -> str:
    from controlplane.cli.discover_quality import quality_lines

    tables = []
    for table in findings.tables:
        tables.append(_table(table, only))
        if quality := findings.quality.get(table.name):
            tables[-1] = "\n".join([tables[-1], *quality_lines(quality)])
    return "\n\n".join(tables)


def _table(table: Table, only: str | None) -> str:
    from controlplane.cli.output import table as aligned

    role = f", {table.role}: {table.role_reason}" if table.role else ""
    lines = [f"{table.name} ({_count(table.rows, 'row')}{role})"]
    if only != "types":
        key = table.primary_key
        if key is None:
            lines.append("  key         none found: no columns are unique and look like a key")
        else:
            lines.append(
                f"  key         {', '.join(key.columns)} ({key.confidence:.2f}: {key.reason})"
            )
        lines += [f"  refers      {_reference(each)}" for each in table.foreign_keys]
        for each in table.hierarchies:
            levels = " > ".join(
                level.column if level.table == table.name else f"{level.table}.{level.column}"
                for level in each.levels
            )
            lines.append(f"  hierarchy   {levels}")
    if only == "keys":
        return "\n".join(lines)
    rows = [
        (
            column.name,
            column.kind.type,
            column.kind.semantic,
            column.kind.format,
            f"{column.kind.confidence:.2f}",
            column.nulls,
            column.distinct,
            column.kind.reason,
        )
        for column in table.columns
    ]
    header = ("column", "type", "semantic", "format", "sure", "missing", "distinct", "reason")
    body = aligned(header, rows)
    return "\n".join([*lines, *("  " + line for line in body.splitlines())])


def _reference(key: ForeignKey) -> str:
    against = f", {_count(key.orphans, 'orphan')}" if key.orphans else ""
    return (
        f"{', '.join(key.columns)} -> {key.ref_table}.{', '.join(key.ref_columns)}"
        f" {key.cardinality} ({key.confidence:.2f}: {key.reason}{against})"
    )


def _few(paths: list[str]) -> str:
    """The first of some paths, and how many more there are."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def _count(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
