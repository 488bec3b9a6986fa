"""`databank ingest --file`: load files that have no spec, and say what was found out about them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.errors import ConfigError, DatabankError, ExitCode

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.jobs import JobRun
    from controlplane.load.landing import Landing, RemoteSource
    from controlplane.sniff.layout import Layout
    from controlplane.sniff.loading import LoadedFile

_SHOWN = 8


def ingest_files(
    project: Project,
    given: str,
    *,
    table: str | None,
    table_per_file: bool,
    sheet: str | None,
    accept_drift: bool,
    wait: bool,
    output: str,
) -> int:
    """Load the files that `given` means as one tracked job, and print what became of each."""
    from controlplane.cli.output import emit, narrate
    from controlplane.jobs import track
    from controlplane.load.landing import Landing
    from controlplane.places import is_remote, parse_url
    from controlplane.sniff.loading import load_unknown
    from controlplane.state.store import open_store
    from controlplane.targets import open_target

    landing = Landing(project, '"')
    paths = _paths(given, landing)
    names = _tables(paths, table, table_per_file=table_per_file)
    of_specs = _refuse_tables_of_specs(project, names)
    loaded: list[LoadedFile] = []
    shown = parse_url(given).shown if is_remote(given) else given
    with suppress(_NotAllLoadedError), open_store(project) as store:
        with track(store, project, "file", shown, {"tables": sorted(set(names))}) as job:
            for each in load_unknown(
                list(zip(paths, names, strict=True)),
                project,
                open_target(project.target),
                landing,
                job_id=job.id,
                now=lambda: datetime.now(UTC),
                accept_drift=accept_drift,
                wait=wait,
                on_wait=narrate,
                sheet=sheet,
                table_per_sheet=table_per_file,
                reserved=of_specs,
            ):
                loaded.append(each)
                _note(job, each)
                job.progress(100 * min(len(loaded), len(paths)) / len(paths), each.source)
                job.check_cancelled()
                if each.later is not None and len(paths) > 1:
                    narrate(f"later: {each.source}: {each.later}")
                if each.error is not None and (len(paths) > 1 or output == "json"):
                    narrate(f"failed: {each.error}")
            errors = [each.error for each in loaded if each.error is not None]
            if len(errors) == len(loaded) == 1 and output != "json":
                raise errors[0]
            if errors:
                raise _NotAllLoadedError(f"{len(errors)} of {len(loaded)} files were not loaded")
    document = {"job": job.id, "files": [each.to_dict() for each in loaded]}
    emit(document, output, lambda: _render(loaded))
    return ExitCode.FAILED if errors else ExitCode.DONE


class _NotAllLoadedError(DatabankError):
    """What the job says of files that were told one by one already."""


def _note(job: JobRun, each: LoadedFile) -> None:
    """Keep with the job what became of a file."""
    from controlplane.run.loading import batch_result

    if each.error is not None:
        job.log("error", str(each.error))
    elif each.later is not None:
        job.log("warning", f"{each.source}: {each.later}; it is left for the next load")
    elif each.batch is not None:
        batch = each.batch
        job.record_batches([batch_result(each.table, batch)])
        job.log(
            "info",
            f"{each.source}: {batch.rows_loaded} of {batch.rows_read} records into"
            f" raw.{each.table}, {batch.rows_rejected} rejected",
        )


def _paths(given: str, landing: Landing) -> list[Path | RemoteSource]:
    """The files of a path, a folder or a glob, relative to where the command runs, or of a URL."""
    from controlplane.load.files import expand
    from controlplane.places import is_remote, url_fault

    if is_remote(given):
        if fault := url_fault(given):
            raise ConfigError(fault)
        with landing:
            return [*landing.remote([given])]
    path = Path(given).expanduser()
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.is_file())
        if not found:
            raise ConfigError(f"{given}: the folder has no file")
        return [each.resolve() for each in found]
    if not path.exists() and not set("*?[") & set(given):
        raise ConfigError(
            f"{given}: no such file",
            hint="the path is relative to the folder that the command is run in",
        )
    return [each.resolve() for each in expand(Path.cwd(), [given])]


def one_file(project: Project, given: str) -> tuple[Path | RemoteSource, Landing]:
    """The one file that a path or URL means, and what fetches it if it lies elsewhere."""
    from controlplane.load.landing import Landing

    landing = Landing(project, '"')
    paths = _paths(given, landing)
    if len(paths) > 1:
        raise ConfigError(f"{given}: means {len(paths)} files", hint="name one of them")
    return paths[0], landing


def _tables(
    paths: Sequence[Path | RemoteSource], table: str | None, *, table_per_file: bool
) -> list[str]:
    from controlplane.naming import snake_case
    from controlplane.sniff.loading import table_name

    if not table_per_file:
        if table is None and len(paths) > 1:
            raise ConfigError(
                f"--file means {len(paths)} files",
                hint="name the table that all of them go to with --as NAME, or give each a table"
                " of its own with --table-per-file",
            )
        name = table or table_name(paths[0].name)
        if name != snake_case(name):
            raise ConfigError(f"--as {name}: expected a plain name such as {snake_case(name)}")
        return [name] * len(paths)
    if table is not None:
        raise ConfigError("--as and --table-per-file do not go together")
    taken: dict[str, int] = {}
    names = []
    for path in paths:
        name = table_name(path.name)
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else f"{name}_{taken[name]}")
    return names


def _refuse_tables_of_specs(project: Project, names: Sequence[str]) -> set[str]:
    """The tables that ETL processes load."""
    from controlplane.specs.files import read_etl_specs

    slugs = {file.spec.slug for file in read_etl_specs(project.root)}
    for name in names:
        if name in slugs:
            raise ConfigError(
                f"raw.{name} is what the ETL process '{name}' loads",
                hint="load the file with another name: --as NAME",
            )
    return slugs


def _render(loaded: Sequence[LoadedFile]) -> str:
    from controlplane.cli.output import table

    if len(loaded) == 1:
        return _described(loaded[0])
    rows = [
        (
            Path(each.source).name,
            f"raw.{each.table}",
            each.status,
            each.batch.rows_read if each.batch else None,
            each.batch.rows_loaded if each.batch else None,
            each.batch.rows_rejected if each.batch else None,
        )
        for each in loaded
    ]
    return table(("file", "table", "status", "read", "loaded", "rejected"), rows)


def _described(each: LoadedFile) -> str:
    from controlplane.sniff.layout import Layout

    if each.later is not None:
        return f"{each.source}: {each.later}; it is left for the next load"
    if each.batch is None:
        return f"{each.source}: unchanged since it was loaded into raw.{each.table}"
    lines = [f"{each.source} -> raw.{each.table}"]
    layout = each.layout
    if layout is None:
        lines.append(f"format     {each.format}")
    else:
        lines += _dialect(layout) if isinstance(layout, Layout) else [f"sheet      {layout.sheet}"]
        found, line = layout.table, "line" if isinstance(layout, Layout) else "row"
        header = f"{line} {found.header[0].number}" if found.header else "none"
        lines.append(f"header     {header}")
        above = [row for row in found.preamble if not row.is_blank]
        if above:
            lines.append(f"above it   {_count(len(above), line)}, kept in raw._rejects")
        if found.beneath:
            count = _count(len(found.beneath), line)
            lines.append(f"beneath    {count} of no data, kept in raw._rejects")
    columns = ", ".join(each.columns[:_SHOWN])
    more = len(each.columns) - _SHOWN
    lines.append(f"columns    {columns}" + (f" and {more} more" if more > 0 else ""))
    batch = each.batch
    lines.append(
        f"records    {batch.rows_read:,} read, {batch.rows_loaded:,} loaded,"
        f" {batch.rows_rejected:,} rejected"
        + (" (raw._rejects has them with their reasons)" if batch.rows_rejected else "")
    )
    return "\n".join(lines)


def _named(delimiter: str) -> str:
    return {"\t": "tab", " ": "space", ",": "comma ,", ";": "semicolon ;"}.get(
        delimiter, repr(delimiter)[1:-1]
    )


def _count(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _dialect(layout: Layout) -> list[str]:
    dialect = layout.dialect.format
    delimiter = _named(dialect.delimiter) if layout.table.width > 1 else "none (one column)"
    quote = (dialect.quote or "none") + ("" if dialect.escape == dialect.quote else ", escape \\")
    return [
        f"encoding   {layout.encoding}",
        f"delimiter  {delimiter}",
        f"quote      {quote}",
    ]
