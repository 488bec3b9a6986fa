"""Connections to PostgreSQL, as a warehouse and as a source, and their errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from controlplane.errors import DatabankError, SourceError, TargetError

CONNECT_SECONDS = 10
# A peer that is gone without a word is noticed after about a minute.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

ErrorClass = type[SourceError] | type[TargetError]


def connect(
    parameters: dict[str, Any], where: str, error_class: ErrorClass, *, name: str
) -> psycopg2.extensions.connection:
    """An open connection that other people see as `name` in `pg_stat_activity`."""
    given = {key: value for key, value in parameters.items() if value not in (None, "")}
    settings = {
        "connect_timeout": CONNECT_SECONDS,
        **_KEEPALIVE,
        **given,
        "application_name": name[:63],
        "client_encoding": "UTF8",
    }
    with translated(where, error_class):
        connection: psycopg2.extensions.connection = psycopg2.connect(**settings)
    return connection


def parse(connection_string: str, what: str) -> dict[str, Any]:
    """The parts of a connection string.

    Raises:
        SourceError: it is not one; the message does not repeat it, for it may hold a password.
    """
    plain = re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", connection_string.strip())
    try:
        parsed: dict[str, Any] = psycopg2.extensions.parse_dsn(plain)
    except psycopg2.ProgrammingError:
        raise SourceError(
            f"{what}: is not a PostgreSQL connection string",
            hint="write it as postgres://user:{{ env_var('NAME') }}@host:5432/database",
        ) from None
    return parsed


def place(parameters: dict[str, Any]) -> str:
    """Which database this is, for messages; without user and password."""
    host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
    port = parameters.get("port") or 5432
    return f"postgres://{host}:{port}/{parameters.get('dbname') or ''}"


@contextmanager
def translated(where: str, error_class: ErrorClass) -> Iterator[None]:
    """Turns psycopg2's errors into ours."""
    try:
        yield
    except psycopg2.Error as error:
        raise translate(error, where, error_class) from error


def translate(error: psycopg2.Error, where: str, error_class: ErrorClass) -> DatabankError:
    """Our error for one of psycopg2's."""
    from controlplane.targets.base import MissingRelationError

    message = _plain(error)
    lower = message.lower()
    hint = None
    if isinstance(error, psycopg2.errors.UndefinedTable | psycopg2.errors.InvalidSchemaName):
        if error_class is TargetError:
            return MissingRelationError(f"{where}: {message}")
    elif isinstance(error, psycopg2.errors.DiskFull) or "no space left on device" in lower:
        message = f"the disk of the server is full ({message})"
        hint = "free some space there and run the same command again; nothing was lost"
    elif isinstance(error, psycopg2.errors.InsufficientPrivilege):
        hint = "grant the user of the connection this right"
    elif "password authentication failed" in lower or "no password supplied" in lower:
        hint = "check user and password, and the environment variable that the password comes from"
    elif isinstance(error, psycopg2.errors.InvalidCatalogName) or (
        lower.startswith('database "') and "does not exist" in lower
    ):
        hint = "check the name of the database, or create it"
    elif "could not translate host name" in lower or "refused" in lower or "timeout" in lower:
        message = f"cannot be reached: {message}"
        hint = "check host and port, and that the server runs"
    elif isinstance(
        error,
        psycopg2.errors.AdminShutdown | psycopg2.errors.CrashShutdown | psycopg2.InterfaceError,
    ) or ("closed the connection" in lower or "connection already closed" in lower):
        message = f"the database went away in the middle of the work ({message})"
        hint = "run the same command again; nothing of the unfinished batch was kept"
    return error_class(f"{where}: {message}", hint=hint)


def _plain(error: psycopg2.Error) -> str:
    """What the server or the driver says, on one line."""
    text = error.diag.message_primary if error.diag else None
    if not text:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = lines[0] if lines else type(error).__name__
        fatal = [line for line in lines if "FATAL:" in line]
        if fatal:
            text = fatal[-1].partition("FATAL:")[2].strip()
    return text.rstrip(".")
