"""The processes of a project while they are generated: their sources, and each other's tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from controlplane import naming
from controlplane.config import Project
from controlplane.errors import ConfigError, DatabankError, Problem, SourceError, SpecError
from controlplane.generate.cache import Entry
from controlplane.generate.process import Process, Table
from controlplane.generate.record import Record, read_record, record_path
from controlplane.generate.resolution import resolve
from controlplane.generate.resolver import own_names
from controlplane.specs.collisions import model_names
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile, read_etl_spec
from controlplane.specs.source_schema import SourceColumn, SourceSchema
from controlplane.sql import Column

# Reads the columns of a process's source; the names are tables that are models of this project.
Describe = Callable[[EtlProcess, frozenset[str]], SourceSchema]


class UnknownSourceError(DatabankError):
    """The columns of a source are not on record, and nobody is to ask the source."""


class UnreadableSourceError(SourceError):
    """A source cannot be asked for its columns; `problem` says which spec names it, and where."""

    def __init__(self, problem: Problem, hint: str | None) -> None:
        super().__init__(str(problem), hint=hint)
        self.problem = problem


def readable_tables(process: EtlProcess) -> list[str]:
    """The models of a process that other processes may read: its table, joins and aggregations."""
    if process.type == "extract":
        return []
    transform = process.transform_config
    titles = [join.name for join in transform.joins]
    titles += [aggregation.name for aggregation in transform.aggregations]
    return [process.table_name, *(naming.snake_case(title) for title in titles)]


@dataclass
class Catalog:
    """Finds processes by what they write; each is resolved once, and knows what it looked at."""

    project: Project
    describe: Describe
    files: list[SpecFile[EtlProcess]]
    entries: Mapping[str, Entry] = field(default_factory=dict)
    refresh: bool = False
    _tables: dict[str, Table | None] = field(default_factory=dict)
    _looked_for: dict[str, set[str]] = field(default_factory=dict)
    _processes: dict[str, Process | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._writers = {name: file for file in self.files for name in readable_tables(file.spec)}
        self._unread = {name: path for path, entry in self.entries.items() for name in entry.tables}

    def settle(self, file: SpecFile[EtlProcess]) -> tuple[Record | None, Record, Process]:
        """The last record of a process, its record now without files, and the process itself."""
        record = self._record(file.spec)
        source = source_hash(file.spec)
        schema = self._schema(file, record)
        process = self._resolved(file, schema)
        return record, Record(file.source, source, schema), process

    def looked_for(self, process: EtlProcess) -> list[str]:
        """The tables that the process asked for, whether or not another process writes them."""
        return sorted(self._looked_for.get(process.slug, ()))

    @property
    def known_tables(self) -> list[str]:
        """The models that processes write and others may read."""
        return sorted({*self._writers, *self._unread})

    def models(self) -> dict[str, str]:
        """Every model of every process, each with the spec that writes it."""
        found = {name: path for path, entry in self.entries.items() for name in entry.models}
        return found | {name: file.source for file in self.files for name in model_names(file.spec)}

    def table(self, name: str) -> Table | None:
        """The model that a process writes under this name, as other models see it."""
        process = self.process_of(name)
        return (
            next((each for each in _tables(process) if each.model == name), None)
            if process
            else None
        )

    def process_of(self, name: str) -> Process | None:
        """The process that writes a model which others may read; None where there is none."""
        if name not in self._processes:
            self._processes[name] = self._process(name)
        return self._processes[name]

    # --- sources ----------------------------------------------------------------------------------

    def _record(self, process: EtlProcess) -> Record | None:
        return read_record(record_path(self.project.specs_dir, process.slug))

    def _schema(self, file: SpecFile[EtlProcess], record: Record | None) -> SourceSchema:
        """What is known of a process's source, by its record or else by asking."""
        process = file.spec
        if process.source_config.model:
            return self._schema_of_model(file, process.source_config.model)
        known = record.schema if record and record.source == source_hash(process) else None
        if known and not self.refresh and not self._lacks_a_table(process, known):
            return known
        try:
            return self.describe(process, frozenset(self._writers) | frozenset(self._unread))
        except (SourceError, ConfigError) as error:
            problem = file.problem("source_config", error.message)
            raise UnreadableSourceError(problem, error.hint) from error

    def _lacks_a_table(self, process: EtlProcess, known: SourceSchema) -> bool:
        """Whether a join reads a table that another process wrote when the source was described."""
        if process.source_config.source_type != "postgresql":
            return False
        on_record = {naming.snake_case(name) for name in known.joins}
        own = {naming.snake_case(name) for name in own_names(process)}
        wanted = {naming.snake_case(join.right_table) for join in process.transform_config.joins}
        return any(self._path_of(name) is None for name in wanted - on_record - own)

    def _schema_of_model(self, file: SpecFile[EtlProcess], model: str) -> SourceSchema:
        table = self._table_for(file.spec, model)
        if table is not None:
            columns: Iterable[Column] = table.columns
            key = table.key
        else:
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
            odd = [
                file.problem(
                    f"source_config.columns[{index}].name",
                    f"found '{column.name}', which no column of a model is called without quotes",
                )
                for index, column in enumerate(listed)
                if naming.column_names([column.name]) != [column.name]
            ]
            if odd:
                raise SpecError(odd)
            columns = [Column(column.name, str(column.type)) for column in listed]
            key = ()
        return SourceSchema(
            tuple(SourceColumn(c.name, c.title or c.name, c.type, declared=True) for c in columns),
            key,
        )

    # --- tables of other processes ----------------------------------------------------------------

    def _resolved(self, file: SpecFile[EtlProcess], schema: SourceSchema) -> Process:
        return resolve(file, schema, file.source, lambda name: self._table_for(file.spec, name))

    def _table_for(self, asking: EtlProcess, name: str) -> Table | None:
        self._looked_for.setdefault(asking.slug, set()).add(name)
        if name in readable_tables(asking):
            return None
        if name not in self._tables:
            # Set before it is resolved: two processes may join each other.
            self._tables[name] = None
            self._tables[name] = self._found(name)
        return self._tables[name]

    def _path_of(self, name: str) -> str | None:
        file = self._writers.get(name)
        return file.source if file else self._unread.get(name)

    def _found(self, name: str) -> Table | None:
        process = self._process(name)
        return (
            next((each for each in _tables(process) if each.model == name), None)
            if process
            else None
        )

    def _process(self, name: str) -> Process | None:
        file = self._writers.get(name)
        if file is None and name in self._unread:
            root = self.project.root
            file = read_etl_spec(root / self._unread[name], root)
        if file is None:
            return None
        # The record fits the whole spec, with its joins.
        schema = self._schema(file, self._record(file.spec))
        if name == file.spec.table_name:
            # Its own records do not depend on what it joins, so two processes can join each other.
            file = _alone(file)
        return self._resolved(file, schema)


def _tables(process: Process) -> list[Table]:
    aggregations = [
        Table(item.model, (*(column for _, column in item.groups), item.column))
        for item in process.aggregations
    ]
    return [process.silver, *(join.table for join in process.joins), *aggregations]


def _alone(file: SpecFile[EtlProcess]) -> SpecFile[EtlProcess]:
    """The spec without what it makes of its own table."""
    transform = file.spec.transform_config.model_copy(update={"joins": [], "aggregations": []})
    spec = file.spec.model_copy(update={"transform_config": transform})
    return SpecFile(file.path, spec, file.lines, file.source, file.document)


def source_hash(process: EtlProcess) -> str:
    """A hash of what decides a source's columns; with it a record knows whether it still fits."""
    config = process.source_config
    # A field that a later version adds, and that nobody has set, changes nothing.
    source = config.model_dump(
        mode="json",
        exclude={"batch_size", "filters", "incremental_key", "schema_drift", "columns"},
        exclude_none=True,
    )
    source["columns"] = [[column.name, column.type] for column in config.columns]
    joins = [[join.left_table, join.right_table] for join in process.transform_config.joins]
    text = json.dumps([source, joins], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
