"""What happens to the files on disk: each compared with its last generated text and the new one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from controlplane.errors import DatabankError
from controlplane.generate.merge import MergeConflictError, merge

PENDING = ("create", "update", "merge", "delete")


@dataclass(frozen=True)
class Change:
    """What happens to one file: create, update, merge, delete, conflict, keep or unchanged.

    `reader` is the file for whose sake one is kept that no spec asks for and nobody edited.
    """

    path: str
    action: str
    before: str = ""
    after: str = ""
    note: str = ""
    reader: str | None = None

    def diff(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            _lines(self.before),
            _lines(self.after),
            f"a/{self.path}" if self.before else "/dev/null",
            f"b/{self.path}" if self.after else "/dev/null",
            lineterm="",
        )
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Generation:
    """What one call of `generate` did, or would do."""

    changes: tuple[Change, ...]
    processes: int

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that are written."""
        return tuple(change for change in self.changes if change.action in PENDING)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The files left alone because a person and the generator changed the same place."""
        return tuple(change for change in self.changes if change.action == "conflict")


def file_change(root: Path, path: str, base: str | None, wanted: str | None) -> Change:
    """What happens to a file.

    Args:
        root: the project.
        path: the file, in the project.
        base: its last generated text; None where it was not generated.
        wanted: the text that the specs ask for; None where they ask for no such file.
    """
    current = read_text(root / path)
    if wanted is None:
        if current is None:
            return Change(path, "unchanged")
        if current == base:
            return Change(path, "delete", current)
        return Change(path, "keep", current, current, "edited by hand, and no spec asks for it")
    if current is None:
        return Change(path, "create", "", wanted)
    if current == wanted:
        return Change(path, "unchanged", current, current)
    if base is None:
        return Change(path, "conflict", current, wanted, "there is a file that was not generated")
    if current == base:
        return Change(path, "update", current, wanted)
    try:
        merged = merge(path, current, base, wanted)
    except MergeConflictError as conflict:
        place = str(conflict)
        note = "edited by hand where the generator changed it too"
        note += f": {place}" if place and place != path else ""
        return Change(path, "conflict", current, wanted, note)
    return Change(path, "merge" if merged != current else "unchanged", current, merged)


def write_change(root: Path, change: Change) -> None:
    """Bring one file to where its change says; lines keep the ends that the file has."""
    path = root / change.path
    if change.action == "delete":
        path.unlink(missing_ok=True)
    elif change.action in PENDING:
        has_crlf = change.action != "create" and b"\r\n" in path.read_bytes()
        write_text(path, change.after, newline="\r\n" if has_crlf else "\n")


def read_text(path: Path) -> str | None:
    """The text of a file with plain line ends; None where there is none."""
    try:
        # Read as bytes: other characters than line feeds may end a line, and stay as they are.
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatabankError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DatabankError(
            f"{path}:{line}: is not UTF-8 text", hint="save the file in that encoding"
        ) from error


def write_text(path: Path, text: str, newline: str = "\n") -> None:
    """Put `text` in a file, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Always the same name: what a crash leaves is written over by the next call.
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_bytes(text.replace("\n", newline).encode())
        fresh.replace(path)
    except OSError as error:
        raise DatabankError(f"{path}: cannot be written: {error.strerror}") from error


def _lines(text: str) -> list[str]:
    """The lines of a text as people see them."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines
