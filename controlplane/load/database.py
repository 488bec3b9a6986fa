"""A PostgreSQL database as a source: one snapshot, read with COPY into scratch files.

Values are text as PostgreSQL prints them under fixed settings, so that the same row reads the same
on every server and in every session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg2.extensions
from psycopg2 import sql

from controlplane.errors import SourceError
from controlplane.load.spool import disk_errors
from controlplane.specs.cursor_query import PLACE, with_cursor
from controlplane.targets.postgres_connection import connect, parse, place, translated

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.specs.etl import EtlProcess

_SETTINGS = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    # Two scans of an unchanged table give its rows in the same order.
    "synchronize_seqscans": "off",
}
_COPY_BYTES = 1 << 20

Filters = Mapping[str, Any]


@dataclass(frozen=True)
class DatabaseColumn:
    """A column of a query's result, with its type as PostgreSQL writes it."""

    title: str
    type: str


class SourceDatabase:
    """A read-only snapshot of a database."""

    def __init__(self, connection: psycopg2.extensions.connection, where: str) -> None:
        self._connection = connection
        self.where = where

    def rows(self, statement: str | sql.Composable, params: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query."""
        with translated(self.where, SourceError), self._connection.cursor() as cursor:
            cursor.execute(statement, list(params) or None)
            return cursor.fetchall()

    def columns(self, relation: sql.Composable) -> list[DatabaseColumn]:
        """The columns of a relation, without reading it."""
        with translated(self.where, SourceError), self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("select * from {} as source limit 0").format(relation))
            found = [(column.name, column.type_code, column) for column in cursor.description or ()]
            codes = list({code for _, code, _ in found})
            cursor.execute(
                "select t, format_type(t, null) from unnest(%s::oid[]) as t", (codes or [0],)
            )
            names = dict(cursor.fetchall())
        columns = []
        for title, code, described in found:
            kind = str(names[code])
            if kind == "numeric" and described.precision and described.precision < 1000:
                kind = f"numeric({described.precision},{described.scale or 0})"
            columns.append(DatabaseColumn(title, kind))
        return columns

    def resolve(self, table: str) -> tuple[str, str]:
        """Schema and name of a table, found as the connection's search path finds it.

        Raises:
            SourceError: there is none; the message lists those there are.
        """
        parts = table.split(".")
        name = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
        found = self.rows(
            "select n.nspname, c.relname from pg_class c join pg_namespace n"
            " on n.oid = c.relnamespace where c.oid = to_regclass(%s)",
            (name,),
        )
        if not found:
            others = self.rows(
                "select c.relname from pg_class c where pg_table_is_visible(c.oid)"
                " and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace not in"
                " ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
                " order by 1 limit 20"
            )
            has = ", ".join(row[0] for row in others) or "no table"
            raise SourceError(f"{self.where}: has no table '{table}' (has: {has})")
        return str(found[0][0]), str(found[0][1])

    def primary_key(self, schema: str, table: str) -> list[str]:
        """The columns of the table's primary key, in its order; empty where it has none."""
        rows = self.rows(
            "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid"
            " and a.attnum = any(i.indkey) where i.indisprimary"
            " and i.indrelid = to_regclass(%s) order by array_position(i.indkey, a.attnum)",
            (f'"{schema}"."{table}"',),
        )
        return [row[0] for row in rows]

    def not_null(self, schema: str, table: str) -> set[str]:
        """The columns of the table that are declared `not null`."""
        rows = self.rows(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnotnull"
            " and attnum > 0 and not attisdropped",
            (f'"{schema}"."{table}"',),
        )
        return {row[0] for row in rows}

    def extract(self, statement: sql.Composable, path: Path) -> str:
        """Write the rows of a query to a file as CSV without a header; the SHA-256 of its text."""
        with disk_errors(path.parent), path.open("wb") as file:
            spool = _HashedFile(file)
            with translated(self.where, SourceError), self._connection.cursor() as cursor:
                copy = sql.SQL("copy ({}) to stdout (format csv)").format(statement)
                cursor.copy_expert(copy, spool, size=_COPY_BYTES)
        return spool.fingerprint


class _HashedFile:
    """A file that knows the hash of what was written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._file.write(data)

    @property
    def fingerprint(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def open_database(process: EtlProcess, project: Project) -> Iterator[SourceDatabase]:
    """A snapshot of the source's database, as it is when the first query runs."""
    from controlplane.specs.secrets import resolve_secrets

    text = resolve_secrets(process.source_config.connection_string or "", project.environment)
    what = f"{process.slug}: source_config.connection_string"
    with snapshot(text, what, f"source of {process.slug}") as database:
        yield database


@contextmanager
def snapshot(connection_string: str, what: str, purpose: str) -> Iterator[SourceDatabase]:
    """A snapshot of a database, as it is when the first query runs.

    Args:
        connection_string: where it is, secrets included.
        what: what the connection string is called in messages.
        purpose: what the server is told that the connection is for.
    """
    parameters = parse(connection_string, what)
    where = place(parameters)
    options = " ".join(
        f"-c {key}={value.replace(' ', chr(92) + ' ')}" for key, value in _SETTINGS.items()
    )
    parameters["options"] = f"{parameters.get('options') or ''} {options}".strip()
    name = f"databank: {purpose}"
    with closing(connect(parameters, where, SourceError, name=name)) as connection:
        with translated(where, SourceError):
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield SourceDatabase(connection, where)


def table_relation(schema: str, table: str) -> sql.Composable:
    """A table as it stands in a `from` clause."""
    return sql.Identifier(schema, table)


def query_relation(query: str, cursor: sql.Composable | None) -> sql.Composable:
    """A query as it stands in a `from` clause; without a cursor it is that of the first load."""
    text = with_cursor(query, first=cursor is None)
    pieces: list[sql.Composable] = []
    for part in text.split(PLACE):
        if pieces and cursor is not None:
            pieces.append(cursor)
        pieces.append(sql.SQL(part))
    # The line break ends a comment that the query may end with.
    return sql.SQL("({}\n)").format(sql.Composed(pieces))


def select_rows(
    relation: sql.Composable,
    filters: Filters,
    *,
    key: str | None = None,
    cursor: sql.Composable | None = None,
) -> sql.Composable:
    """The query for the rows that pass the filters and lie at or beyond the cursor."""
    conditions = [_condition(column, value) for column, value in filters.items()]
    statement = sql.SQL("select * from {} as source").format(relation)
    if key and cursor is not None:
        conditions.append(sql.SQL("{} >= {}").format(sql.Identifier("source", key), cursor))
    if conditions:
        statement += sql.SQL(" where ") + sql.SQL(" and ").join(conditions)
    if key:
        statement += sql.SQL(" order by {} nulls first").format(sql.Identifier("source", key))
    return statement


def cursor_literal(value: str, kind: str) -> sql.Composable:
    """The cursor as a literal of the key's type."""
    # The type comes from the server's own catalogue.
    return sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(kind))


def _condition(column: str, value: Any) -> sql.Composable:
    name = sql.Identifier("source", column)
    if not isinstance(value, list):
        if value is None:
            return sql.SQL("{} is null").format(name)
        return sql.SQL("{} = {}").format(name, _untyped(value))
    present = [item for item in value if item is not None]
    choices = []
    if present:
        listed = sql.SQL(", ").join(_untyped(item) for item in present)
        choices.append(sql.SQL("{} in ({})").format(name, listed))
    if len(present) < len(value):
        choices.append(sql.SQL("{} is null").format(name))
    if not choices:
        return sql.SQL("false")
    return sql.SQL("({})").format(sql.SQL(" or ").join(choices))


def _untyped(value: Any) -> sql.Composable:
    """The value as a string, which PostgreSQL reads in the type of the column beside it."""
    return sql.Literal(str(value).lower() if isinstance(value, bool) else str(value))
