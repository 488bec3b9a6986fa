"""The files that dbt reads of a project, and whether any of them changed.

A file's content is hashed when its size or time differ from what is known. One that was changed
within moments of the last look is hashed again: its time may be the same and its content not.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from controlplane.config import Project
from controlplane.errors import ConfigError

SUFFIXES = (".sql", ".yml", ".yaml", ".csv", ".py", ".md")
SETTINGS = "dbt_project.yml"
ROOT_FILES = (
    SETTINGS,
    "packages.yml",
    "dependencies.yml",
    "package-lock.yml",
    "selectors.yml",
    "catalogs.yml",
    ".dbtignore",
)
PATH_SETTINGS = {
    "model-paths": ["models"],
    "seed-paths": ["seeds"],
    "macro-paths": ["macros"],
    "test-paths": ["tests"],
    "snapshot-paths": ["snapshots"],
    "analysis-paths": ["analyses"],
    "function-paths": ["functions"],
    "docs-paths": [],
}
# File systems keep times in steps of up to two seconds.
RACY_NS = 2_000_000_000
# In JSON a quote may be escaped. Empty brackets are no call, but prose about one.
ENV_VAR = re.compile(r"""\benv_var\s*\((?!\s*\))\s*(?:\\?["']([^"'\\]+)\\?["']\s*[,)])?""")


@dataclass(frozen=True)
class File:
    """One file as it was when it was last read; `variables` are the environment's that it names.

    A name that the file computes is None among the variables.
    """

    size: int
    modified_ns: int
    hash: str
    variables: tuple[str | None, ...]


@dataclass(frozen=True)
class ProjectFiles:
    """All files that dbt reads, by their path; `settings` is what dbt_project.yml says."""

    looked_at_ns: int
    files: Mapping[str, File]
    settings: Mapping[str, Any]

    @property
    def hashes(self) -> dict[str, str]:
        """The content of each file."""
        return {path: file.hash for path, file in self.files.items()}

    @property
    def variables(self) -> frozenset[str | None]:
        """The environment variables that the files name; None for one with a computed name."""
        return frozenset(name for file in self.files.values() for name in file.variables)


def scan(project: Project, known: ProjectFiles | None = None) -> ProjectFiles:
    """The project's files now; those that are as in `known` are not read again."""
    looked_at_ns = time.time_ns()
    settings = _settings(project.root / SETTINGS, known)
    found: dict[str, File] = {}
    for path, entry in _walk(project, settings):
        file = _unchanged(path, entry, known) or _read(project.root / path, entry)
        if file is not None:
            found[path] = file
    return ProjectFiles(looked_at_ns, found, settings)


def names_in(text: str, pattern: re.Pattern[str]) -> frozenset[str | None]:
    """The names that calls in `text` are made with; None for one that is computed."""
    return frozenset(match.group(1) for match in pattern.finditer(text))


def _unchanged(path: str, entry: os.stat_result, known: ProjectFiles | None) -> File | None:
    """The file as it is known, if it is sure to be as it was."""
    file = known.files.get(path) if known else None
    if file is None or known is None:
        return None
    same = (file.size, file.modified_ns) == (entry.st_size, entry.st_mtime_ns)
    return file if same and entry.st_mtime_ns < known.looked_at_ns - RACY_NS else None


def _settings(path: Path, known: ProjectFiles | None) -> Mapping[str, Any]:
    try:
        if known is not None and _unchanged(SETTINGS, path.stat(), known):
            return known.settings
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return settings if isinstance(settings, dict) else {}


def _walk(project: Project, settings: Mapping[str, Any]) -> Iterator[tuple[str, os.stat_result]]:
    folders: dict[str, None] = {}
    for name, default in PATH_SETTINGS.items():
        for folder in settings.get(name, default) or ():
            folders[str(folder)] = None
    folders[str(settings.get("packages-install-path") or "dbt_packages")] = None
    for name in (*ROOT_FILES, str(project.profiles_dir / "profiles.yml")):
        try:
            yield name, (project.root / name).stat()
        except OSError:
            continue
    seen: set[str] = set()
    for folder in folders:
        for parent, names, files in os.walk(project.root / folder, followlinks=True):
            real = os.path.realpath(parent)
            if real in seen:  # a link back to a folder above, or two settings that name one folder
                names.clear()
                continue
            seen.add(real)
            names.sort()
            for name in sorted(files):
                if name.endswith(SUFFIXES) or name == ".dbtignore":
                    path = os.path.join(parent, name)  # noqa: PTH118 (a path object each is slow)
                    try:
                        yield os.path.relpath(path, project.root), os.stat(path)  # noqa: PTH116
                    except OSError:
                        continue


def _read(path: Path, entry: os.stat_result) -> File | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None  # gone since it was listed
    variables: frozenset[str | None] = frozenset()
    if b"env_var" in content and path.suffix != ".md":
        variables = names_in(content.decode("utf-8", "replace"), ENV_VAR)
    ordered = sorted(variables, key=lambda name: name or "")
    return File(
        entry.st_size, entry.st_mtime_ns, hashlib.sha256(content).hexdigest(), tuple(ordered)
    )
