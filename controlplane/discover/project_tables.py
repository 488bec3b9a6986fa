"""What a project has of a source already, and what nothing new may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.discover.draft import SOURCE_PASSWORD
from controlplane.discover.findings import Table
from controlplane.errors import ConfigError, SourceError, SpecError
from controlplane.load.files import expand
from controlplane.load.ledger import newest_by_process
from controlplane.places import is_remote
from controlplane.specs.collisions import model_names
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import ETL, STAR, SpecFile, problems_between, scan
from controlplane.specs.secrets import redact, redact_text
from controlplane.specs.source import SourceConfig
from controlplane.specs.star import Star
from controlplane.targets import Target
from controlplane.targets.base import MissingRelationError

_PASSWORD = re.compile(r":(\{\{.*?\}\}|\*\*\*)?@")


@dataclass(frozen=True)
class ProjectTables:
    """The specs of a project before something is drafted into it."""

    project: Project
    processes: list[SpecFile[EtlProcess]]
    stars: list[SpecFile[Star]]

    @classmethod
    def of(cls, project: Project) -> ProjectTables:
        """The specs of a project.

        Raises:
            SpecError: one of them cannot be used.
        """
        processes, stars = scan(project.root, ETL), scan(project.root, STAR)
        if problems := [*processes.problems, *stars.problems]:
            raise SpecError(problems)
        return cls(project, processes.files, stars.files)

    def loading(
        self, tables: Iterable[Table], places: Mapping[str, Path], connection: str | None
    ) -> dict[str, SpecFile[EtlProcess]]:
        """The spec of each table that the project loads from the very same place, by the table."""
        found: dict[str, SpecFile[EtlProcess]] = {}
        for table in tables:
            for file in self.processes:
                config = file.spec.source_config
                same = (
                    _reads(config, places[table.name], self.project.root)
                    if connection is None
                    else _asks(config, table, connection)
                )
                if same:
                    found.setdefault(table.name, file)
        return found

    def password_variable(self, connection: str, title: str) -> str:
        """The variable for the password of a database: its own, where another database has the usual."""
        for file in self.processes:
            other = file.spec.source_config.connection_string
            if other and SOURCE_PASSWORD in other and _place_of(other) != _place_of(connection):
                return f"DATABANK_{title.upper()}_PASSWORD"
        return SOURCE_PASSWORD

    def require_free(
        self, fresh: list[SpecFile[EtlProcess]], star: SpecFile[Star] | None, target: Target
    ) -> None:
        """Refuse names that are taken by another spec, model, file, or table of the warehouse.

        Args:
            fresh: the processes that are drafted.
            star: the star that is drafted.
            target: the warehouse that is to get the data.

        Raises:
            ConfigError: every name that is taken, with where.
        """
        from controlplane.generate.stars import taken_names

        there = {file.spec.slug: file for file in self.processes}
        wrong = [
            f"{file.source}: {_same(there[file.spec.slug])}"
            for file in fresh
            if file.spec.slug in there
        ]
        fresh = [file for file in fresh if file.spec.slug not in there]
        wrong += [str(each) for each in problems_between([*self.processes, *fresh], ETL)]
        models = {n: f.source for f in self.processes for n in model_names(f.spec)}
        if star is not None:
            wrong += map(str, taken_names([*self.stars, star], models))
        names = {name: file.source for file in fresh for name in model_names(file.spec)}
        names |= (
            {} if star is None else dict.fromkeys(star.spec.model_fields_of_names(), star.source)
        )
        specs: list[SpecFile[Any]] = [*fresh, *([] if star is None else [star])]
        wrong += [f"{file.source}: is there already" for file in specs if _has(file.path)]
        wrong += [
            f"{names[path.stem]}: gives the model '{path.stem}', and"
            f" {path.relative_to(self.project.root).as_posix()} is one"
            for path in _written_by_hand(self.project)
            if path.stem in names
        ]
        wrong += _held(self.project, fresh, target)
        if wrong:
            raise ConfigError(
                "nothing was drafted, loaded or written, because names are taken:\n  "
                + "\n  ".join(dict.fromkeys(wrong)),
                hint="a table is called as in its source: rename what is there or the file; or draft"
                " the file first with databank etl draft FILE --as NAME, and say the same again",
            )


def _reads(config: SourceConfig, place: Path, root: Path) -> bool:
    """Whether a spec reads a file."""
    if not config.is_file:
        return False
    for pattern in config.paths:
        if is_remote(pattern):
            continue
        try:
            if place in (path.resolve() for path in expand(root, [pattern])):
                return True
        except SourceError:
            continue
    return False


def _asks(config: SourceConfig, table: Table, connection: str) -> bool:
    """Whether a spec reads a table of a database."""
    other = config.connection_string
    if other is None or config.table is None:
        return False
    same = config.table.removeprefix("public.") == table.source.removeprefix("public.")
    return same and _place_of(other) == _place_of(connection)


def _place_of(connection: str) -> str:
    """A connection string without its password."""
    return _PASSWORD.sub("@", redact(connection))


def _same(other: SpecFile[EtlProcess]) -> str:
    """What a process of the same name loads, and where that is said."""
    config = other.spec.source_config
    what = ", ".join(config.paths) or config.table or config.model or "a query"
    place = f"{other.source}:{other.line('name')}"
    return f"the process '{other.spec.slug}' ({place}) loads {redact_text(what)} under that name"


def _has(path: Path) -> bool:
    return any(path.with_suffix(suffix).exists() for suffix in (".yml", ".yaml", ".json"))


def _written_by_hand(project: Project) -> list[Path]:
    """The models and seeds that no spec gave; the generator knows what to do with its own."""
    models = [
        path
        for path in sorted(project.models_dir.rglob("*.sql"))
        if not path.read_bytes().startswith(b"-- Generated from")
    ]
    return [*models, *sorted((project.root / "seeds").rglob("*.csv"))]


def _held(project: Project, fresh: list[SpecFile[EtlProcess]], target: Target) -> list[str]:
    """The raw tables that hold data of somewhere else."""
    try:
        relations = target.relations()
    except MissingRelationError:
        return []
    batches: dict[str, set[str]] = {}
    for lines in newest_by_process(target).values():
        for table, source in lines:
            batches.setdefault(table, set()).add(source)
    found = []
    for file in fresh:
        table = naming.raw_table(file.spec.slug)
        if (naming.RAW_SCHEMA, table) not in relations:
            continue
        others = sorted(batches.get(table, set()) - set(_sources(file.spec, project)))
        if others or table not in batches:
            what = ", ".join(others) or "data that no load brought"
            found.append(f"{file.source}: the table {naming.RAW_SCHEMA}.{table} holds {what}")
    return found


def _sources(process: EtlProcess, project: Project) -> list[Any]:
    """What the ledger calls the sources of a drafted process."""
    from controlplane.load.files import source_name

    config = process.source_config
    if not config.is_file:
        return [config.table, str(config.table).removeprefix("public.")]
    return [source_name(path, project.root) for path in expand(project.root, config.paths)]
