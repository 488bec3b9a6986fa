"""Runs dbt in a process group of its own, which can be timed out and cancelled as a whole.

Invariants: nothing of dbt outlives the process that asked for it, however that one ended; a secret
reaches dbt through the environment alone; each command writes into a target path of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from controlplane.config import Project
from controlplane.dbt.events import Event, LogLine, NodeFinished
from controlplane.dbt.running import Ending, Reading, Running
from controlplane.errors import DbtError

__all__ = ["DbtRun", "DbtSession", "Ending", "dbt_dir", "run_dbt"]


@dataclass(frozen=True)
class DbtRun:
    """One dbt command that is over.

    `exit_code` is dbt's: 0 done, 1 a node failed, 2 dbt could not do it; negative when a signal
    ended the process. `nodes` has the last result that dbt announced of each node, which is all
    there is when it was killed before it wrote its artifacts. `messages` are its warnings and
    errors, `printed` the lines of a command whose answer is text, `compiled` where the SQL of nodes
    that failed is.
    """

    command: str
    exit_code: int
    ending: Ending
    target_path: Path
    seconds: float
    nodes: Mapping[str, NodeFinished] = field(repr=False)
    messages: tuple[LogLine, ...] = field(repr=False)
    printed: tuple[str, ...] = field(default=(), repr=False)
    compiled: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is, if dbt got as far."""
        return self.target_path / "manifest.json"

    @property
    def run_results_path(self) -> Path:
        """Where the results are, if dbt got as far."""
        return self.target_path / "run_results.json"

    @property
    def error(self) -> str:
        """What dbt said was wrong, in its own words; empty when nothing was."""
        return "\n".join(line.message for line in self.messages if line.level == "error")


@dataclass(frozen=True)
class _Ahead:
    """A parse that was begun and not yet waited for."""

    reading: Reading
    target_path: Path


class DbtSession:
    """A process with dbt loaded, which runs one command after the other.

    Its process starts with the first command, with `start` or with `parse_ahead`. Use it as a context
    manager: leaving it ends the process group, after dbt has closed the warehouse in good order.
    """

    def __init__(self, project: Project, *, environment: Mapping[str, str] | None = None) -> None:
        self._project = project
        self._variables = dict(project.environment if environment is None else environment)
        self._running: Running | None = None
        self._ahead: _Ahead | None = None
        self._over = False

    @property
    def pid(self) -> int | None:
        """The process, which is also the process group; None while there is none."""
        return self._running.process.pid if self._running else None

    def start(self) -> None:
        """Begin to load dbt, which takes a second or two, and do not wait for it.

        Raises:
            DbtError: the session is over, or the process cannot be started.
        """
        if self._over:
            raise DbtError("this dbt session is over")
        if self._running is None:
            self._running = Running.start(self._project.root, self._variables)

    def parse_ahead(self, args: Sequence[str] = (), *, target_path: Path) -> None:
        """Begin to load dbt and to parse the project, and wait for neither, but for an earlier one.

        The next command waits for it, hears its warnings, and may reuse its manifest. A parse that
        fails says nothing: the next command fails in its turn.

        Args:
            args: arguments for `parse`.
            target_path: the folder for its artifacts and log; made if missing.

        Raises:
            DbtError: the session is over, or the process cannot be started.
        """
        self.start()
        running = self._running
        assert running is not None  # noqa: S101
        self._finish_ahead(running, Reading(lambda _: None), None, None)
        self._ahead = _Ahead(Reading(lambda _: None), target_path)
        arguments = ["parse", *self._flags(target_path), *args]
        running.send({"arguments": arguments, "reuse_manifest": False}, ())

    def run(
        self,
        command: str,
        args: Sequence[str] = (),
        *,
        target_path: Path,
        timeout: float | None = None,
        on_event: Callable[[Event], None] | None = None,
        pass_fds: Sequence[int] = (),
        cancelled: threading.Event | None = None,
        reuse_manifest: bool = False,
    ) -> DbtRun:
        """Run one command to its end; whatever ends it early ends the session's process group.

        Args:
            command: a dbt command, such as `build` or `docs generate`.
            args: its arguments, as dbt takes them.
            target_path: the folder for artifacts and log; made if missing.
            timeout: seconds after which the command is ended.
            on_event: called in this thread with each event as it comes.
            pass_fds: descriptors that the process holds open until it ends.
            cancelled: ends the command soon after it is set.
            reuse_manifest: take the manifest of this session's last `parse` instead of parsing.

        Raises:
            DbtError: the session is over, or the process cannot be started.
        """
        self.start()
        running = self._running
        assert running is not None  # noqa: S101
        started = time.monotonic()
        words = command.split()
        reading = Reading(on_event or (lambda _: None))
        deadline = None if timeout is None else started + timeout
        try:
            ending = self._finish_ahead(running, reading, deadline, cancelled)
            if ending is Ending.ITSELF:
                arguments = [*words, *self._flags(target_path), *args]
                running.send({"arguments": arguments, "reuse_manifest": reuse_manifest}, pass_fds)
                ending = running.follow(reading, deadline, cancelled)
        except BaseException:
            self._end(interrupt=True)
            raise
        code = reading.exit_code
        if ending is not Ending.ITSELF or code is None:
            status = self._end(interrupt=True, reading=reading)
            code = status if reading.exit_code is None else reading.exit_code
        # A process that was ended may have left half of it.
        if ending is Ending.ITSELF and code >= 0:
            self._keep_parsed(target_path)
        return DbtRun(
            command=command,
            exit_code=code,
            ending=ending,
            target_path=target_path,
            seconds=time.monotonic() - started,
            nodes=reading.nodes,
            messages=tuple(reading.messages),
            printed=tuple(reading.printed),
            compiled=reading.compiled,
        )

    def close(self) -> None:
        """End the process and everything it started."""
        self._end(interrupt=False)

    def __enter__(self) -> DbtSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(interrupt=error is not None)

    def _end(self, *, interrupt: bool, reading: Reading | None = None) -> int:
        """The exit status of the process; 0 when there was none."""
        self._over = True
        running, self._running = self._running, None
        ahead, self._ahead = self._ahead, None
        if running is None:
            return 0
        # Nobody waits for a parse that nobody asked for.
        interrupt = interrupt or ahead is not None
        return running.end(reading or Reading(lambda _: None), interrupt=interrupt)

    def _finish_ahead(
        self,
        running: Running,
        reading: Reading,
        deadline: float | None,
        cancelled: threading.Event | None,
    ) -> Ending:
        """Wait for the parse that was begun, if any; `reading` hears what it had to say."""
        if self._ahead is None:
            return Ending.ITSELF
        ending = running.follow(self._ahead.reading, deadline, cancelled)
        ahead, self._ahead = self._ahead, None
        if ending is Ending.ITSELF and ahead.reading.exit_code == 0:
            self._keep_parsed(ahead.target_path)
            for message in ahead.reading.messages:
                reading.messages.append(message)
                reading.on_event(message)
        return ending

    def _keep_parsed(self, target_path: Path) -> None:
        parsed = self._partial_parse_path()
        if (target_path / parsed.name).exists():
            parsed.parent.mkdir(parents=True, exist_ok=True)
            (target_path / parsed.name).replace(parsed)

    def _flags(self, target_path: Path) -> list[str]:
        target_path.mkdir(parents=True, exist_ok=True)
        parsed = self._partial_parse_path()
        flags = [
            "--project-dir",
            str(self._project.root),
            "--profiles-dir",
            str(self._project.profiles_dir),
            "--target",
            self._project.target.name,
            "--target-path",
            str(target_path),
            "--log-path",
            str(target_path),
            "--log-format",
            "json",
            "--no-use-colors",
            # At dbt's own level its log costs a tenth of a build, and 10 MB for 100 models.
            "--log-level-file",
            "info",
        ]
        if parsed.exists():
            # What the last command parsed; what this one parses lands in its own target path.
            flags += ["--partial-parse-file-path", str(parsed)]
        return flags

    def _partial_parse_path(self) -> Path:
        return dbt_dir(self._project) / "partial_parse.msgpack"


def run_dbt(
    project: Project,
    command: str,
    args: Sequence[str] = (),
    *,
    target_path: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    on_event: Callable[[Event], None] | None = None,
    pass_fds: Sequence[int] = (),
    cancelled: threading.Event | None = None,
) -> DbtRun:
    """One dbt command in a process of its own; see `DbtSession.run`."""
    with DbtSession(project, environment=environment) as session:
        return session.run(
            command,
            args,
            target_path=target_path,
            timeout=timeout,
            on_event=on_event,
            pass_fds=pass_fds,
            cancelled=cancelled,
        )


def dbt_dir(project: Project) -> Path:
    """The folder of what is remembered between dbt commands on the project's target."""
    return project.ensure_state_dir() / "dbt" / project.target.name
