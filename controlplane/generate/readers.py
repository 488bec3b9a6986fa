"""Keeps what no spec asks for any more where a file that stays still reads it.

dbt refuses a whole project in which one model refers to another that is not there. So a model, with
its properties and the entry of its source, is only removed when nothing that stays needs it: neither
what people edited or wrote, nor what that in turn reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import yaml

from controlplane.config import Project
from controlplane.dbt.files import SETTINGS, scan
from controlplane.generate.changes import Change, read_text

_CODE = (".sql", ".yml", ".yaml", ".py")
_WORD = r"""\s*(?:"([^"]+)"|'([^']+)')\s*"""
_REF = re.compile(rf"\bref\s*\({_WORD}(?:,{_WORD})?[,)]")
_SOURCE = re.compile(rf"\bsource\s*\({_WORD},{_WORD}\)")

# A model by its name, or a table of a source by both of its names.
Name = str | tuple[str, str]


@dataclass(frozen=True)
class _File:
    """One file that dbt reads: what it needs, and what others may need of it."""

    needs: frozenset[Name]
    gives: frozenset[Name]


def keep_what_is_read(
    project: Project, changes: Mapping[str, list[Change]]
) -> dict[str, list[Change]]:
    """The changes without the deletions that would leave a reference with nothing behind it."""
    every = [change for found in changes.values() for change in found]
    doomed = {change.path: change for change in every if change.action == "delete"}
    if not doomed:
        return dict(changes)
    staying = {path: _look(path, text) for path, text in _texts(project, every)}
    edited = {change.path for change in every if change.action == "keep"}
    readers = _needed(staying, {path: _look(path, each.before) for path, each in doomed.items()})

    def settled(change: Change) -> Change:
        reader = readers.get(change.path)
        if reader is None:
            return change
        by_hand = ", edited by hand," if reader in edited else ""
        note = f"{reader}{by_hand} reads it"
        return replace(change, action="keep", after=change.before, note=note, reader=reader)

    return {slug: [settled(change) for change in found] for slug, found in changes.items()}


def _texts(project: Project, changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """Every file that is there afterwards, with its text."""
    seen = set()
    for change in changes:
        seen.add(change.path)
        if change.action != "delete" and change.path.endswith(_CODE):
            # A file in conflict is left as it is.
            yield change.path, change.before if change.action == "conflict" else change.after
    if not (project.root / SETTINGS).is_file():
        return
    for name in scan(project).files:
        path = Path(name).as_posix()
        if path not in seen and path.endswith(_CODE):
            text = read_text(project.root / path)
            if text is not None:
                yield path, text


def _needed(staying: Mapping[str, _File], doomed: Mapping[str, _File]) -> dict[str, str]:
    """The doomed files that are needed, each with the file that stays and leads to it."""
    there = {name for file in staying.values() for name in file.gives}
    holders = {name: path for path, file in doomed.items() for name in file.gives}
    # A model and its properties stay or go together.
    groups: dict[PurePosixPath, list[str]] = {}
    for path in doomed:
        groups.setdefault(PurePosixPath(path).with_suffix(""), []).append(path)
    readers: dict[str, str] = {}

    def keep(path: str, reader: str) -> None:
        for each in groups.get(PurePosixPath(path).with_suffix(""), ()):
            # dbt takes each model, and each table of a source, only once.
            if each not in readers and there.isdisjoint(doomed[each].gives):
                readers[each] = reader
                follow(doomed[each], reader)

    def follow(file: _File, reader: str) -> None:
        for name in file.needs:
            if name not in there and name in holders:
                keep(holders[name], reader)

    for path, file in sorted(staying.items(), key=lambda item: item[0]):
        keep(path, path)
        follow(file, path)
    return readers


def _look(path: str, text: str) -> _File:
    """What a file needs and gives."""
    needs: set[Name] = set()
    gives: set[Name] = set()
    for match in _REF.finditer(text):
        first, second = match[1] or match[2], match[3] or match[4]
        needs.add(second or first)
    for match in _SOURCE.finditer(text):
        needs.add((match[1] or match[2], match[3] or match[4]))
    if path.endswith((".yml", ".yaml")):
        properties = _properties(text)
        needs |= {str(model["name"]) for model in _entries(properties, "models")}
        for source in _entries(properties, "sources"):
            for table in _entries(source, "tables"):
                gives.add((str(source["name"]), str(table["name"])))
    else:
        gives.add(PurePosixPath(path).stem)
    return _File(frozenset(needs), frozenset(gives))


def _properties(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        # dbt is going to say so.
        return None


def _entries(block: object, key: str) -> list[dict[str, object]]:
    """The named entries of a list in a properties file, whatever a person made of it."""
    listed = block.get(key) if isinstance(block, dict) else None
    found = listed if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, dict) and "name" in entry]
