"""Scratch files of a load, in a folder of its own that goes away with it.

A folder is named after the process that made it, so that what a killed one left behind is found and
removed by the next.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.errors import LoadError, SourceError

FOLDER = "spool"


@contextmanager
def spool_folder(state_dir: Path) -> Iterator[Path]:
    """An empty folder for the length of the block."""
    parent = state_dir / FOLDER
    with disk_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(state_dir)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns what the system says about scratch files in `path`, and of others, into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LoadError(
                f"{path}: the disk is full",
                hint="free some space and run the same command again; nothing was lost",
            ) from error
        if error.filename and not Path(str(error.filename)).is_relative_to(path):
            raise SourceError(f"{error.filename}: cannot be read: {error.strerror}") from error
        raise LoadError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_leftovers(state_dir: Path) -> None:
    """Remove the folders of processes that are gone."""
    parent = state_dir / FOLDER
    for folder in parent.iterdir() if parent.is_dir() else ():
        match = re.match(r"(\d+)-", folder.name)
        if match and not _lives(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
