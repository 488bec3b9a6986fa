"""What `databank generate` wrote last on this machine: a hint that saves reading every spec again.

Without the cache the answer is the same and takes longer. Nothing here imports the generator, so
that a command can ask whether models are up to date in a few milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controlplane.config import Project
from controlplane.generate.record import write_text


def spec_digests(project: Project) -> dict[str, str]:
    """Path in the project and hash of every spec of an ETL process."""
    folder = project.specs_dir / "etl"
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(project.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in (".yml", ".yaml", ".json") and not path.name.startswith(".")
    }


def stamp(path: Path) -> list[int] | None:
    """Size and time of a file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def read_cache(project: Project) -> dict[str, Any]:
    """An entry for each spec, by its path; empty where other code than this wrote the cache."""
    try:
        data = json.loads(_cache_path(project).read_text(encoding="utf-8"))
        entries: dict[str, Any] = data["specs"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return entries if data.get("code") == _code_version() else {}


def write_cache(project: Project, entries: Mapping[str, Any]) -> None:
    """Keep the entries for the next call."""
    project.ensure_state_dir()
    write_text(_cache_path(project), json.dumps({"code": _code_version(), "specs": entries}))


def _cache_path(project: Project) -> Path:
    return project.state_dir / "generate.json"


def _code_version() -> str:
    """Changes with the generator's own code, so that an upgrade generates everything again."""
    package = Path(__file__).parent.parent
    sources = [*package.glob("generate/*.py"), *package.glob("specs/*.py"), *package.glob("*.py")]
    stamps = [(path.name, stamp(path)) for path in sorted(sources)]
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()
