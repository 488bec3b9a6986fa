"""The folder that the files go to: nothing is put among, or takes the place of, what others wrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from controlplane.errors import DatabankError

MANIFEST = "demo.json"
# Everything is written here first, so that a run that was stopped leaves no half of a folder.
_UNFINISHED = ".unfinished"
_SHOWN = 3


def check(folder: Path) -> bool:
    """Whether the folder holds an earlier run; False if there is nothing in it.

    Raises:
        DatabankError: something else is in it, or it is no folder.
    """
    if folder.is_symlink() or folder.exists():
        if not folder.is_dir():
            raise DatabankError(f"--out: {folder} is not a folder")
    else:
        return False
    found = sorted(_files(folder))
    if not found:
        return False
    ours = _listed(folder)
    others = [name for name in found if name not in ours]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise DatabankError(
            f"--out: {folder} holds what this command did not write:"
            f" {', '.join(others[:_SHOWN])}{more}",
            hint="name another folder, or take these files away",
        )
    return True


def fill(
    folder: Path, arguments: Mapping[str, Any], write: Callable[[Path], Sequence[str]]
) -> list[str]:
    """Have `write` fill an empty folder, and put its files in the place of an earlier run's.

    `write` returns the names of the files relative to the folder that it gets.

    Raises:
        DatabankError: the folder cannot be written.
    """
    unfinished = folder / _UNFINISHED
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished)
        unfinished.mkdir()
        names = sorted(write(unfinished))
        _clear(folder)
        # The list goes first: what is moved after it is known as ours, whenever this is stopped.
        document = {"arguments": dict(arguments), "files": names}
        text = json.dumps(document, indent=2) + "\n"
        (folder / MANIFEST).write_bytes(text.encode())
        for part in sorted(unfinished.iterdir()):
            part.rename(folder / part.name)
        unfinished.rmdir()
    except OSError as error:
        raise DatabankError(f"--out: {folder} cannot be written: {error.strerror}") from error
    return [MANIFEST, *names]


def _files(folder: Path) -> list[str]:
    """Every file in it but those of a run that was stopped; an empty folder counts as one."""
    found = []
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != _UNFINISHED]
        here = Path(place).relative_to(folder)
        found += [(here / name).as_posix() for name in names]
        found += [
            (here / name).as_posix() + "/" for name in folders if (Path(place) / name).is_symlink()
        ]
    return found


def _listed(folder: Path) -> set[str]:
    """The files that the list of an earlier run names, and the list itself."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        return {MANIFEST, *document["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _clear(folder: Path) -> None:
    """Take away the files of an earlier run, and the folders that this leaves empty."""
    ours = _listed(folder)
    for name in ours - {MANIFEST}:
        (folder / name).unlink(missing_ok=True)
    for parent in sorted({(folder / name).parent for name in ours}, reverse=True):
        if parent != folder and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
    (folder / MANIFEST).unlink(missing_ok=True)
