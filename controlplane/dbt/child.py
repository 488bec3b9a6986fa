"""The process that dbt runs in: takes commands from its parent, and never outlives it.

Started by `process.py` with one end of a socket pair. Each line that comes in is a command as JSON
(with the file descriptors that it must hold open, such as the warehouse's lock); each answer is one
line of JSON on standard output, among dbt's own JSON lines. When the other end closes, the parent
is gone, even by SIGKILL: this process and all it started end at once, whatever they do.

This file imports nothing of Databank: it is on the way of every run, and runs as a plain script.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import queue
import signal
import socket
import sys
import threading
from typing import Any

ANSWER = "databank_answer"
MAX_FDS = 16
# Python looks for garbage after each 700 new objects. dbt keeps nearly all that it makes, and looking
# through them again and again costs a sixth of a parse.
GARBAGE_THRESHOLDS = 50_000, 20, 50


def main() -> None:
    """Import dbt, then run the commands that come in, one after the other."""
    # A shell that starts a job in the background makes it ignore SIGINT, and so would dbt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    commands: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(control, commands), daemon=True).start()

    gc.disable()
    from dbt.cli.main import dbtRunner

    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()
    manifest: Any = None
    while (command := commands.get()) is not None:
        parses = command["arguments"][0] == "parse"
        # A manifest that this process has just parsed saves the next command from parsing again.
        reused = manifest if command["reuse_manifest"] and not parses else None
        answer = dbtRunner(manifest=reused).invoke(command["arguments"])
        if parses and answer.success:
            manifest = answer.result
        _let_go()
        code = 0 if answer.success else 1 if answer.exception is None else 2
        error = None if answer.exception is None else str(answer.exception)
        print(json.dumps({ANSWER: {"exit_code": code, "error": error}}), flush=True)  # noqa: T201
    # Closes the warehouse in good order. What the interpreter would do after that is to free dbt's
    # objects one by one, which takes half a second and has no effect.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _listen(control: socket.socket, commands: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    """Queue every command; end this process and its group when the parent is gone."""
    held: list[int] = []  # descriptors stay open until this process ends
    pending = b""
    while True:
        try:
            data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, MAX_FDS)
        except OSError:
            data, descriptors = b"", []
        if not data:
            _die()
        held.extend(descriptors)
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            commands.put(json.loads(line))


def _let_go() -> None:
    """Close the DuckDB file, which the adapter would keep open, and locked, to the very end."""
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")
    if adapter is not None:
        adapter.DuckDBConnectionManager.close_all_connections()


def _die() -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
