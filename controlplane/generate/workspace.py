"""Brings the project's models in line with its specs, and keeps what people changed by hand.

Every file is compared before any is written, and all files are written before the records of what
was generated: a crash at any instant, followed by the same call, gives what no crash gives.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import DatabankError, Problem, SourceError, SpecError
from controlplane.generate import cache
from controlplane.generate import record as records
from controlplane.generate.cache import Entry
from controlplane.generate.catalog import (
    Catalog,
    Describe,
    UnknownSourceError,
    UnreadableSourceError,
    readable_tables,
)
from controlplane.generate.changes import Change, Generation, file_change, write_change
from controlplane.generate.models import SHARED_ORIGIN, process_files, shared_files
from controlplane.generate.readers import keep_what_is_read
from controlplane.generate.record import Record, read_record, record_path, write_record
from controlplane.specs.collisions import model_names
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import (
    ETL,
    SUFFIXES,
    SpecFile,
    problems_between,
    read_etl_spec,
    read_etl_specs,
    read_star_specs,
)
from controlplane.specs.source_schema import SourceSchema
from controlplane.specs.star import Star

SHARED = "_shared"
KEPT = "kept as it is"


def generate(
    project: Project,
    describe: Describe,
    *,
    write: bool = True,
    refresh: bool = False,
    keep: Collection[str] = (),
) -> Generation:
    """Bring every model in line with its spec.

    Args:
        project: whose specs and models.
        describe: reads a source's columns; asked only for what no record knows yet.
        write: False to only say what would change.
        refresh: ask the sources again, even if nothing in the specs changed.
        keep: files in conflict that are right as a person wrote them.

    Raises:
        SpecError: specs cannot be used; nothing is written then.
        SourceError: a source that no record knows cannot be read; nothing is written then.
        DatabankError: a file to keep is not in conflict; nothing is written then.
    """
    with _alone(project) if write else contextlib.nullcontext():
        digests = _spec_digests(project)
        entries = {} if refresh else cache.read_cache(project)
        fresh, files = _to_do(project, digests, entries)
        catalog = Catalog(project, describe, files, fresh, refresh)
        plans = _plans(catalog, digests, fresh, read_star_specs(project.root))
        changes = {plan.slug: _changes(project.root, plan, plans, fresh, keep) for plan in plans}
        _check_kept(keep, changes)
        changes = keep_what_is_read(project, changes)
        if write:
            _write(project, plans, changes)
            settled = [plan for plan in plans if not _is_open(changes[plan.slug])]
            _remember(project, settled, fresh)
    every = tuple(change for plan in plans for change in changes[plan.slug])
    return Generation(every, len(fresh) + len(files))


def check_specs(
    project: Project,
    files: Iterable[SpecFile[EtlProcess]],
    stars: Iterable[SpecFile[Star]] = (),
) -> list[Problem]:
    """What is wrong with the expressions of specs, as far as their sources are on record.

    Stars are judged where nothing is wrong with the processes, whose models they are made of.
    """
    listed = list(files)
    # What a planned process is to write is there for nobody yet.
    at_work = [file for file in listed if file.spec.is_active]
    catalog = Catalog(project, _not_on_record, at_work)
    problems: list[Problem] = []
    for file in listed:
        try:
            catalog.settle(file)
        except SpecError as error:
            problems += error.problems
        except UnknownSourceError:
            continue
    listed_stars = list(stars)
    if listed_stars and not problems:
        from controlplane.generate.stars import check_stars

        with contextlib.suppress(UnknownSourceError):
            problems += check_stars(listed_stars, catalog)
    return list(dict.fromkeys(problems))


def _not_on_record(process: EtlProcess, _tables: frozenset[str]) -> SourceSchema:
    raise UnknownSourceError(f"the source of {process.name} is not on record")


@contextlib.contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Holds the right to write models: two calls at once would take each other's files for edits."""
    from filelock import FileLock

    with FileLock(project.ensure_state_dir() / "generate.lock"):
        yield


# --- what is to be done ---------------------------------------------------------------------------


def _spec_digests(project: Project) -> dict[str, str]:
    """Path in the project and hash of every spec of an ETL process."""
    folder = project.specs_dir / ETL.folder
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(project.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in SUFFIXES and not path.name.startswith(".") and path.is_file()
    }


def _to_do(
    project: Project, digests: Mapping[str, str], entries: Mapping[str, Entry]
) -> tuple[dict[str, Entry], list[SpecFile[EtlProcess]]]:
    """The entries that still hold, and the specs at work that have to be generated.

    Raises:
        SpecError: specs cannot be used, by themselves or beside each other.
    """
    root = project.root
    fresh = {
        name: entries[name]
        for name, digest in digests.items()
        if name in entries and cache.still_holds(entries[name], digest, root)
    }
    files: dict[str, SpecFile[EtlProcess]] = {}
    problems: list[Problem] = []
    touched = {name for path in entries.keys() - fresh.keys() for name in entries[path].tables}
    while fresh:
        for name in digests.keys() - fresh.keys() - files.keys():
            try:
                files[name] = read_etl_spec(root / name, root)
            except SpecError as error:
                problems += error.problems
        if problems:
            raise SpecError(problems)
        at_work = {name: file for name, file in files.items() if file.spec.is_active}
        touched |= {table for file in at_work.values() for table in readable_tables(file.spec)}
        stale = [name for name, entry in fresh.items() if touched.intersection(entry.reads)]
        if not stale:
            break
        for name in stale:
            touched.update(fresh.pop(name).tables)
    taken = {model for entry in fresh.values() for model in entry.models}
    slugs = {entry.slug for entry in fresh.values()}
    listed = [files[name] for name in digests if name in files]
    if not fresh or any(
        file.spec.slug in slugs or not taken.isdisjoint(model_names(file.spec)) for file in listed
    ):
        # Only the whole set can say which specs do not go together.
        return {}, read_etl_specs(root)
    if problems := problems_between(listed, ETL):
        raise SpecError(problems)
    return fresh, [file for file in listed if file.spec.is_active]


@dataclass(frozen=True)
class _Plan:
    """One process's record as it was, and as it will be."""

    slug: str
    record: Record | None
    fresh: Record | None
    entry: Entry | None = None

    @property
    def before(self) -> Mapping[str, str]:
        """The files as they were generated last."""
        return self.record.files if self.record else {}

    @property
    def after(self) -> Mapping[str, str]:
        """The files that the specs ask for now."""
        return self.fresh.files if self.fresh else {}


def _plans(
    catalog: Catalog,
    digests: Mapping[str, str],
    fresh: Mapping[str, Entry],
    stars: Sequence[SpecFile[Star]],
) -> list[_Plan]:
    """What is to be compared with the disk: every process that may have changed, and every star.

    Raises:
        SpecError: with every problem of every spec, and every source that cannot be read.
        SourceError: the specs are right as far as they can be judged, but sources cannot be read.
    """
    project = catalog.project
    plans: list[_Plan] = []
    problems: list[Problem] = []
    unreadable: dict[Problem, str | None] = {}
    for file in catalog.files:
        try:
            record, now, process = catalog.settle(file)
        except SpecError as error:
            problems += list(error.problems)
            continue
        except UnreadableSourceError as error:
            unreadable[error.problem] = error.hint
            continue
        now = replace(now, files=process_files(process))
        entry = Entry(
            digests.get(file.source, ""),
            file.spec.slug,
            file.spec.table_name,
            sorted(model_names(file.spec)),
            readable_tables(file.spec),
            catalog.looked_for(file.spec),
            {},
        )
        plans.append(_Plan(file.spec.slug, record, now, entry))
    if stars and not problems and not unreadable:
        of_stars, wrong = _star_plans(catalog, stars)
        plans += of_stars
        problems += wrong
    if problems:
        raise SpecError(list(dict.fromkeys([*problems, *unreadable])))
    if unreadable:
        hints = dict.fromkeys(hint for hint in unreadable.values() if hint)
        text = "\n".join(str(problem) for problem in sorted(unreadable))
        raise SourceError(text, hint="\n  ".join(hints) or None)
    slugs = {plan.slug for plan in plans} | {entry.slug for entry in fresh.values()}
    plans += _orphans(project, slugs)
    shared = Record(SHARED_ORIGIN, "", None, shared_files()) if slugs else None
    plans.append(_Plan(SHARED, read_record(record_path(project.specs_dir, SHARED)), shared))
    return plans


def _star_plans(
    catalog: Catalog, stars: Sequence[SpecFile[Star]]
) -> tuple[list[_Plan], list[Problem]]:
    """The stars as they were and will be; what they read may change without them, so all of them."""
    from controlplane.generate.stars import record_slug, star_files, taken_names

    plans = []
    problems = list(taken_names(stars, catalog.models()))
    for file in stars:
        slug = record_slug(file.spec)
        try:
            record = Record(file.source, "", None, star_files(file, catalog))
        except SpecError as error:
            problems += error.problems
            continue
        plans.append(_Plan(slug, read_record(record_path(catalog.project.specs_dir, slug)), record))
    return plans, problems


def _orphans(project: Project, slugs: set[str]) -> list[_Plan]:
    """Records whose spec is gone: their files go, unless somebody edited them."""
    folder = project.specs_dir / records.FOLDER
    return [
        _Plan(path.stem, read_record(path), None)
        for path in sorted(folder.glob("*.json"))
        if path.stem not in slugs and path.stem != SHARED
    ]


def _changes(
    root: Path,
    plan: _Plan,
    plans: list[_Plan],
    fresh: Mapping[str, Entry],
    keep: Collection[str],
) -> list[Change]:
    """What happens to each file that was or is generated for one process."""
    found = []
    for path, wanted in plan.after.items():
        # A model may have moved here from another process: its base moves with it.
        bases = (plan, *(other for other in plans if path in other.before))
        base = next((other.before[path] for other in bases if path in other.before), None)
        change = file_change(root, path, base, wanted)
        if change.action == "conflict" and path in keep:
            change = replace(change, action="unchanged", after=change.before, note=KEPT)
        found.append(change)
    elsewhere = {path for other in plans for path in other.after}
    elsewhere |= {path for entry in fresh.values() for path in entry.files}
    found += [
        file_change(root, path, base, None)
        for path, base in plan.before.items()
        if path not in elsewhere
    ]
    return found


def _check_kept(keep: Collection[str], changes: Mapping[str, list[Change]]) -> None:
    """Raise `DatabankError` for a file that is to be kept and is not in conflict."""
    kept = {change.path for found in changes.values() for change in found if change.note == KEPT}
    for path in keep:
        if path not in kept:
            conflicts = [
                c.path for found in changes.values() for c in found if c.action == "conflict"
            ]
            raise DatabankError(
                f"'{path}' is in no conflict (in conflict: {', '.join(conflicts) or 'no file'})"
            )


# --- writing --------------------------------------------------------------------------------------


def _write(project: Project, plans: list[_Plan], changes: Mapping[str, list[Change]]) -> None:
    for plan in plans:
        for change in changes[plan.slug]:
            write_change(project.root, change)
    # What a process took over is on record before the other one's record forgets it.
    moved = {path for plan in plans for path in plan.after if path not in plan.before}
    for plan in sorted(plans, key=lambda plan: moved.isdisjoint(plan.after)):
        _write_record(project, plan, changes[plan.slug])


def _write_record(project: Project, plan: _Plan, changes: Iterable[Change]) -> None:
    path = record_path(project.specs_dir, plan.slug)
    # A file in conflict keeps its old base, so that the conflict is still there next time; one that
    # is kept because another reads it stays on record, and goes when nothing reads it any more.
    conflicts = {change.path for change in changes if change.action == "conflict"}
    read = {change.path for change in changes if change.reader}
    files = {name: text for name, text in plan.after.items() if name not in conflicts}
    files |= {name: plan.before[name] for name in conflicts | read if name in plan.before}
    last = plan.fresh or (plan.record if read else None)
    if last is None:
        path.unlink(missing_ok=True)
        return
    now = replace(last, files=files)
    if now != plan.record:
        write_record(path, now)


def _is_open(changes: Iterable[Change]) -> bool:
    """Whether a file was left alone, so that the next call has to look and say so again."""
    return any(change.action == "conflict" or change.reader for change in changes)


def _remember(project: Project, plans: Iterable[_Plan], fresh: Mapping[str, Entry]) -> None:
    """Note what was generated, so that the next call need not read it again."""
    entries = dict(fresh)
    for plan in plans:
        if plan.entry is None or plan.fresh is None:
            continue
        record = record_path(project.specs_dir, plan.slug).relative_to(project.root).as_posix()
        files = cache.stamps(project.root, [*plan.after, record])
        entries[plan.fresh.spec] = replace(plan.entry, files=files)
    cache.write_cache(project, entries)
