"""What every warehouse can do, whichever engine it runs on.

Statements that are handed to a target use SQL that DuckDB and PostgreSQL both understand, with `?`
for each parameter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from controlplane.config import TargetSettings
from controlplane.errors import TargetError

if TYPE_CHECKING:
    import duckdb

LOCK_TIMEOUT_VARIABLE = "DATABANK_LOCK_TIMEOUT"
DEFAULT_LOCK_TIMEOUT = 60.0

OnWait = Callable[[str], None]


class MissingRelationError(TargetError):
    """The statement names a table or a schema that the warehouse does not have yet."""


@dataclass(frozen=True)
class WriteLock:
    """The right to write a warehouse.

    A child process that inherits `pass_fds` keeps the lock for as long as it lives, also when the
    process that took it is killed.
    """

    holder: str
    pass_fds: tuple[int, ...] = ()


class LoadSession(Protocol):
    """A connection that loads: a DuckDB that reads sources, and a warehouse that takes the rows.

    On a DuckDB warehouse both are one connection.
    """

    reader: duckdb.DuckDBPyConnection
    # Whether the warehouse takes the rows as text, one after the other.
    copies_text: bool

    def transaction(self) -> AbstractContextManager[None]:
        """Commits at its end, and keeps nothing when an exception leaves it.

        Whoever is inside is the only one that reads and writes the ledger.
        """
        ...

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement in the warehouse; empty for one that gives no rows."""
        ...

    def column_names(self, schema: str, table: str) -> list[str]:
        """The columns of a table of the warehouse in their order; empty where there is none.

        As fast among ten thousand tables as among ten.
        """
        ...

    def append(self, table: str, columns: Sequence[str], select: str) -> int:
        """How many rows the reader's `select` put into these columns of the warehouse's table."""
        ...

    def pull(self, name: str, columns: Sequence[str], sql: str) -> None:
        """Make the rows of a query in the warehouse the temporary table `name` of the reader.

        `columns` are those of the query; they are text.
        """
        ...

    def index_batches(self, raw_table: str) -> None:
        """Make a batch of a new raw table quick to find, where the engine needs help with that."""
        ...


class Target(Protocol):
    """A warehouse."""

    settings: TargetSettings

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, over a short connection that only reads.

        Raises:
            MissingRelationError: a table of the query does not exist, or nothing does yet.
            TargetError: the warehouse cannot be reached or refuses the query.
        """
        ...

    def relations(self) -> set[tuple[str, str]]:
        """Schema and name of every table and view."""
        ...

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """Name and type of each column in its order; empty where there is no such table."""
        ...

    def write_lock(
        self, holder: str, *, wait: bool = True, on_wait: OnWait | None = None
    ) -> AbstractContextManager[WriteLock]:
        """The right to write the warehouse, for the length of the block.

        The thread that has it can take it again. `on_wait` is told once who it is waited for.

        Raises:
            LockBusyError: somebody else has it and `wait` is false; the message names them.
        """
        ...

    def load_session(
        self,
        holder: str,
        scratch: Path,
        *,
        wait: bool = True,
        on_wait: OnWait | None = None,
    ) -> AbstractContextManager[LoadSession]:
        """A connection that loads, with the locks that keep two loaders apart.

        Args:
            holder: who loads, for those who have to wait.
            scratch: an existing folder for what does not fit into memory.
            wait: whether to wait for another writer, or to raise `LockBusyError`.
            on_wait: is told once who it is waited for.
        """
        ...

    def stay_open(self) -> AbstractContextManager[None]:
        """Load sessions of this thread within the block may share a connection, with its locks.

        Whoever does what takes a while between two of them says `let_go` before.
        """
        ...

    def let_go(self) -> None:
        """Let others have their turn: end what load sessions share, until the next one."""
        ...


def lock_timeout(environment: Mapping[str, str] | None = None) -> float:
    """How many seconds to wait for a program that holds the warehouse without our lock."""
    text = (os.environ if environment is None else environment).get(LOCK_TIMEOUT_VARIABLE, "")
    try:
        return float(text) if text else DEFAULT_LOCK_TIMEOUT
    except ValueError:
        raise TargetError(f"{LOCK_TIMEOUT_VARIABLE} is {text!r}, not a number of seconds") from None


def quoted(identifier: str) -> str:
    """The identifier as both engines read it whatever is in it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as a string literal that both engines read as it stands."""
    return "'" + text.replace("'", "''") + "'"
