"""Brings the project's models in line with its specs, and keeps what people changed by hand."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.config import Project
from controlplane.errors import DatabankError, Problem, SpecError
from controlplane.generate import record as records
from controlplane.generate.cache import read_cache, spec_digests, stamp, write_cache
from controlplane.generate.merge import MergeConflictError, merge
from controlplane.generate.models import process_files, shared_files
from controlplane.generate.record import Record, read_record, record_path, write_record, write_text
from controlplane.generate.resolve import OtherTable, Process, resolve
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile, read_etl_spec, read_etl_specs
from controlplane.specs.source_schema import SourceColumn, SourceSchema
from controlplane.sql import Column

Describe = Callable[[EtlProcess], SourceSchema]
SHARED = "_shared"
PENDING = ("create", "update", "merge", "delete")


@dataclass(frozen=True)
class Change:
    """What happens to one file: create, update, merge, delete, conflict, keep or unchanged."""

    path: str
    action: str
    before: str = ""
    after: str = ""
    note: str = ""

    def diff(self) -> str:
        """The change as a unified diff."""
        return "".join(
            difflib.unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                f"a/{self.path}" if self.before else "/dev/null",
                f"b/{self.path}" if self.after else "/dev/null",
            )
        )


@dataclass(frozen=True)
class Generation:
    """What one call of `generate` did, or would do."""

    changes: tuple[Change, ...]
    processes: int

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that are written."""
        return tuple(change for change in self.changes if change.action in PENDING)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The files left alone because a person and the generator changed the same place."""
        return tuple(change for change in self.changes if change.action == "conflict")


def generate(
    project: Project, describe: Describe, *, write: bool = True, refresh: bool = False
) -> Generation:
    """Bring every model in line with its spec.

    Args:
        project: whose specs and models.
        describe: reads a source's columns; asked only for what no record knows yet.
        write: False to only say what would change.
        refresh: ask the sources again, even if nothing in the specs changed.

    Raises:
        SpecError: specs cannot be used; nothing is written then.
        SourceError: a source that no record knows cannot be read; nothing is written then.
    """
    work = _Workspace(project, describe, refresh)
    plans = work.plans()
    changes: list[Change] = []
    in_conflict: set[str] = set()
    for plan in plans:
        found = [_file_change(project.root, path, plan) for path in plan.paths()]
        changes += found
        if any(change.action == "conflict" for change in found):
            in_conflict.add(plan.slug)
        if write:
            _write(project, plan, found)
    done = Generation(tuple(changes), work.count)
    settled = not (done.pending or in_conflict) and all(p.record == p.fresh for p in plans)
    if write or settled:
        # A conflict is to be found again next time.
        work.remember(plan for plan in plans if plan.slug not in in_conflict)
    return done


def check_specs(project: Project, files: Iterable[SpecFile[EtlProcess]]) -> list[Problem]:
    """What is wrong with the expressions of specs, as far as their sources are on record."""
    work = _Workspace(project, _unknown, refresh=False)
    problems: list[Problem] = []
    for file in files:
        record = read_record(record_path(project.specs_dir, file.spec.slug))
        if record is None or record.schema is None or record.source != _source_hash(file.spec):
            continue
        try:
            work.resolve(file, record.schema)
        except SpecError as error:
            problems += error.problems
    return problems


def _unknown(process: EtlProcess) -> SourceSchema:
    raise DatabankError(f"the source of {process.name} is not on record")


@dataclass(frozen=True)
class _Plan:
    """One process's record as it was and the files it has now."""

    slug: str
    record: Record | None
    fresh: Record | None
    process: Process | None = None

    def paths(self) -> list[str]:
        """Every file that was or is generated."""
        before = self.record.files if self.record else {}
        after = self.fresh.files if self.fresh else {}
        return [*after, *(path for path in before if path not in after)]


@dataclass
class _Workspace:
    project: Project
    describe: Describe
    refresh: bool
    count: int = 0
    _digests: dict[str, str] = field(default_factory=dict)
    _cache: dict[str, Any] = field(default_factory=dict)
    _parsed: dict[str, SpecFile[EtlProcess]] = field(default_factory=dict)
    _columns: dict[str, tuple[Column, ...] | None] = field(default_factory=dict)

    def plans(self) -> list[_Plan]:
        """What is to be compared with the disk: every process that may have changed."""
        root = self.project.root
        digests = self._digests = spec_digests(self.project)
        self.count = len(digests)
        self._cache = {} if self.refresh else read_cache(self.project)
        stale = [name for name in digests if not self._is_fresh(name, digests[name])]
        fresh_entries = {name: self._cache[name] for name in digests if name not in stale}
        files = [read_etl_spec(root / name, root) for name in stale] if fresh_entries else []
        taken = {model: name for name, entry in fresh_entries.items() for model in entry["models"]}
        if not fresh_entries or any(
            model in taken for file in files for model in _model_names(file.spec)
        ):
            # Only the whole set can say which specs do not go together.
            files = read_etl_specs(root)
            stale = [file.source for file in files]
        self._parsed = {file.spec.table_name: file for file in files}
        plans, problems = [], []
        for file in files:
            try:
                plans.append(self._plan(file))
            except SpecError as error:
                problems += list(error.problems)
        if problems:
            raise SpecError(problems)
        slugs = {plan.slug for plan in plans} | {e["slug"] for e in fresh_entries.values()}
        plans += self._orphans(slugs)
        plans.append(self._shared(has_specs=bool(digests)))
        return plans

    def _plan(self, file: SpecFile[EtlProcess]) -> _Plan:
        spec = file.spec
        record = read_record(record_path(self.project.specs_dir, spec.slug))
        source = _source_hash(spec)
        known = record.schema if record and record.source == source and not self.refresh else None
        schema = known or self._described(file)
        process = self.resolve(file, schema)
        fresh = Record(_spec_path(file), source, schema, process_files(process))
        return _Plan(spec.slug, record, fresh, process)

    def resolve(self, file: SpecFile[EtlProcess], schema: SourceSchema) -> Process:
        """The process of a spec; other processes' columns are found through their specs."""
        return resolve(file, schema, _spec_path(file), self._other_table(file.spec))

    def _described(self, file: SpecFile[EtlProcess]) -> SourceSchema:
        model = file.spec.source_config.model
        if model is None:
            return self.describe(file.spec)
        columns = self._other_table(file.spec)(model)
        if columns is None:
            listed = file.spec.source_config.columns
            if not listed or not all(column.type for column in listed):
                raise SpecError(
                    [
                        file.problem(
                            "source_config.model",
                            f"no process writes '{model}', so its columns are not known; list them"
                            " with their types in source_config.columns",
                        )
                    ]
                )
            columns = tuple(Column(column.name, str(column.type)) for column in listed)
        return SourceSchema(
            tuple(SourceColumn(c.name, c.title or c.name, c.type, declared=True) for c in columns)
        )

    def _other_table(self, own: EtlProcess) -> OtherTable:
        def columns_of(table: str) -> tuple[Column, ...] | None:
            if table == own.table_name:
                return None
            if table not in self._columns:
                # Set before it is resolved: two processes may join each other.
                self._columns[table] = None
                self._columns[table] = self._columns_of(table)
            return self._columns[table]

        return columns_of

    def _columns_of(self, table: str) -> tuple[Column, ...] | None:
        file = self._parsed.get(table) or self._find(table)
        if file is None:
            return None
        record = read_record(record_path(self.project.specs_dir, file.spec.slug))
        known = record.schema if record and record.source == _source_hash(file.spec) else None
        without_joins = file.spec.model_copy(
            update={"transform_config": file.spec.transform_config.model_copy(update={"joins": []})}
        )
        bare = SpecFile(file.path, without_joins, file.lines, file.source, file.document)
        process = resolve(bare, known or self._described(file), _spec_path(file))
        return process.columns

    def _find(self, table: str) -> SpecFile[EtlProcess] | None:
        root = self.project.root
        for name, entry in self._cache.items():
            if entry["table"] == table and (root / name).is_file():
                return read_etl_spec(root / name, root)
        if not self._cache and not self._parsed:
            self._parsed = {file.spec.table_name: file for file in read_etl_specs(root)}
            return self._parsed.get(table)
        return None

    def _orphans(self, slugs: set[str]) -> list[_Plan]:
        """Records whose spec is gone: their files go, unless somebody edited them."""
        folder = self.project.specs_dir / records.FOLDER
        found = []
        for path in sorted(folder.glob("*.json")):
            if path.stem not in slugs and path.stem != SHARED:
                found.append(_Plan(path.stem, read_record(path), None))
        return found

    def _shared(self, *, has_specs: bool) -> _Plan:
        record = read_record(record_path(self.project.specs_dir, SHARED))
        files = shared_files() if has_specs else {}
        fresh = Record("specs/etl", "", None, files) if files else None
        return _Plan(SHARED, record, fresh)

    # The cache is a hint: without it every spec is read again, and the answer is the same.

    def _is_fresh(self, name: str, digest: str) -> bool:
        entry = self._cache.get(name)
        if entry is None or entry["digest"] != digest or entry["joins"]:
            return False
        root = self.project.root
        return all(stamp(root / path) == known for path, known in entry["files"].items())

    def remember(self, plans: Iterable[_Plan]) -> None:
        """Note what was generated, so that the next call need not read it again."""
        digests = self._digests
        entries = {name: entry for name, entry in self._cache.items() if name in digests}
        root = self.project.root
        for plan in plans:
            if plan.process is None or plan.fresh is None:
                continue
            record = record_path(self.project.specs_dir, plan.slug)
            paths = [*plan.fresh.files, record.relative_to(root).as_posix()]
            entries[plan.fresh.spec] = {
                "digest": digests.get(plan.fresh.spec),
                "slug": plan.slug,
                "table": plan.process.table,
                "joins": bool(plan.process.joins or plan.process.reads_model),
                "models": sorted({Path(path).stem for path in plan.fresh.files}),
                "files": {path: stamp(root / path) for path in paths},
            }
        write_cache(self.project, entries)


def _model_names(spec: EtlProcess) -> list[str]:
    from controlplane.specs.collisions import model_names

    return list(model_names(spec))


def _spec_path(file: SpecFile[EtlProcess]) -> str:
    return file.source or file.path.name


def _source_hash(spec: EtlProcess) -> str:
    """A hash of what decides a source's columns; with it a record knows whether it still fits."""
    source = spec.source_config.model_dump(
        mode="json", exclude={"batch_size", "filters", "incremental_key", "columns"}
    )
    joins = [[join.left_table, join.right_table] for join in spec.transform_config.joins]
    text = json.dumps([source, joins], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _file_change(root: Path, path: str, plan: _Plan) -> Change:
    base = plan.record.files.get(path) if plan.record else None
    wanted = plan.fresh.files.get(path) if plan.fresh else None
    current = _current_text(root / path)
    if wanted is None:
        if current is None:
            return Change(path, "unchanged")
        if current == base:
            return Change(path, "delete", current)
        return Change(path, "keep", current, current, "edited by hand, and no spec asks for it")
    if current is None:
        return Change(path, "create", "", wanted)
    if current == wanted:
        return Change(path, "unchanged", current, current)
    if base is None:
        return Change(path, "conflict", current, wanted, "there is a file that was not generated")
    if current == base:
        return Change(path, "update", current, wanted)
    try:
        merged = merge(path, current, base, wanted)
    except MergeConflictError as conflict:
        place = str(conflict)
        note = "edited by hand where the generator changed it too"
        note += f": {place}" if place and place != path else ""
        return Change(path, "conflict", current, wanted, note)
    return Change(path, "merge" if merged != current else "unchanged", current, merged)


def _current_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DatabankError(f"{path}: cannot be read: {error}") from error


def _write(project: Project, plan: _Plan, changes: Iterable[Change]) -> None:
    conflicts = set()
    for change in changes:
        path = project.root / change.path
        if change.action == "delete":
            path.unlink(missing_ok=True)
        elif change.action in PENDING:
            write_text(path, change.after)
        elif change.action == "conflict":
            conflicts.add(change.path)
    path = record_path(project.specs_dir, plan.slug)
    if plan.fresh is None:
        path.unlink(missing_ok=True)
        return
    # A file in conflict keeps its old base, so that the conflict is still there next time.
    before: Mapping[str, str] = plan.record.files if plan.record else {}
    files = {name: text for name, text in plan.fresh.files.items() if name not in conflicts}
    files |= {name: before[name] for name in conflicts if name in before}
    fresh = Record(plan.fresh.spec, plan.fresh.source, plan.fresh.schema, files)
    if fresh != plan.record:
        write_record(path, fresh)
