"""What every part of a run works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import SourceError
from controlplane.jobs import JobRun
from controlplane.run.options import RunOptions
from controlplane.run.result import Reporter, RunResult
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.state.store import Store
from controlplane.targets import Target, WriteLock


@dataclass(frozen=True)
class Context:
    """One attempt of one job: what is asked, of which project, and where the results go."""

    project: Project
    target: Target
    store: Store
    options: RunOptions
    reporter: Reporter
    job: JobRun
    result: RunResult
    every: Sequence[SpecFile[EtlProcess]]
    chosen: Sequence[SpecFile[EtlProcess]]
    attempt: int
    target_path: Path

    @property
    def holder(self) -> str:
        """How those who wait for the warehouse are told who has it."""
        return f"databank run, {self.job.id}"

    @property
    def identity(self) -> str:
        """Under which name the state store keeps what is known of the target."""
        return self.project.target.identity

    def write_lock(
        self, on_wait: Callable[[str], None] | None = None
    ) -> AbstractContextManager[WriteLock]:
        """The right to write the warehouse; `on_wait` hears who has it meanwhile.

        Raises:
            LockBusyError: somebody has it, and waiting is not wanted.
        """
        on_wait = on_wait or self.reporter.waiting
        return self.target.write_lock(self.holder, wait=self.options.wait, on_wait=on_wait)


@contextmanager
def placed(file: SpecFile[EtlProcess]) -> Iterator[None]:
    """Adds to what is wrong with a source which spec names it, and where."""
    try:
        yield
    except SourceError as error:
        place = f"{file.source}:{file.line('source_config')}: source_config"
        raise SourceError(f"{place}: {error.message}", hint=error.hint) from error


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)
