"""The files of a process: which there are, what is in them, and whether they changed.

A file is known by the SHA-256 of its content. Reading a large file only to learn that nothing
changed is slow, so the hash is remembered with the file's size and times. The memory is a hint: it
may be deleted, and a file that was written just now is always read.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.errors import SourceError
from controlplane.load.suspicion import Suspicion

if TYPE_CHECKING:
    from controlplane.specs.source import SourceConfig

MEMORY = "files.json"
# Some file systems and clocks tell times this coarsely: a second write may leave them as they are.
_SETTLED_SECONDS = 2.0
_CHUNK = 1 << 20
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class Later:
    """A file that is left for the next load."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}; it is left for the next load"


class BeingWrittenError(SourceError):
    """A program writes the file, or did while it was read; nothing of it was kept."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"{source}: {reason}",
            hint="load it again once it is complete; write new files elsewhere, then move them",
        )
        self.later = Later(source, reason)


@dataclass(frozen=True)
class FileState:
    """What the system says of a file without reading it."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


@dataclass(frozen=True)
class SourceFile:
    """A file with its content's hash; `needs_care` and `mixed_ends` are those of `Suspicion`."""

    path: Path
    source: str
    state: FileState
    fingerprint: str
    needs_care: bool
    mixed_ends: bool

    def check_unchanged(self) -> None:
        """Raises `BeingWrittenError` when the file is no longer the one that was hashed."""
        if _state(self.path) != self.state:
            raise BeingWrittenError(self.source, "was changed while it was being read")


def expand(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files of the patterns, relative ones under `root`; each once, sorted.

    Raises:
        SourceError: a file does not exist, or a pattern matches none.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        full = str(root / Path(pattern).expanduser())
        if _WILD & set(pattern) and not Path(full).is_file():
            # Path.glob takes no pattern that begins with a drive or a slash.
            matches = [Path(name) for name in glob.glob(full, recursive=True)]  # noqa: PTH207
            files = [path for path in matches if path.is_file()]
            if not files:
                raise SourceError(
                    f"{pattern}: no file matches, looked in {root}",
                    hint="check the path in the spec; it is relative to the project",
                )
        else:
            files = [Path(full)]
        found.update(dict.fromkeys(files))
    for path in found:
        _state(path)
    return sorted(found)


def source_name(path: Path, root: Path) -> str:
    """What the file is called in the ledger: its path in the project, or the whole path."""
    plain = Path(os.path.normpath(path))
    with suppress(ValueError):
        return plain.relative_to(root).as_posix()
    return plain.as_posix()


def quote_of(config: SourceConfig) -> str:
    """The character that the files have around values; empty if they are no delimited text."""
    if config.source_type not in ("csv", "tsv"):
        return ""
    given = config.format.quote if config.format else None
    return '"' if given is None else given


class FileMemory:
    """Hashes of files as of the last load, kept in the state folder.

    `quote` is the character that the files have around values, if they are delimited text.
    """

    def __init__(self, state_dir: Path, quote: str = "") -> None:
        self._path = state_dir / MEMORY
        self._quote = quote
        self._entries: dict[str, list[object]] | None = None
        self._changed = False

    def identify(self, path: Path, root: Path) -> SourceFile:
        """The file with its hash: remembered, or found by reading it.

        Raises:
            BeingWrittenError: it is not complete.
            SourceError: it does not exist, or cannot be read.
        """
        state = _state(path)
        source = source_name(path, root)
        remembered = self._read().get(str(path))
        if remembered and remembered[:-3] == [*astuple(state), self._quote]:
            return SourceFile(
                path, source, state, str(remembered[5]), bool(remembered[6]), bool(remembered[7])
            )
        if _is_open_for_writing(path):
            raise BeingWrittenError(source, "is open in a program that writes it")
        fingerprint, look = _hash(path, source, self._quote)
        file = SourceFile(path, source, state, fingerprint, look.needs_care, look.mixed_ends)
        file.check_unchanged()
        if time.time() - max(state.modified_ns, state.changed_ns) / 1e9 > _SETTLED_SECONDS:
            self._read()[str(path)] = [
                *astuple(state),
                self._quote,
                fingerprint,
                file.needs_care,
                file.mixed_ends,
            ]
            self._changed = True
        return file

    def landed(self, path: Path, source: str) -> SourceFile:
        """A scratch copy of a file that lies elsewhere, with its hash."""
        state = _state(path)
        fingerprint, look = _hash(path, source, self._quote)
        return SourceFile(path, source, state, fingerprint, look.needs_care, look.mixed_ends)

    def version_fingerprint(self, source: str, version: list[object]) -> str:
        """The hash that the file elsewhere had in this version; empty if that is not known."""
        remembered = self._read().get(source)
        return str(remembered[-1]) if remembered and remembered[:-1] == version else ""

    def remember_version(self, source: str, version: list[object], fingerprint: str) -> None:
        """Note the hash of this version of a file elsewhere."""
        self._read()[source] = [*version, fingerprint]
        self._changed = True

    def save(self) -> None:
        """Keep what was learned; that it cannot be kept is no failure."""
        if not self._changed:
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            beside.write_text(json.dumps(self._read()), encoding="utf-8")
            beside.replace(self._path)
            self._changed = False

    def _read(self) -> dict[str, list[object]]:
        if self._entries is None:
            self._entries = {}
            with suppress(OSError, ValueError):
                data = json.loads(self._path.read_text(encoding="utf-8"))
                if isinstance(data, Mapping):
                    self._entries = {
                        name: entry
                        for name, entry in data.items()
                        if isinstance(entry, list) and len(entry) in (4, 8)
                    }
        return self._entries


def _state(path: Path) -> FileState:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise SourceError(
            f"{path}: no such file",
            hint="check the path in the spec; it is relative to the project",
        ) from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    return FileState(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _is_open_for_writing(path: Path) -> bool:
    """Whether a program has the file open to write it, as far as the system tells.

    Linux gives a lease for reading only while no descriptor can write the file. It does for files of
    our own user, on most local file systems.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        with path.open("rb") as file:
            # Whoever opens it for writing meanwhile has us told by a signal, of which this one is
            # ignored where the usual one would end us; and waits until the file is closed here.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def _hash(path: Path, source: str, quote: str) -> tuple[str, Suspicion]:
    """The hash of the file's bytes, and what is suspicious in its text."""
    digest = hashlib.sha256()
    suspicion = Suspicion(quote)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                suspicion.look(chunk)
    except OSError as error:
        raise SourceError(f"{source}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest(), suspicion
