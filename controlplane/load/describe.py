"""Says what a source looks like, without loading it: columns, types, keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from controlplane.config import Project
from controlplane.naming import RAW_SCHEMA, column_names, raw_table
from controlplane.specs.etl import EtlProcess
from controlplane.specs.source import Column
from controlplane.specs.source_schema import SourceColumn, SourceSchema

if TYPE_CHECKING:
    from controlplane.load.database import DatabaseColumn, SourceDatabase

# Of larger sources the types are found from this many rows.
WHOLE_FILE_BYTES = 50_000_000
SAMPLE_ROWS = 1_000_000

_POSTGRES = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "bigint",
    "real": "double",
    "double precision": "double",
    "numeric": "decimal(38,10)",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
    # Values are read with the session in UTC.
    "timestamp with time zone": "timestamp",
    "time without time zone": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "json",
    "oid": "bigint",
}
_PARQUET = {
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "decimal(20,0)",
    "HUGEINT": "decimal(38,0)",
    "FLOAT": "double",
    "DOUBLE": "double",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "UUID": "uuid",
    "JSON": "json",
}


def describe_source(
    process: EtlProcess, project: Project, *, known_tables: frozenset[str] = frozenset()
) -> SourceSchema:
    """The columns of the source with their types, its primary key, and the tables of its joins.

    Types that the spec declares win, then those of the source, then those that the values allow.

    Raises:
        SourceError: the source cannot be read.
    """
    config = process.source_config
    if config.source_type == "model":
        return SourceSchema(columns=())
    found = (
        _describe_files(process, project)
        if config.is_file
        else _describe_database(process, project, known_tables)
    )
    return _loaded(found, process, project) if config.schema_drift == "discard" else found


def _loaded(found: SourceSchema, process: EtlProcess, project: Project) -> SourceSchema:
    """The schema without columns that loads leave out: those that the raw table does not have."""
    from controlplane.targets import open_target

    present = dict(open_target(project.target).columns(RAW_SCHEMA, raw_table(process.slug)))
    if not present:
        return found
    return replace(
        found, columns=tuple(column for column in found.columns if column.name in present)
    )


def _describe_files(process: EtlProcess, project: Project) -> SourceSchema:
    import duckdb

    from controlplane.load.column_types import find_types
    from controlplane.load.landing import landed_files
    from controlplane.load.reading import check_declared, declared_names, union
    from controlplane.load.sample import settle
    from controlplane.load.spool import spool_folder
    from controlplane.targets.duckdb import prepare_reader

    config = process.source_config
    state = project.ensure_state_dir()
    with spool_folder(state) as spool, closing(duckdb.connect()) as reader:
        files = landed_files(config, project, spool, most_bytes=WHOLE_FILE_BYTES)
        prepare_reader(reader, spool)
        readings = []
        for index, file in enumerate(files):
            folder = spool / str(index)
            folder.mkdir()
            readings.append(settle(reader, file, config, folder))
        if readings:
            check_declared(files[-1].source, config.columns, readings)
        select = union(readings)
        titles = {
            name: title
            for reading in readings
            for title, name in zip(reading.titles, reading.columns, strict=True)
        }
        declared = {
            name: column
            for reading in readings
            for name, column in declared_names(config.columns, reading).items()
        }
        given: dict[str, str] = {}
        for reading in readings:
            for name, kind in zip(reading.columns, reading.types, strict=False):
                given[name] = _widest(given.get(name), _parquet(kind))
        open_names = [name for name in titles if name not in given and not _type(declared, name)]
        if sum(file.state.size for file in files) > WHOLE_FILE_BYTES:
            select = f"select * from ({select}) limit {SAMPLE_ROWS}"
        found = find_types(reader, select, open_names) if open_names else {}
    return SourceSchema(
        columns=tuple(
            SourceColumn(
                name=name,
                title=title,
                type=_type(declared, name) or given.get(name) or found.get(name, "text"),
                declared=name in given or bool(_type(declared, name)),
            )
            for name, title in titles.items()
        )
    )


def _describe_database(
    process: EtlProcess, project: Project, known_tables: frozenset[str]
) -> SourceSchema:
    from controlplane.load.database import open_database, table_relation
    from controlplane.load.extract import find_origin, join_tables, key_column
    from controlplane.specs.cursor_query import only_table, renamed

    config = process.source_config
    with open_database(process, project) as database:
        origin = find_origin(database, config)
        columns = database.columns(origin.relation())
        if config.incremental_key:
            key_column(columns, config.incremental_key, database.where)
        table, apart = origin.table, set()
        if origin.query:
            parts = only_table(origin.query)
            table = database.resolve(".".join(parts)) if parts else None
            apart = renamed(origin.query)
        joins = {}
        for name in join_tables(process, known_tables):
            found = database.resolve(name)
            joins[name] = _schema(database, database.columns(table_relation(*found)), found)
        return _schema(database, columns, table, config.columns, apart, joins)


def _schema(
    database: SourceDatabase,
    columns: Sequence[DatabaseColumn],
    table: tuple[str, str] | None,
    declared: Sequence[Column] = (),
    apart: set[str] | None = None,
    joins: dict[str, SourceSchema] | None = None,
) -> SourceSchema:
    """The schema of a result whose rows are those of `table`, except for the columns in `apart`."""
    names = column_names(column.title for column in columns)
    by_title = {column.name: column for column in declared}
    key = database.primary_key(*table) if table else []
    strict = database.not_null(*table) if table else set()
    plain = {
        column.title: name
        for column, name in zip(columns, names, strict=True)
        if column.title not in (apart or ())
    }
    described = []
    for column, name in zip(columns, names, strict=True):
        said = by_title.get(column.title) or by_title.get(name)
        described.append(
            SourceColumn(
                name=name,
                title=column.title,
                type=(said.type if said else None) or _postgres(column.type),
                declared=True,
                nullable=column.title not in strict if column.title in plain and table else None,
            )
        )
    whole = bool(key) and all(title in plain for title in key)
    return SourceSchema(
        columns=tuple(described),
        primary_key=tuple(plain[title] for title in key) if whole else (),
        joins=joins or {},
    )


def _postgres(kind: str) -> str:
    match = re.fullmatch(r"numeric\((\d+),(-?\d+)\)", kind)
    if match:
        precision, scale = int(match[1]), int(match[2])
        fits = precision <= 38 and 0 <= scale <= precision
        return f"decimal({precision},{scale})" if fits else "text"
    return _POSTGRES.get(kind, "text")


def _parquet(kind: str) -> str:
    match = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if match:
        return f"decimal({match[1]},{match[2]})"
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return "json"
    return _PARQUET.get(kind, "text")


def _widest(one: str | None, other: str) -> str:
    """The type for values of both types."""
    if one is None or one == other:
        return other
    order = ("integer", "bigint", "double")
    if one in order and other in order:
        return max(one, other, key=order.index)
    return "timestamp" if {one, other} == {"date", "timestamp"} else "text"


def _type(declared: dict[str, Column], name: str) -> str | None:
    return declared[name].type if name in declared else None
