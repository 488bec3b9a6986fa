"""The process that dbt runs in, seen from outside: start it, follow it, end it.

Invariant: `Running.end` leaves nothing behind that the process started, unless it left the process
group on purpose.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from controlplane.dbt import child
from controlplane.dbt.events import COMPILED, PRINTED, Event, LogLine, NodeFinished, parse_event
from controlplane.errors import DbtError

# How long dbt gets to end by itself after it was asked to, and how often a request to cancel, and
# whether the process is still there, is looked for while dbt is silent.
GRACE_SECONDS = 10.0
LOOK_SECONDS = 0.2
MAX_MESSAGES = 1000


class Ending(StrEnum):
    """Who ended a dbt command."""

    ITSELF = "itself"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


class Running:
    """The process of a session, and the socket that tells it what to do and that we are alive."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self.process = process
        self._control = control
        self._output = _Output(process)

    @classmethod
    def start(cls, folder: Path, variables: Mapping[str, str]) -> Running:
        """A process that loads dbt and waits for commands, in `folder` and with these variables.

        Raises:
            DbtError: the system cannot start it.
        """
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(
                # -P: a file of the project named like a module of dbt's must not be imported.
                [sys.executable, "-P", child.__file__, str(theirs.fileno())],
                cwd=folder,
                env={**variables, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise DbtError(f"dbt cannot be started: {error}") from error
        finally:
            theirs.close()
        return cls(process, ours)

    def send(self, message: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Hand over a command; that a process is gone is noticed when its answer is read."""
        data = json.dumps(message).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sent = socket.send_fds(self._control, [data[:1]], list(descriptors))
            self._control.sendall(data[sent:])

    def follow(
        self, reading: Reading, deadline: float | None, cancelled: threading.Event | None
    ) -> Ending:
        """Read until the command has answered or the process is gone, or it must end early."""
        while reading.exit_code is None:
            now = time.monotonic()
            if cancelled is not None and cancelled.is_set():
                return Ending.CANCELLED
            if deadline is not None and now >= deadline:
                return Ending.TIMEOUT
            left = LOOK_SECONDS if deadline is None else min(LOOK_SECONDS, deadline - now)
            if not self._output.read(reading, left) and self.process.poll() is not None:
                break
        return Ending.ITSELF

    def end(self, reading: Reading, *, interrupt: bool) -> int:
        """The exit status of the process, which is asked to end and, failing that, killed.

        Reading goes on meanwhile, so that a full pipe does not hold it up and its last words are
        kept. Without a kill it closes what it has open: DuckDB writes its file then. `interrupt`
        stops what it is at, as Ctrl-C in a terminal would.
        """
        deadline = time.monotonic() + GRACE_SECONDS
        if interrupt:
            self._signal(signal.SIGINT)
        with contextlib.suppress(OSError):
            self._control.sendall(b"null\n")
        while self.process.poll() is None and (left := deadline - time.monotonic()) > 0:
            if not self._output.read(reading, min(LOOK_SECONDS, left)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(min(LOOK_SECONDS, left))
        # What it started may still be there when it is not.
        self._signal(signal.SIGKILL)
        status = self.process.wait()
        while self._output.read(reading, 0):
            pass
        self._control.close()
        self._output.close()
        return status

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


class Reading:
    """What was read of one command so far."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.on_event = on_event
        self.exit_code: int | None = None
        self.nodes: dict[str, NodeFinished] = {}
        self.messages: list[LogLine] = []
        self.printed: list[str] = []
        self.compiled: dict[str, str] = {}

    def take(self, line: str, *, is_error: bool) -> None:
        """Add one line of standard output, or of standard error."""
        if is_error:
            # Tracebacks, and warnings of Python's: dbt itself writes to standard output only.
            self._keep(LogLine("warn", line, "stderr"))
            return
        if line.startswith(f'{{"{child.ANSWER}"'):
            answer = json.loads(line)[child.ANSWER]
            self.exit_code = int(answer["exit_code"])
            if answer["error"] and not any(each.level == "error" for each in self.messages):
                self._keep(LogLine("error", answer["error"]))
            return
        event = parse_event(line)
        if isinstance(event, LogLine):
            self._keep(event)
            return
        if isinstance(event, NodeFinished):
            self.nodes[event.unique_id] = event
        self.on_event(event)

    def _keep(self, event: LogLine) -> None:
        if event.name == COMPILED and event.unique_id:
            self.compiled[event.unique_id] = event.message.partition(" code at ")[2].strip()
        if event.name in PRINTED:
            self.printed.append(event.message)
        if event.level in ("warn", "error") and len(self.messages) < MAX_MESSAGES:
            self.messages.append(event)
        self.on_event(event)


class _Output:
    """The lines of a process's standard output and standard error as they come."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._selector = selectors.DefaultSelector()
        self._rest: dict[int, bytes] = {}
        self._streams: list[IO[bytes]] = []
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                self._selector.register(stream, selectors.EVENT_READ, stream is process.stderr)
                self._rest[stream.fileno()] = b""
                self._streams.append(stream)

    def read(self, reading: Reading, timeout: float | None) -> bool:
        """Give what comes within `timeout` to `reading`; False when nothing came."""
        if not self._selector.get_map():
            return False
        ready = self._selector.select(timeout)
        for key, _ in ready:
            data = os.read(key.fd, 1 << 16)
            for line in self._lines(key.fd, data):
                reading.take(line, is_error=key.data)
            if not data:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def _lines(self, descriptor: int, data: bytes) -> Iterator[str]:
        rest = self._rest[descriptor]
        parts = (rest + data).split(b"\n")
        self._rest[descriptor] = parts.pop() if data else b""
        for part in parts:
            if text := part.decode("utf-8", "replace").rstrip("\r"):
                yield text

    def close(self) -> None:
        self._selector.close()
        for stream in self._streams:
            stream.close()
