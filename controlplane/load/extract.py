"""What a process reads from its source database, in scratch files that load like any CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg2 import sql

from controlplane.errors import SourceError
from controlplane.load.csv_format import Header
from controlplane.load.csv_split import PLAIN
from controlplane.load.database import (
    DatabaseColumn,
    Filters,
    SourceDatabase,
    cursor_literal,
    query_relation,
    select_rows,
    table_relation,
)
from controlplane.load.reading import Reading, careful_csv, fast_csv
from controlplane.naming import column_names, snake_case
from controlplane.specs.cursor_query import first_table
from controlplane.specs.etl import EtlProcess
from controlplane.specs.source import SourceConfig

# The types whose order is the one in which records come and change, as PostgreSQL calls them.
_GROWING = re.compile(
    r"smallint|integer|bigint|oid|xid8|numeric(\(.*\))?|real|double precision|date"
    r"|time(stamp)? with(out)? time zone"
)


@dataclass(frozen=True)
class Extract:
    """Rows of a database in a scratch file."""

    reading: Reading
    fingerprint: str


@dataclass(frozen=True)
class Origin:
    """What a process reads: a table, or a query; `source` is its name in the ledger."""

    source: str
    table: tuple[str, str] | None
    query: str | None

    def relation(self, cursor: sql.Composable | None = None) -> sql.Composable:
        """The origin in a `from` clause, with what its query says about the cursor."""
        if self.table:
            return table_relation(*self.table)
        return query_relation(self.query or "", cursor)


def find_origin(database: SourceDatabase, config: SourceConfig) -> Origin:
    """The table or the query of a process.

    Raises:
        SourceError: there is no such table.
    """
    if config.table:
        table = database.resolve(config.table)
        return Origin(".".join(table), table, None)
    return Origin("query", None, config.query)


def key_column(columns: Sequence[DatabaseColumn], key: str, where: str) -> DatabaseColumn:
    """The column of the incremental key.

    Raises:
        SourceError: it is not among the columns, or its values have no order in which they grow.
    """
    place = f"{where}: source_config.incremental_key"
    for column in columns:
        if column.title != key:
            continue
        if not _GROWING.fullmatch(column.type):
            raise SourceError(
                f"{place}: '{key}' is {column.type}, whose order is not the one in which records"
                " come and change ('10' before '9'): a load would leave out what is new",
                hint="name a column of numbers, dates or times, or cast it in source_config.query,"
                f" as in `select *, {key}::bigint as {key}_number from …`, and name that",
            )
        return column
    raise SourceError(
        f"{place}: no column '{key}' (has: {', '.join(column.title for column in columns)})"
    )


def extract_all(
    database: SourceDatabase, relation: sql.Composable, filters: Filters, spool: Path
) -> Extract:
    """All rows of a relation that pass the filters."""
    columns = database.columns(relation)
    return _extract(database, columns, select_rows(relation, filters), spool)


def extract_beyond(
    database: SourceDatabase, origin: Origin, config: SourceConfig, cursor: str | None, spool: Path
) -> Extract:
    """The rows at and beyond the cursor in the order of the key; without a cursor all of them."""
    columns = database.columns(origin.relation())
    key = key_column(columns, config.incremental_key or "", database.where)
    bound = cursor_literal(cursor, key.type) if cursor is not None else None
    statement = select_rows(origin.relation(bound), config.filters, key=key.title, cursor=bound)
    return _extract(database, columns, statement, spool)


def rows_without_key(database: SourceDatabase, origin: Origin, config: SourceConfig) -> int:
    """How many rows of the source have no value in the incremental key."""
    key = config.incremental_key or ""
    filters = {**config.filters, key: None} if key not in config.filters else config.filters
    if filters is config.filters:
        return 0
    statement = sql.SQL("select count(*) from ({}) as rows").format(
        select_rows(origin.relation(), filters)
    )
    return int(database.rows(statement)[0][0])


def join_tables(process: EtlProcess, known_tables: frozenset[str] = frozenset()) -> list[str]:
    """The tables of the source database that only the joins of the process read.

    Left out are the process's own source and target, and what other processes write
    (`known_tables`): those are models.
    """
    config = process.source_config
    if config.source_type != "postgresql":
        return []
    main = config.table.rpartition(".")[2] if config.table else first_table(config.query or "")
    own = {process.slug, process.name, process.table_name, main or "", "source"}
    apart = {snake_case(name) for name in own | known_tables}
    found: dict[str, str] = {}
    for join in process.transform_config.joins:
        for table in (join.left_table, join.right_table):
            name = snake_case(table)
            if name not in apart and snake_case(table.rpartition(".")[2]) not in apart:
                found.setdefault(name, table)
    return list(found.values())


def _extract(
    database: SourceDatabase,
    columns: Sequence[DatabaseColumn],
    statement: sql.Composable,
    spool: Path,
) -> Extract:
    if not columns:
        raise SourceError(f"{database.where}: the source has no columns")
    path = spool / "extract.csv"
    fingerprint = database.extract(statement, path)
    titles = tuple(column.title for column in columns)
    header = Header(titles, tuple(column_names(titles)))
    careful = partial(careful_csv, path, PLAIN, header, spool, offsets=False)
    return Extract(fast_csv(path, PLAIN, header, careful), fingerprint)
