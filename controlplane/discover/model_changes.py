"""What is written when a project's model is changed: all files or none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.config import Project
from controlplane.errors import DatabankError
from controlplane.specs.files import SpecFile
from controlplane.specs.values import did_you_mean
from controlplane.specs.write import Draft, save

# Where dbt's files with SQL are.
_FOLDERS = ("models", "tests", "snapshots", "analyses")


@dataclass(frozen=True)
class Change:
    """A spec before and after."""

    file: SpecFile[Any]
    before: str
    after: str

    def diff(self) -> str:
        """The difference, in the unified format."""
        name = self.file.source
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), name, name
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def written_by_hand(project: Project, words: Mapping[str, Collection[str]]) -> list[str]:
    """The files with SQL that read a table and were not generated: nobody but a person changes them.

    Args:
        project: the project.
        words: of each table the names of which one has to be in the file; none where any file counts.
    """
    found = []
    for path in sorted(each for name in _FOLDERS for each in (project.root / name).rglob("*.sql")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if text.startswith("-- Generated from"):
            continue
        for table, names in words.items():
            reads = re.search(rf"""ref\(\s*['"]{re.escape(table)}['"]\s*\)""", text)
            if reads and (not names or re.search(_any_of(names), text, re.IGNORECASE)):
                found.append(path.relative_to(project.root).as_posix())
                break
    return found


def _any_of(names: Collection[str]) -> str:
    return rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in names)})(?!\w)"


def save_all(changes: Sequence[Change], write: Callable[[Draft], None] = save) -> None:
    """Write all of the changes; where one cannot be written, those before it are taken back.

    Raises:
        DatabankError: a file cannot be written; all files are as they were.
    """
    done: list[Change] = []
    try:
        for change in changes:
            write(Draft(change.file, change.after, replaces=True, variables={}))
            done.append(change)
    except BaseException:
        for change in done:
            save(Draft(change.file, change.before, replaces=True, variables={}))
        raise


def unknown(what: str, name: str, known: Sequence[str]) -> DatabankError:
    """What is said of a name that nothing has, with those that are there and the nearest."""
    listed = ", ".join(dict.fromkeys(known)) or "none"
    return DatabankError(f"no {what} '{name}' (has: {listed}){did_you_mean(name, list(known))}")
