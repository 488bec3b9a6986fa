"""Every error Databank raises on purpose, and the exit code each one ends a command with.

    DatabankError            2  the base: the request was wrong
    ├── ConfigError          2  project, profile or environment cannot be used
    ├── SpecError            2  specs with problems, all of them listed
    ├── SourceError          1  a source cannot be read
    ├── TargetError          1  the warehouse cannot be reached or refused the work
    ├── LoadError            1  a load stopped before it wrote anything
    ├── DbtError             1  dbt did not do what was asked
    ├── StateError           1  the state store cannot be used
    ├── JobError             2  no such job, or not in a state that allows the request
    └── LockBusyError        4  somebody else is writing, and waiting was not wanted

A message says what, where, the value found and the valid ones; `hint` says what to do next.
Messages never contain a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means."""

    DONE = 0
    FAILED = 1
    WRONG_REQUEST = 2
    PENDING = 3
    BUSY = 4
    INTERRUPTED = 130


class DatabankError(Exception):
    """The request cannot be carried out; the message is for the person who made it."""

    exit_code = ExitCode.WRONG_REQUEST

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class ConfigError(DatabankError):
    """Project, profile or environment cannot be used as they are."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one place of one file."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f"{place}: {self.field}" if self.field else place
        return f"{where}: {self.message}"


class SpecError(DatabankError):
    """One or more specs cannot be used; `problems` has every problem found."""

    def __init__(self, problems: Sequence[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class SourceError(DatabankError):
    """A source cannot be read."""

    exit_code = ExitCode.FAILED


class TargetError(DatabankError):
    """The warehouse cannot be reached, or refused the work."""

    exit_code = ExitCode.FAILED


class LoadError(DatabankError):
    """A load stopped; what was in the warehouse before is still there."""

    exit_code = ExitCode.FAILED


class DbtError(DatabankError):
    """dbt did not do what was asked of it."""

    exit_code = ExitCode.FAILED


class StateError(DatabankError):
    """The state store cannot be used."""

    exit_code = ExitCode.FAILED


class JobError(DatabankError):
    """No such job, or the job is not in a state that allows the request."""


class LockBusyError(DatabankError):
    """Another process is writing the warehouse, and waiting was not wanted."""

    exit_code = ExitCode.BUSY
