"""Brings remote files to the disk: whole, in constant memory, and from where a transfer broke off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from controlplane.errors import DatabankError
from controlplane.places import patience
from controlplane.places.place import BrokenOffError, Place, RemoteFile, ReplacedError

AT_ONCE = 4


@dataclass(frozen=True)
class Fetched:
    """A file that is on the disk, whole."""

    file: RemoteFile
    path: Path


@dataclass(frozen=True)
class Postponed:
    """A file that was not fetched, because it is not complete; a later load takes it."""

    file: RemoteFile
    reason: str


Outcome = Fetched | Postponed | DatabankError


def fetch_all(files: Sequence[tuple[Place, RemoteFile, Path]]) -> list[Outcome]:
    """Fetch the files to their paths, several at once; what became of each, in their order.

    Raises:
        OSError: the disk is full, or cannot be written to.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, min(AT_ONCE, len(files)))) as pool:
        waiting = [pool.submit(_fetch, *each, stop) for each in files]
        try:
            return [each.result() for each in waiting]
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch(place: Place, file: RemoteFile, path: Path, stop: threading.Event) -> Outcome:
    if not file.is_settled:
        return Postponed(file, "was written only a moment ago")
    try:
        try:
            _transfer(place, file, path, stop)
        except ReplacedError:
            if not file.is_exact:
                raise
            # Such a file is always complete: the one that is there now will do.
            file = patience.ask(file.url.shown, lambda: place.look(file))
            _transfer(place, file, path, stop)
    except ReplacedError:
        return Postponed(file, "was changed while it was being read")
    except DatabankError as error:
        return error
    return Fetched(file, path)


def _transfer(place: Place, file: RemoteFile, path: Path, stop: threading.Event) -> None:
    """Write just this version of the file.

    Raises:
        ReplacedError: there is another version by now.
        SourceError: it cannot be read.
    """
    furthest, failures, refuted = 0, 0, ""
    with path.open("wb") as out:
        copy = _Copy(out)
        while not stop.is_set():
            try:
                _receive(place, file, copy, stop)
                if stop.is_set() or file.md5 in (None, copy.md5):
                    break
                if refuted == copy.md5 and not file.is_md5_certain:
                    # The same bytes twice: the tag of a store that encrypts is no checksum.
                    break
                refuted = copy.md5
                copy.restart()
                raise BrokenOffError("came with other bytes than its checksum tells of")
            except BrokenOffError as error:
                failures = 1 if copy.size > furthest else failures + 1
                furthest = max(furthest, copy.size)
                if not file.is_resumable:
                    copy.restart()
                patience.wait(file.url.shown, error, failures, stop)
    if not file.is_exact and not stop.is_set():
        now = patience.ask(file.url.shown, lambda: place.look(file))
        if now.version != file.version:
            raise ReplacedError


def _receive(place: Place, file: RemoteFile, copy: _Copy, stop: threading.Event) -> None:
    """Take what is missing of the copy, up to the end or until the place breaks off."""
    if copy.size and copy.size == file.size:
        return
    stream = place.open(file, copy.size)
    with closing(stream.pieces) as pieces:
        if stream.start != copy.size:
            copy.restart()
        for piece in pieces:
            if stop.is_set():
                return
            copy.write(piece)
    if file.size is not None and copy.size != file.size:
        found = copy.size
        if found > file.size:
            copy.restart()
        raise BrokenOffError(f"ended after {found:,} of {file.size:,} bytes")


class _Copy:
    """What there is of a file on the disk."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.restart()

    def restart(self) -> None:
        """Forget what there is."""
        self._out.seek(0)
        self._out.truncate()
        self._digest = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def write(self, piece: bytes) -> None:
        self._out.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    @property
    def md5(self) -> str:
        return self._digest.hexdigest()
