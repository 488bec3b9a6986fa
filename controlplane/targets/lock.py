"""The writers' lock of a file: one holder at a time, named for those who wait.

The kernel keeps the lock (`flock`) and gives it back when the last process that has the file open
is gone, so no stale lock is possible. The file itself is never deleted: a waiter that holds the
deleted file and a newcomer that makes a new one would both be let in.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from controlplane.errors import LockBusyError, TargetError
from controlplane.targets.base import OnWait, WriteLock

# The holder's file handle is passed on to its children; only these may have it.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@contextmanager
def file_lock(
    path: Path, what: str, holder: str, *, wait: bool = True, on_wait: OnWait | None = None
) -> Iterator[WriteLock]:
    """The lock for the length of the block, and for as long as a child that inherited it lives.

    Args:
        path: the lock's file.
        what: what is locked, for messages.
        holder: who takes it.
        wait: whether to wait for the present holder.
        on_wait: is told who it is waited for, before the waiting begins.

    Raises:
        LockBusyError: somebody has it, and `wait` is false.
        TargetError: the file cannot be made.
    """
    descriptor = _locked(path, what, wait=wait, on_wait=on_wait)
    try:
        _write_holder(descriptor, holder)
        yield WriteLock(holder=holder, pass_fds=(descriptor,))
    finally:
        # Closing is not unlocking: a child that inherited the handle keeps the lock.
        os.close(descriptor)


def holder_of(path: Path) -> str | None:
    """Who holds the lock now; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return describe_holder(path)
    finally:
        os.close(descriptor)
    return None


def describe_holder(path: Path) -> str:
    """Who holds the lock, as far as the file tells."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        text = f"{held['holder']} (process {held['pid']} on {held['host']}, since {held['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    return text


def _locked(path: Path, what: str, *, wait: bool, on_wait: OnWait | None) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, _FLAGS, 0o666)
        except OSError as error:
            raise TargetError(
                f"{path}: the lock file of {what} cannot be made: {error.strerror}"
            ) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = describe_holder(path)
                if not wait:
                    raise LockBusyError(
                        f"{what} is being written by {holder}",
                        hint="try again later, or leave out --no-wait to wait for it",
                    ) from None
                if on_wait:
                    on_wait(f"waiting for {holder}, who is writing {what}")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(path, descriptor):
                return descriptor
            os.close(descriptor)
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the locked file is the one at the path: somebody may have deleted it meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _write_holder(descriptor: int, holder: str) -> None:
    held = {
        "holder": holder,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # The name is a courtesy: on a full disk the lock still holds.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(held).encode(), 0)
