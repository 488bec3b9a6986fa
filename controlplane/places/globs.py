"""Which paths a pattern means: as the shell does, on the names that a place lists."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from controlplane.places.urls import WILD


def is_wild(part: str) -> bool:
    """Whether a part of a path may mean several names."""
    return bool(WILD & set(part))


def pattern_parts(path: str) -> list[str]:
    """The parts of a pattern; one that ends in a slash means the files of the folder."""
    parts = path.split("/")
    return [*parts[:-1], parts[-1] or "*"]


def fixed_prefix(parts: Sequence[str]) -> list[str]:
    """The folders before the first part that is a pattern."""
    first = next((index for index, part in enumerate(parts) if is_wild(part)), len(parts) - 1)
    return list(parts[:first])


def matches(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether the path with these names is meant; `**` stands for any number of folders."""
    if not parts:
        return not names
    if parts[0] == "**":
        below = bool(names) and not names[0].startswith(".") and matches(names[1:], parts)
        # At the end of a pattern it stands for every file.
        return below or matches(names, parts[1:] or ["*"])
    return bool(names) and name_matches(names[0], parts[0]) and matches(names[1:], parts[1:])


def name_matches(name: str, part: str) -> bool:
    """Whether one name is meant; a hidden one only by a pattern that begins with a dot."""
    if not is_wild(part):
        return name == part
    return fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))
