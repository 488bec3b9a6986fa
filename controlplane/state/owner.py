"""Which process answers for a job, and whether it is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from controlplane.state.records import Owner


def current_owner() -> Owner:
    """This process."""
    pid = os.getpid()
    return Owner(host=socket.gethostname(), pid=pid, process_start=_process_start(pid))


def alive(owner: Owner) -> bool | None:
    """Whether the process is there; None when it cannot be seen from here (another machine)."""
    if owner.host != socket.gethostname():
        return None
    here = _world()
    if owner.process_start is not None and here is not None:
        world, _, _ = owner.process_start.rpartition("/")
        boot, _, _ = world.partition("/")
        if boot != here.partition("/")[0]:
            # Another start of this machine, or another machine of the same name: the heartbeat
            # says which.
            return None
        if world != here:
            return None  # another container: its process numbers are not ours
        return _process_start(owner.pid) == owner.process_start
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _world() -> str | None:
    """Where process numbers are unique: this start of this machine, this process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116
    except OSError:
        return None


def _process_start(pid: int) -> str | None:
    """When the process began, in the system's own count; None when it is gone or not told."""
    world = _world()
    if world is None:
        return None
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in parentheses, and may hold anything.
    fields = text.rpartition(")")[2].split()
    state, start = fields[0], fields[19]
    return None if state in {"Z", "X"} else f"{world}/{start}"
