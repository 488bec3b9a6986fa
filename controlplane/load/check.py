"""Evaluates a condition over a whole source, before anything of it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from controlplane.config import Project
from controlplane.errors import SourceError
from controlplane.specs.etl import EtlProcess


def check_source(process: EtlProcess, project: Project, expression: str) -> bool:
    """Whether the condition, such as `COUNT(*) > 0`, holds for all records that pass the filters.

    Columns have their raw names and, where they came as text, the types that describe them.

    Raises:
        SourceError: the source cannot be read, or the condition not be evaluated on it.
    """
    config = process.source_config
    if config.source_type == "model":
        raise SourceError(
            f"{process.slug}: validation.pre_validation: a model cannot be checked before it is"
            " built",
            hint="check it with post_validation of the process that builds it",
        )
    return (
        _in_files(process, project, expression)
        if config.is_file
        else _in_database(process, project, expression)
    )


def _in_database(process: EtlProcess, project: Project, expression: str) -> bool:
    from psycopg2 import sql

    from controlplane.load.database import open_database, select_rows
    from controlplane.load.extract import find_origin

    config = process.source_config
    with open_database(process, project) as database:
        rows = select_rows(find_origin(database, config).relation(), config.filters)
        statement = sql.SQL("select ({}\n) from ({}) as source").format(sql.SQL(expression), rows)
        found = database.rows(statement)
    return bool(found and found[0][0])


def _in_files(process: EtlProcess, project: Project, expression: str) -> bool:
    import duckdb

    from controlplane.load.describe import describe_source
    from controlplane.load.landing import landed_files
    from controlplane.load.reading import union
    from controlplane.load.sample import settle
    from controlplane.load.spool import spool_folder
    from controlplane.targets.duckdb import prepare_reader

    config = process.source_config
    state = project.ensure_state_dir()
    schema = describe_source(process, project)
    with spool_folder(state) as spool, closing(duckdb.connect()) as reader:
        files = landed_files(config, project, spool)
        prepare_reader(reader, spool)
        readings = []
        for index, file in enumerate(files):
            folder = spool / str(index)
            folder.mkdir()
            readings.append(settle(reader, file, config, folder))
        typed = ", ".join(
            f"try_cast({column.name} as {column.type}) as {column.name}"
            for column in schema.columns
        )
        names = {column.title: column.name for column in schema.columns}
        names |= {column.name: column.name for column in schema.columns}
        condition = _filter(process, names, config.filters)
        try:
            row = reader.execute(
                f"select ({expression}\n) from (select {typed} from ({union(readings)})"
                f" as records where {condition}) as source"
            ).fetchone()
        except duckdb.Error as error:
            detail = str(error).splitlines()[0]
            raise SourceError(
                f"{process.slug}: the condition `{expression}` cannot be evaluated: {detail}"
            ) from error
    return bool(row and row[0])


def _filter(process: EtlProcess, names: Mapping[str, str], filters: Mapping[str, Any]) -> str:
    from controlplane.targets.base import literal

    conditions = ["true"]
    for column, value in filters.items():
        if column not in names:
            raise SourceError(
                f"{process.slug}: source_config.filters: no column '{column}'"
                f" (has: {', '.join(names)})"
            )
        values = value if isinstance(value, list) else [value]
        given = [
            literal(str(item).lower() if isinstance(item, bool) else str(item))
            for item in values
            if item is not None
        ]
        choices = [f"{names[column]} in ({', '.join(given)})"] if given else []
        if None in values:
            choices.append(f"{names[column]} is null")
        conditions.append(f"({' or '.join(choices)})" if choices else "false")
    return " and ".join(conditions)
