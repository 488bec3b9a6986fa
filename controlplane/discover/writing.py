"""Drafts a project out of what was found out: specs, loaded data, the star, and the models.

Everything is decided before anything is written. The specs then come all at once: whoever is stopped
before that leaves the project as it was, but for raw data, which the next call finds loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from controlplane.config import Project
from controlplane.discover.findings import Findings
from controlplane.discover.memory import FILE, Memory
from controlplane.discover.names import name_tables
from controlplane.discover.project_star import plan_star
from controlplane.discover.project_tables import ProjectTables
from controlplane.discover.specs import Drafts, confirm_specs, draft_specs, places_of
from controlplane.discover.whole import write_whole
from controlplane.errors import DatabankError, SourceError
from controlplane.generate import generate
from controlplane.jobs import track
from controlplane.load import LoadResult, describe_source, load_process
from controlplane.load.ledger import newest_by_process
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import ETL, SpecFile, parse_spec
from controlplane.specs.secrets import externalise_password
from controlplane.specs.source_schema import SourceSchema
from controlplane.state.records import BatchResult
from controlplane.state.store import open_store
from controlplane.targets import Target, open_target

if TYPE_CHECKING:
    from controlplane.load import Batch


class Show(Protocol):
    """Tells a person how far it is."""

    def job(self, job_id: str, target: str) -> None:
        """The load has begun."""

    def waiting(self, message: str) -> None:
        """The warehouse is somebody else's for now."""

    def loading(self, process: str) -> None:
        """A process's source is read."""

    def loaded(self, result: LoadResult) -> None:
        """A process's source is in the warehouse."""

    def note(self, message: str) -> None:
        """Something a person should know."""


@dataclass(frozen=True)
class Written:
    """What was drafted: paths of specs, the star's too; `kept` are specs that were there before."""

    specs: tuple[str, ...] = ()
    star: str | None = None
    kept: tuple[str, ...] = ()
    models: int = 0
    records: int = 0
    rejected: int = 0
    notes: tuple[str, ...] = ()


def write_project(
    findings: Findings, source: str, title: str, project: Project, show: Show
) -> Written:
    """Draft the specs of a source into a project, load its data, and generate the models.

    Tables that the project loads from the same place are left as they are. The star is drawn of all
    tables, unless a star has some of them already.

    Args:
        findings: what was found out about the source.
        source: the file, folder or database that it was found in.
        title: what the star is called.
        project: the project that gets the specs.
        show: is told how far it is.

    Raises:
        SourceError: the source cannot be read, or no table of it can be drafted.
        ConfigError: a name is taken; nothing was loaded or written.
        SpecError: a spec of the project cannot be used; nothing was loaded or written.
        DatabankError: a load was stopped, or a spec cannot be written: none is there then.
    """
    if not findings.tables:
        raise SourceError(f"{source}: holds no table", hint="name a folder with files of data")
    before = ProjectTables.of(project)
    connection, places = None, {}
    if "://" in source:
        variable = before.password_variable(source, title)
        connection, password = externalise_password(source, variable)
        if password is not None:
            project = replace(project, environment={**project.environment, variable: password})
            show.note(f"the password is not written; set {variable} to it for later loads")
    else:
        places = places_of(source, findings)
    kept = before.loading(findings.tables, places, connection)
    fresh = replace(findings, tables=tuple(t for t in findings.tables if t.name not in kept))
    known = tuple(sorted({file.source for file in kept.values()}))
    if before.processes or before.stars:
        # What is wrong in the project is said while nothing is written yet.
        generate(project, _describer(project), write=False)
    memory = Memory.load(project.root)
    names = name_tables(findings.tables)
    drafts = Drafts(fresh, fresh, title, names, {})
    if fresh.tables:
        drafts = draft_specs(
            fresh, title, project, names=names, places=places, connection=connection
        )
    target = open_target(project.target, on_wait=show.waiting)
    star = plan_star(findings, drafts, before, kept, target)
    if not fresh.tables and not star.is_drawn:
        return Written(kept=known, notes=findings.notes)
    before.require_free(_files(project, drafts), star.sketch(drafts), target)
    loads = _load(project, _files(project, drafts), target, show)
    drafts = confirm_specs(drafts, target.query)
    texts = drafts.texts | star.texts(drafts, target.query)
    remembered = memory.with_tables(drafts.memory).text
    write_whole(project.root, {FILE: remembered, **texts}, new=texts)
    return Written(
        specs=tuple(texts),
        star=star.path if star.is_drawn else None,
        kept=known,
        models=_generate(project, show),
        records=sum(load.rows_loaded for load in loads),
        rejected=sum(load.rows_rejected for load in loads),
        notes=(*drafts.notes, *star.notes),
    )


def source_title(source: str) -> str:
    """What the star of a source is called: by its folder, file, or database."""
    from controlplane.scaffold.project import project_name
    from controlplane.sniff.loading import table_name

    if "://" in source:
        return project_name(source.split("://", 1)[1].partition("?")[0].rpartition("/")[2])
    place = Path(source).expanduser().resolve()
    return project_name(place.name) if place.is_dir() else table_name(place.name)


def _files(project: Project, drafts: Drafts) -> list[SpecFile[EtlProcess]]:
    return [
        parse_spec(draft.text, draft.path, ETL, project.root / draft.path)
        for draft in drafts.processes.values()
    ]


def _load(
    project: Project, files: Sequence[SpecFile[EtlProcess]], target: Target, show: Show
) -> list[LoadResult]:
    """Load the drafted processes as one tracked job."""
    slugs = [file.spec.slug for file in files]
    loads: list[LoadResult] = []
    if not files:
        return loads
    params = {"names": slugs, "load_only": True}
    with (
        open_store(project) as store,
        track(store, project, "ingest", ", ".join(slugs), params) as job,
    ):
        show.job(job.id, project.target.identity)
        known = newest_by_process(target)
        for index, file in enumerate(files):
            slug = file.spec.slug
            job.check_cancelled()
            job.progress(100 * index / len(files), f"loading {slug}")
            show.loading(slug)
            loaded = load_process(
                file.spec,
                project,
                target,
                job_id=job.id,
                now=lambda: datetime.now(UTC),
                on_progress=_noting(show),
                known=known.get(slug, {}),
                on_wait=show.waiting,
                holder=f"databank discover, {job.id}",
            )
            job.record_batches(_result(slug, batch) for batch in loaded.batches)
            show.loaded(loaded)
            for warning in loaded.warnings:
                show.note(f"{slug}: {warning}")
            loads.append(loaded)
    return loads


def _noting(show: Show) -> Callable[[Batch], None]:
    def tell(batch: Batch) -> None:
        for note in batch.notes:
            show.note(note)

    return tell


def _result(slug: str, batch: Batch) -> BatchResult:
    return BatchResult(
        slug,
        batch.source,
        batch.batch_id or 0,
        batch.rows_read,
        batch.rows_loaded,
        batch.rows_rejected,
    )


def _generate(project: Project, show: Show) -> int:
    """How many models were written; what was left alone is told."""
    try:
        done = generate(project, _describer(project))
    except DatabankError as error:
        raise DatabankError(
            f"the specs are written, and their models are not: {error.message}",
            hint="put that right, and say databank generate",
        ) from error
    for change in done.conflicts:
        show.note(f"conflict: {change.path}: {change.note}; say databank generate to see it")
    return len([change for change in done.pending if change.path.endswith(".sql")])


def _describer(project: Project) -> Callable[[EtlProcess, frozenset[str]], SourceSchema]:
    return lambda process, known: describe_source(process, project, known_tables=known)
