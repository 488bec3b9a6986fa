"""A warehouse in a PostgreSQL database.

PostgreSQL lets many write at once. What two loaders share is the ledger, whose batch ids have to
grow in the order of the commits; so each loading transaction first takes an advisory lock, which
the server gives back at its end, however that comes.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2.extensions

from controlplane.config import TargetSettings
from controlplane.errors import LockBusyError, TargetError
from controlplane.naming import RAW_SCHEMA
from controlplane.targets.base import OnWait, WriteLock, literal
from controlplane.targets.postgres_connection import connect, translated

if TYPE_CHECKING:
    import duckdb

# The two keys of an advisory lock: ours, and what is locked.
_NAMESPACE = 0x44617462
_WRITERS, _LEDGER = 1, 2
_PIPE_BYTES = 1 << 20
_LONGEST_LINE = 1 << 24


class PostgresTarget:
    """A PostgreSQL database."""

    def __init__(self, settings: TargetSettings) -> None:
        self.settings = settings
        self.where = settings.identity
        self._owner = threading.RLock()
        self._held: WriteLock | None = None

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, over a short connection that only reads."""
        with closing(self._connect("databank")) as connection:
            with translated(self.where, TargetError):
                connection.set_session(readonly=True, autocommit=True)
                with connection.cursor() as cursor:
                    # Compiling long generated expressions takes a hundred times what it saves.
                    cursor.execute("set jit = off")
                    # Without parameters the statement goes as it is: a pattern may hold marks.
                    cursor.execute(*((_marked(sql), list(params)) if params else (sql,)))
                    return cursor.fetchall()

    def relations(self) -> set[tuple[str, str]]:
        """Schema and name of every table and view that is not the server's own."""
        rows = self.query(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid ="
            " c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f')"
            " and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
        )
        return {(schema, name) for schema, name in rows}

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """Name and type of each column in its order; empty where there is no such table."""
        rows = self.query(
            "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a"
            " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = ? and c.relname = ? and a.attnum > 0 and not a.attisdropped"
            " order by a.attnum",
            (schema, table),
        )
        return [(name, kind) for name, kind in rows]

    @contextmanager
    def write_lock(
        self, holder: str, *, wait: bool = True, on_wait: OnWait | None = None
    ) -> Iterator[WriteLock]:
        """The right to write the warehouse; a session's advisory lock."""
        with self._owner:
            if self._held is not None:
                yield self._held
                return
            with closing(self._connect(holder)) as connection:
                connection.autocommit = True
                _take(connection, "pg_advisory_lock", _WRITERS, self.where, wait, on_wait)
                # The lock lives as long as the connection, and that as long as anybody has it open.
                self._held = WriteLock(holder=holder, pass_fds=(connection.fileno(),))
                try:
                    yield self._held
                finally:
                    self._held = None

    @contextmanager
    def load_session(
        self, holder: str, scratch: Path, *, wait: bool = True, on_wait: OnWait | None = None
    ) -> Iterator[PostgresLoadSession]:
        """A connection that loads, beside a DuckDB in memory that reads."""
        import duckdb

        from controlplane.targets.duckdb import prepare_reader

        with closing(self._connect(holder)) as connection, closing(duckdb.connect()) as reader:
            prepare_reader(reader, scratch)
            yield PostgresLoadSession(connection, reader, scratch, self.where, wait, on_wait)

    def stay_open(self) -> AbstractContextManager[None]:
        """Nothing is shared: a connection is made in no time, and its locks are a batch's."""
        return nullcontext()

    def let_go(self) -> None:
        """Nothing to end."""

    def _connect(self, name: str) -> psycopg2.extensions.connection:
        settings = self.settings
        parameters = {
            "host": settings.host,
            "port": settings.port,
            "user": settings.user,
            "password": settings.password,
            "dbname": settings.dbname,
            "sslmode": settings.sslmode,
        }
        return connect(parameters, self.where, TargetError, name=name)


class PostgresLoadSession:
    """Reads with DuckDB and writes with COPY; no row passes through Python one by one."""

    # The server takes the rows of a COPY one after the other, and starts with the first.
    copies_text = True

    def __init__(
        self,
        connection: psycopg2.extensions.connection,
        reader: duckdb.DuckDBPyConnection,
        scratch: Path,
        where: str,
        wait: bool,
        on_wait: OnWait | None,
    ) -> None:
        self.reader = reader
        self._connection = connection
        self._scratch = scratch
        self._where = where
        self._wait = wait
        self._on_wait = on_wait

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One PostgreSQL transaction under the ledger's lock."""
        _take(
            self._connection,
            "pg_advisory_xact_lock",
            _LEDGER,
            self._where,
            self._wait,
            self._on_wait,
        )
        try:
            yield
        except BaseException:
            with suppress(psycopg2.Error):
                self._connection.rollback()
            raise
        with translated(self._where, TargetError):
            self._connection.commit()

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with translated(self._where, TargetError), self._connection.cursor() as cursor:
            cursor.execute(_marked(sql), list(params))
            return cursor.fetchall() if cursor.description else []

    def column_names(self, schema: str, table: str) -> list[str]:
        """The columns of a table."""
        rows = self.query(
            "select column_name from information_schema.columns"
            " where table_schema = ? and table_name = ? order by ordinal_position",
            (schema, table),
        )
        return [name for (name,) in rows]

    def append(self, table: str, columns: Sequence[str], select: str) -> int:
        """How many rows the reader's `select` put into the table."""
        import duckdb

        receiving, sending = _pipe()
        failures: list[duckdb.Error] = []

        def send() -> None:
            try:
                self.reader.execute(
                    f"copy ({select}) to '/dev/fd/{sending}'"
                    " (format csv, header false, delimiter ',', quote '\"', escape '\"',"
                    " nullstr '')"
                )
            except duckdb.Error as error:
                failures.append(error)
            finally:
                os.close(sending)

        sender = threading.Thread(target=send, name="databank-reader")
        source = os.fdopen(receiving, "rb", buffering=0)
        with translated(self._where, TargetError), self._connection.cursor() as cursor:
            sender.start()
            try:
                cursor.copy_expert(
                    f"copy {table} ({', '.join(columns)}) from stdin (format csv)",
                    source,
                    size=_PIPE_BYTES,
                )
            except BaseException:
                self.reader.interrupt()
                raise
            finally:
                # Without a reader at its other end the pipe breaks, and the sender with it.
                source.close()
                sender.join()
            if failures:
                # COPY saw nothing but an early end of its input; the caller rolls back.
                raise failures[0]
            return int(cursor.rowcount)

    def pull(self, name: str, columns: Sequence[str], sql: str) -> None:
        """Make the rows of a query a temporary table of the reader."""
        path = self._scratch / f"{name}.csv"
        kinds = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
        with translated(self._where, TargetError), self._connection.cursor() as cursor:
            try:
                with path.open("wb") as spool:
                    cursor.copy_expert(f"copy ({sql}) to stdout (format csv)", spool)
                self.reader.execute(
                    f"create or replace temp table {name} as select * from read_csv("
                    f"{literal(str(path))}, auto_detect = false, header = false, delim = ',',"
                    " quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false,"
                    f" max_line_size = {_LONGEST_LINE}, buffer_size = {4 * _LONGEST_LINE},"
                    f" columns = {{{kinds}}})"
                )
            finally:
                path.unlink(missing_ok=True)

    def index_batches(self, raw_table: str) -> None:
        """An index of a few kilobytes over the ranges of blocks, which costs loading nothing."""
        self.query(f"create index on {RAW_SCHEMA}.{raw_table} using brin (_batch_id)")


def _take(
    connection: psycopg2.extensions.connection,
    function: str,
    key: int,
    where: str,
    wait: bool,
    on_wait: OnWait | None,
) -> None:
    """Take an advisory lock on this connection, waiting for its holder if that is wanted."""
    attempt = function.replace("pg_advisory", "pg_try_advisory")
    with translated(where, TargetError), connection.cursor() as cursor:
        cursor.execute(f"select {attempt}(%s, %s)", (_NAMESPACE, key))
        row = cursor.fetchone()
        if row and row[0]:
            return
        cursor.execute(
            "select a.application_name, a.pid, a.backend_start from pg_locks l"
            " join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and l.granted"
            " and l.classid = %s and l.objid = %s"
            " and l.database = (select oid from pg_database where datname = current_database())",
            (_NAMESPACE, key),
        )
        found = cursor.fetchone()
        holder = (
            f"{found[0]} (server process {found[1]}, since {found[2]:%Y-%m-%dT%H:%M:%S%z})"
            if found
            else "another process"
        )
        if not wait:
            raise LockBusyError(
                f"{where} is being written by {holder}",
                hint="try again later, or leave out --no-wait to wait for it",
            )
        if on_wait:
            on_wait(f"waiting for {holder}, who is writing {where}")
        cursor.execute(f"select {function}(%s, %s)", (_NAMESPACE, key))


def _pipe() -> tuple[int, int]:
    receiving, sending = os.pipe()
    # The system's bound for a pipe may be lower; then it stays as it is.
    with suppress(OSError, AttributeError):
        fcntl.fcntl(sending, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return receiving, sending


def _marked(sql: str) -> str:
    """The statement with psycopg2's marks for parameters in the place of `?`."""
    return sql.replace("%", "%%").replace("?", "%s")
