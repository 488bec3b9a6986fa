"""A warehouse in a DuckDB file.

DuckDB lets one process write a file, and shuts readers of other processes out meanwhile. So writers
queue at our own lock before they open the file, and readers open it read-only and briefly. Whoever
finds the file held waits for the writer that has the lock for as long as it takes, and for a program
that does not know the lock for a while.

Opening a file of many tables, and closing it again, takes longer than a small batch does. So loads
that follow one another may share a connection, for some seconds at the most (`stay_open`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from controlplane.config import TargetSettings
from controlplane.errors import TargetError
from controlplane.targets.base import (
    MissingRelationError,
    OnWait,
    WriteLock,
    literal,
    lock_timeout,
    quoted,
)
from controlplane.targets.lock import file_lock, holder_of

MEMORY_LIMIT = "1GB"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5
# After so long, others have their turn before the next load.
_SHARED_SECONDS = 5.0
_CLOSED = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_HELD = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


@dataclass(frozen=True)
class _Open:
    """A connection that writes, under the writers' lock, until `close`."""

    connection: duckdb.DuckDBPyConnection
    since: float
    close: Callable[[], None]


class DuckDBTarget:
    """A DuckDB file; a file that is missing is a warehouse with nothing in it."""

    def __init__(self, settings: TargetSettings, on_wait: OnWait | None = None) -> None:
        if settings.path is None:
            raise TargetError(f"target '{settings.name}' has no path to a DuckDB file")
        self.settings = settings
        self.path = settings.path
        self._lock_path = self.path.with_name(f"{self.path.name}.lock")
        self._on_wait = on_wait
        self._owner = threading.RLock()
        self._held: WriteLock | None = None
        self._staying: int | None = None  # the thread whose loads share a connection
        self._shared: _Open | None = None

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, over a short connection that only reads."""
        if self._shared is not None and self._staying == threading.get_ident():
            connection = self._shared.connection.cursor()
        else:
            exists = self.path.exists()
            connection = self._connect(read_only=True) if exists else duckdb.connect()
        with closing(connection), translated(self.path):
            return _rows(connection, sql, params)

    def relations(self) -> set[tuple[str, str]]:
        """Schema and name of every table and view."""
        rows = self.query(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = current_database()"
        )
        return {(schema, name) for schema, name in rows}

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """Name and type of each column in its order; empty where there is no such table."""
        rows = self.query(
            "select column_name, data_type from information_schema.columns"
            " where table_catalog = current_database() and table_schema = ? and table_name = ?"
            " order by ordinal_position",
            (schema, table),
        )
        return [(name, kind) for name, kind in rows]

    @contextmanager
    def write_lock(
        self, holder: str, *, wait: bool = True, on_wait: OnWait | None = None
    ) -> Iterator[WriteLock]:
        """The right to write the file; see `Target.write_lock`."""
        with self._owner:
            if self._held is not None:
                yield self._held
                return
            what = str(self.path)
            with file_lock(self._lock_path, what, holder, wait=wait, on_wait=on_wait) as lock:
                self._held = lock
                try:
                    yield lock
                finally:
                    self._held = None

    @contextmanager
    def stay_open(self) -> Iterator[None]:
        """Load sessions of this thread within the block share a connection; see `Target.stay_open`."""
        self._staying = threading.get_ident()
        try:
            yield
        finally:
            self.let_go()
            self._staying = None

    def let_go(self) -> None:
        """Close what load sessions share, and release the lock."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.close()

    @contextmanager
    def load_session(
        self, holder: str, scratch: Path, *, wait: bool = True, on_wait: OnWait | None = None
    ) -> Iterator[DuckDBLoadSession]:
        """A connection that loads, under the writers' lock."""
        stays = self._staying == threading.get_ident()
        opened = (self._left_open(scratch) if stays else None) or self._open(holder, wait, on_wait)
        with ExitStack() as stack:
            stack.callback(opened.close)
            # Temporary tables go with the cursor.
            with closing(opened.connection.cursor()) as cursor:
                with translated(self.path):
                    prepare_reader(cursor, scratch)
                yield DuckDBLoadSession(cursor, self.path)
            if stays:
                self._shared = opened
                stack.pop_all()

    def _left_open(self, scratch: Path) -> _Open | None:
        """What the last load left open, if this one may go on with it."""
        shared, self._shared = self._shared, None
        if shared is None:
            return None
        if time.monotonic() - shared.since < _SHARED_SECONDS:
            # DuckDB cannot turn to another folder once it has written into one.
            with suppress(duckdb.Error):
                shared.connection.execute(f"set temp_directory = {literal(str(scratch))}")
                return shared
        shared.close()
        return None

    def _open(self, holder: str, wait: bool, on_wait: OnWait | None) -> _Open:
        with ExitStack() as stack:
            stack.enter_context(self.write_lock(holder, wait=wait, on_wait=on_wait))
            self._create()
            connection = stack.enter_context(closing(self._connect(read_only=False)))
            return _Open(connection, time.monotonic(), stack.pop_all().close)

    def _create(self) -> None:
        """Make the file if there is none, whole or not at all.

        A process that is killed while DuckDB makes a file leaves one that nobody can open.
        """
        if self.path.exists():
            return
        beside = self.path.with_name(f".{self.path.name}.new")
        with translated(self.path):
            beside.unlink(missing_ok=True)
            duckdb.connect(str(beside), config=dict(_CLOSED)).close()
        try:
            # Not over a file that a program made meanwhile which knows nothing of the lock.
            self.path.hardlink_to(beside)
        except FileExistsError:
            pass
        except OSError:  # a file system without such links
            beside.replace(self.path)
        beside.unlink(missing_ok=True)

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """A connection, as soon as nobody else has the file open in a way that excludes it."""
        deadline = time.monotonic() + lock_timeout()
        pause, told = _FIRST_PAUSE, False
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only, config=dict(_CLOSED))
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                held = _HELD.search(str(error))
                ours = isinstance(error, duckdb.ConnectionException)
                if not (held or ours or "Could not set lock" in str(error)):
                    raise translate(error, self.path) from error
                writer = holder_of(self._lock_path) if self._held is None else None
                if writer is not None:
                    if self._on_wait and not told:
                        self._on_wait(f"waiting for {writer}, who is writing {self.path}")
                    told, deadline = True, time.monotonic() + lock_timeout()
                if time.monotonic() >= deadline:
                    who = (
                        f"{held['program']} (process {held['pid']})" if held else "another program"
                    )
                    raise TargetError(
                        f"{self.path}: is held open by {who}",
                        hint="end that program, or set DATABANK_LOCK_TIMEOUT to wait longer",
                    ) from error
            except duckdb.Error as error:
                raise translate(error, self.path) from error
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[Any]
) -> list[tuple[Any, ...]]:
    if not params:
        return connection.execute(sql).fetchall()
    # The driver imports pandas to look at a parameter, which takes half a second.
    connection.execute(f"prepare databank_query as {sql}")
    values = ", ".join(_sql_value(value) for value in params)
    return connection.execute(f"execute databank_query({values})").fetchall()


def _sql_value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return literal(str(value))


class DuckDBLoadSession:
    """Reads and writes over one connection."""

    copies_text = False

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.reader = connection
        self._path = path

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One DuckDB transaction; the writers' lock keeps everybody else out."""
        with translated(self._path):
            self.reader.begin()
        try:
            yield
        except BaseException:
            # After some errors, a full disk among them, DuckDB has ended the transaction itself.
            with suppress(duckdb.Error):
                self.reader.rollback()
            raise
        with translated(self._path):
            self.reader.commit()

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with translated(self._path):
            return _rows(self.reader, sql, params)

    def column_names(self, schema: str, table: str) -> list[str]:
        """The columns of a table, which are asked of itself: the catalogue's views read every table."""
        with translated(self._path):
            try:
                self.reader.execute(f"from {quoted(schema)}.{quoted(table)} limit 0")
            except duckdb.CatalogException:
                return []
            return [name for name, *_ in self.reader.description or ()]

    def append(self, table: str, columns: Sequence[str], select: str) -> int:
        """How many rows the `select` put into the table."""
        self.reader.execute(f"insert into {table} ({', '.join(columns)}) {select}")
        row = self.reader.fetchone()
        return int(row[0]) if row else 0

    def pull(self, name: str, columns: Sequence[str], sql: str) -> None:
        """Make the rows of a query a temporary table."""
        with translated(self._path):
            self.reader.execute(
                f"create or replace temp table {name} as select {', '.join(columns)} from ({sql})"
            )

    def index_batches(self, raw_table: str) -> None:
        """Nothing: DuckDB keeps the bounds of each row group, and batches are in order."""


def prepare_reader(connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Settings under which files are read the same way everywhere, within bounded memory."""
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"set temp_directory = {literal(str(scratch))}")
    connection.execute("set TimeZone = 'UTC'")
    # It would be written between the answers on standard output.
    connection.execute("set enable_progress_bar = false")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors into ours."""
    try:
        yield
    except duckdb.Error as error:
        raise translate(error, path) from error


def translate(error: duckdb.Error, path: Path) -> TargetError:
    """Our error for one of DuckDB's."""
    text = str(error)
    first = text.splitlines()[0] if text else type(error).__name__
    plain = re.sub(r"^(?:\w+ ){1,3}Error: ", "", first)
    if isinstance(error, duckdb.CatalogException) and "does not exist" in text:
        return MissingRelationError(f"{path}: {plain}")
    if is_full(text):
        return TargetError(
            f"{path}: the disk is full ({plain})",
            hint="free some space and run the same command again; nothing was lost",
        )
    if "Permission denied" in text:
        return TargetError(f"{path}: permission denied", hint="make the file and folder writable")
    if "not a valid DuckDB database file" in text:
        return TargetError(f"{path}: is not a DuckDB database file")
    return TargetError(f"{path}: {plain}")


def is_full(text: str) -> bool:
    """Whether an engine's message says that a disk is full."""
    return "No space left on device" in text or "ENOSPC" in text or "max_temp_directory" in text
