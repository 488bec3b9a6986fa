"""The state store: runs as rows. Definitions are files, data is in the warehouse; neither is here.

Only `jobs` writes it, the run its node states, and validations their results.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from controlplane.config import Project
from controlplane.errors import StateError
from controlplane.state.claim_rows import ClaimRows
from controlplane.state.engine import Database
from controlplane.state.quality_rows import QualityRows
from controlplane.state.result_rows import ResultRows


class Store(ClaimRows, ResultRows, QualityRows):
    """An open state store, seen from one project. Close it, or use it in a `with` statement.

    Every method is one transaction; a store may be used from several threads.
    """

    def __init__(self, url: str, project: str) -> None:
        super().__init__(Database(url), project)

    @property
    def place(self) -> str:
        """Where the store is, without its password."""
        return self._database.place

    def close(self) -> None:
        """Close every connection to the store."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(project: Project) -> Store:
    """The project's state store, made or brought up to date if need be.

    Raises:
        StateError: it cannot be reached, or is newer than this code.
    """
    try:
        project.ensure_state_dir()
    except OSError as error:
        raise StateError(
            f"state store: {project.state_dir} cannot be made: {error.strerror}"
        ) from error
    return Store(project.state_url, project.name)
