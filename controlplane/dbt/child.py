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
    """Spare dbt what it makes only to drop it; this takes a third of a small run.

    Where another version of dbt has no such place, it goes on as it always did.
    """
    _leave_out_events()
    json.dump = _dump
    schemas: Any = sys.modules.get("mashumaro.jsonschema.schema")
    if schemas is not None and hasattr(schemas, "_default"):
        default = schemas._default

        def plain_default(kind: Any, value: Any, config: Any) -> Any:
            # A class is made and compiled for each default of a schema, to write it as JSON. What
            # dbt checks its files by does not read defaults, and these are JSON as they are.
            plain = value is None or type(value) in (bool, int, float, str)
            return value if plain else default(kind, value, config)

        schemas._default = plain_default


def _dump(obj: Any, fp: Any, **options: Any) -> None:
    """Write JSON at once: in pieces, as `json.dump` does, a manifest takes five times as long."""
    fp.write(json.dumps(obj, **options))


def _leave_out_events() -> None:
    """Make an event when somebody looks at it, and no message of one that no log takes.

    dbt fires forty events a model for its debug log: it makes a message of each, then the JSON of
    the message, and only then looks at the level of the log.
    """
    base: Any = sys.modules.get("dbt_common.events.base_types")
    logger: Any = sys.modules.get("dbt_common.events.logger")
    manager: Any = sys.modules.get("dbt_common.events.event_manager")
    if not (
        hasattr(base, "BaseEvent")
        and hasattr(base, "EventLevel")
        and hasattr(logger, "PRINT_EVENT_NAMES")
        and hasattr(manager, "EventManager")
        and {"__init__", "__getattr__", "__setattr__"} <= vars(base.BaseEvent).keys()
    ):
        return
    printed = logger.PRINT_EVENT_NAMES
    of_warnings = {"track_behavior_change_warn"}  # dbt's own, which looks at warnings alone
    make, fire = base.BaseEvent.__init__, manager.EventManager.fire_event
    quiet = (base.EventLevel.DEBUG, base.EventLevel.TEST)

    def remember(self: Any, *arguments: Any, **named: Any) -> None:
        self.__dict__["_arguments"] = arguments, named

    def read(self: Any, name: str) -> Any:
        if name != "pb_msg":
            return getattr(self.pb_msg, name)
        arguments, named = self.__dict__["_arguments"]
        make(self, *arguments, **named)
        return self.__dict__["pb_msg"]

    def write(self: Any, name: str, value: Any) -> None:
        if name == "pb_msg":
            self.__dict__[name] = value
        else:
            setattr(self.pb_msg, name, value)

    def fire_if_asked_for(self: Any, e: Any, level: Any = None, *more: Any, **named: Any) -> None:
        asked = (level or e.level_tag()) not in quiet or type(e).__name__ in printed
        heard = any(getattr(each, "__name__", "") not in of_warnings for each in self.callbacks)
        if asked or heard or any(map(_takes_debug, self.loggers)):
            fire(self, e, level, *more, **named)

    base.BaseEvent.__init__, base.BaseEvent.__getattr__ = remember, read
    base.BaseEvent.__setattr__ = write
    manager.EventManager.fire_event = fire_if_asked_for


def _takes_debug(log: Any) -> bool:
    python_logger = getattr(log, "_python_logger", None)
    return python_logger is None or python_logger.isEnabledFor(logging.DEBUG)


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
