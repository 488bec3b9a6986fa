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
import logging
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

    _leave_out_what_nobody_reads()
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


def _leave_out_what_nobody_reads() -> None:
    """Spare dbt two things that it makes only to drop them; they take a fifth of a small run.

    Where another version of dbt has no such place, it goes on as it always did.
    """
    events: Any = sys.modules.get("dbt_common.events.logger")
    if events is not None and hasattr(events, "_Logger") and hasattr(events, "_is_print_event"):
        write_line = events._Logger.write_line

        def write_line_if_asked_for(self: Any, event: Any) -> None:
            # dbt writes the JSON of every event first, and only then looks at the log's level.
            unasked = (
                event.info.level in ("debug", "test")
                and not events._is_print_event(event)
                and self._python_logger is not None
                and not self._python_logger.isEnabledFor(logging.DEBUG)
            )
            if not unasked:
                write_line(self, event)

        events._Logger.write_line = write_line_if_asked_for
    schemas: Any = sys.modules.get("mashumaro.jsonschema.schema")
    if schemas is not None and hasattr(schemas, "_default"):
        default = schemas._default

        def plain_default(kind: Any, value: Any, config: Any) -> Any:
            # A class is made and compiled for each default of a schema, to write it as JSON. What
            # dbt checks its files by does not read defaults, and these are JSON as they are.
            plain = value is None or type(value) in (bool, int, float, str)
            return value if plain else default(kind, value, config)

        schemas._default = plain_default


def _let_go() -> None:
    """Close the DuckDB file, which others want to open before this process ends.

    The adapter drops its connection and leaves the rest to the garbage collector. A connection that
    was refused at first is kept by its error, and so the file would stay locked: it is closed here.
    """
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")
    if adapter is None:
        return
    manager = adapter.DuckDBConnectionManager
    environment = manager._ENV
    manager.close_all_connections()
    if environment is not None:
        environment.close()


def _die() -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
