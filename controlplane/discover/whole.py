"""Writes files of a project: all of them are there in the end, or all are as they were."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from controlplane.errors import DatabankError


def write_whole(folder: Path, texts: Mapping[str, str], new: Collection[str] = ()) -> None:
    """Put each text in its file.

    Every file is first written beside its place, and then all of them are moved there: a process
    that is killed while it writes has changed nothing, and only one that is killed between two moves
    has moved some.

    Args:
        folder: where to.
        texts: the text of each file, by its path in the folder.
        new: the files that must not be there yet.

    Raises:
        DatabankError: a file cannot be written, or is there already; all are as they were.
    """
    waiting: list[tuple[Path, Path]] = []
    before: dict[Path, bytes | None] = {}
    try:
        for name, text in texts.items():
            place = folder / name
            waiting.append((_beside(place, text), place))
        refused = {folder / name for name in new}
        for partial, place in waiting:
            there = place.read_bytes() if place.exists() else None
            if place in refused and there is not None:
                raise DatabankError(f"{place}: is there already", hint="say the same once more")
            before[place] = there
            partial.replace(place)
    except BaseException as error:
        for place, content in before.items():
            with contextlib.suppress(OSError):
                _restore(place, content)
        if isinstance(error, OSError):
            where = error.filename or folder
            raise DatabankError(f"{where}: cannot be written: {error.strerror}") from error
        raise
    finally:
        for partial, _ in waiting:
            partial.unlink(missing_ok=True)


def _beside(place: Path, text: str) -> Path:
    """A new file beside a place, with the text, and as readable as files there are."""
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.stem}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~mask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _restore(place: Path, content: bytes | None) -> None:
    if content is None:
        place.unlink(missing_ok=True)
    else:
        place.write_bytes(content)
