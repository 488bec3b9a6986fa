"""Opens the state store's database and brings its schema up to date.

Invariants: an up-to-date store is opened without importing Alembic; two processes that open a new
store at once both find it complete; a store that newer code has changed is not touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url

from controlplane.errors import StateError
from controlplane.state.scrub import scrub
from controlplane.state.tables import REVISIONS, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 30_000
# Any number will do, as long as every process that migrates a store uses the same.
ADVISORY_LOCK = 0x6461_7461_626B
_WRITE = "databank_write"
_SPARE_BYTES = 1 << 16


class Database:
    """One open state store: short transactions on it, errors as `StateError`."""

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self.place = self._url.render_as_string(hide_password=True)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = self._sqlite_engine() if self.is_sqlite else self._postgres_engine()
        self._writer = self._engine.execution_options(**{_WRITE: True})
        try:
            self._upgrade_if_needed()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the store."""
        with self._errors_translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; on SQLite it waits its turn at the start, never in between."""
        with self._errors_translated(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            text = scrub(str(cause)).strip()
            if self._is_full(text):
                raise StateError(
                    f"state store {self.place}: the disk is full ({text})",
                    hint="free some space and run the same command again; nothing was lost",
                ) from error
            raise StateError(
                f"state store {self.place}: {text}",
                hint="the store is set by DATABANK_STATE_URL, default .databank/state.db",
            ) from error

    def _is_full(self, text: str) -> bool:
        """Whether a disk without space is what an error says, or what is behind it."""
        if "disk is full" in text or "No space left on device" in text:
            return True
        # SQLite has no other words for it when it cannot extend what it shares between processes.
        if not self.is_sqlite or "disk I/O error" not in text:
            return False
        with suppress(OSError):
            return shutil.disk_usage(Path(str(self._url.database)).parent).free < _SPARE_BYTES
        return False

    def _sqlite_engine(self) -> Engine:
        file = Path(str(self._url.database))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"state store {self.place}: {file.parent} cannot be made: {error.strerror}"
            ) from error
        engine = create_engine(self._url)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            # The driver's own transaction handling starts none for reads; ours is explicit.
            connection.isolation_level = None
            connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("pragma foreign_keys = on")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get(_WRITE)
            # A transaction that reads first and writes later could not wait for another writer.
            connection.exec_driver_sql("begin immediate" if writes else "begin")

        return engine

    def _postgres_engine(self) -> Engine:
        return create_engine(
            self._url,
            # A scheduler outlives restarts of its database.
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "databank"},
        )

    def _upgrade_if_needed(self) -> None:
        with self.read() as connection:
            version = self._version(connection)
        if version == REVISIONS[-1]:
            return
        if not self.is_sqlite:
            with self.write() as connection:
                connection.execute(
                    text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK}
                )
                self._upgrade(connection)
            return

        from filelock import FileLock

        with FileLock(f"{self._url.database}.upgrade.lock"):
            # Write-ahead logging is a lasting property of the file that no transaction can set.
            # It lets readers read while one process writes.
            with self._errors_translated(), self._engine.connect() as connection:
                driver = connection.connection.driver_connection
                if driver is not None:
                    driver.execute("pragma journal_mode = wal")
            with self.write() as connection:
                self._upgrade(connection)

    def _version(self, connection: Connection) -> str | None:
        """The store's schema version; None for a new store.

        Raises:
            StateError: the version is none that this code knows.
        """
        exists = (
            "select 1 from sqlite_master where type = 'table' and name = :name"
            if self.is_sqlite
            else "select to_regclass(:name)"
        )
        if connection.execute(text(exists), {"name": VERSION_TABLE}).scalar() is None:
            return None
        query = text(f"select version_num from {VERSION_TABLE}")  # noqa: S608
        version = connection.execute(query).scalar()
        if version is not None and version not in REVISIONS:
            raise StateError(
                f"state store {self.place} has schema version {version},"
                f" newer than this Databank knows (up to {REVISIONS[-1]})",
                hint="update Databank, or name another store with DATABANK_STATE_URL",
            )
        return None if version is None else str(version)

    def _upgrade(self, connection: Connection) -> None:
        """Run the migrations that are missing; the caller holds the lock and commits."""
        if self._version(connection) == REVISIONS[-1]:
            return  # another process did it while this one waited for the lock
        from alembic import command

        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def alembic_config() -> Config:
    """Alembic's settings for the migrations of this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _parse(url: str) -> URL:
    """The store's address with the driver that Databank uses."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise StateError(
            f"state store: {scrub(url)!r} is not a database address",
            hint="set DATABANK_STATE_URL to sqlite:///<file> or postgresql://<user>@<host>/<database>",
        ) from error
    backend = parsed.drivername.partition("+")[0]
    if backend in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg2")
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    raise StateError(
        f"state store: {parsed.render_as_string(hide_password=True)!r} cannot hold jobs"
        " (supported: a SQLite file, PostgreSQL)",
        hint="set DATABANK_STATE_URL to sqlite:///<file> or postgresql://<user>@<host>/<database>",
    )
