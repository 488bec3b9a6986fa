"""What the last call of `generate` saw of each spec, so that the next one reads only what changed.

The cache is a hint in the state folder: without it every spec is read again, and the answer is the
same. An entry holds for a spec while the spec's bytes, its files and its record are what they were
and no table that it reads has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from controlplane.config import Project
from controlplane.generate.changes import write_text

Stamp = list[int] | None


@dataclass(frozen=True)
class Entry:
    """One spec as it was: its hash, what it writes, what it looked for, and its files' stamps."""

    digest: str
    slug: str
    table: str
    models: list[str]
    tables: list[str]
    reads: list[str]
    files: dict[str, Stamp]


def read_cache(project: Project) -> dict[str, Entry]:
    """The entries by the specs' paths; empty where there are none that this version can use."""
    try:
        data = json.loads(_path(project).read_text(encoding="utf-8"))
        if data["code"] != _code_version():
            return {}
        return {name: Entry(**entry) for name, entry in data["specs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_cache(project: Project, entries: Mapping[str, Entry]) -> None:
    """Keep the entries for the next call."""
    project.ensure_state_dir()
    content = {name: asdict(entry) for name, entry in entries.items()}
    write_text(_path(project), json.dumps({"code": _code_version(), "specs": content}))


def stamps(root: Path, paths: list[str]) -> dict[str, Stamp]:
    """Size and time of change of files; None for one that is not there."""
    return {path: _stamp(root / path) for path in paths}


def still_holds(entry: Entry, digest: str, root: Path) -> bool:
    """Whether spec, files and record are what they were."""
    if entry.digest != digest:
        return False
    return all(_stamp(root / path) == stamp for path, stamp in entry.files.items())


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _path(project: Project) -> Path:
    return project.state_dir / "generate.json"


def _code_version() -> str:
    """Changes with the generator's own code, so that an upgrade generates everything again."""
    package = Path(__file__).parent.parent
    folders = ("", "generate", "specs", "sql")
    sources = [path for folder in folders for path in (package / folder).glob("*.py")]
    seen = [(path.name, _stamp(path)) for path in sorted(sources)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
