"""Three-way merge of a generated file that a person has edited.

Text is merged line by line as git merges it. Where that finds a conflict in a YAML file, the file is
merged by its structure: keys by name, lists of named things by their names, so that a description
here and a column there do not meet. Comments, order and blank lines of the person's file stay.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from controlplane.errors import DatabankError


class MergeConflictError(Exception):
    """The person's changes and the generator's touch the same place."""


def merge(path: str, edited: str, base: str, generated: str) -> str:
    """The edited text with what changed from `base` to `generated`.

    Raises:
        MergeConflictError: both changed the same place in different ways.
    """
    if generated == base or edited == generated:
        return edited
    if edited == base:
        return generated
    merged = _merge_lines(edited, base, generated)
    if not path.endswith((".yml", ".yaml")):
        if merged is None:
            raise MergeConflictError(path)
        return merged
    # Lines that fit together may still give one key twice.
    if merged is not None and _is_yaml(merged):
        return merged
    return _merge_yaml(edited, base, generated)


def _merge_lines(edited: str, base: str, generated: str) -> str | None:
    """The merged text; None where git finds a conflict."""
    with tempfile.TemporaryDirectory(prefix="databank-merge-") as folder:
        names = []
        for name, text in (("edited", edited), ("base", base), ("generated", generated)):
            file = Path(folder) / name
            file.write_bytes(text.encode())
            names.append(str(file))
        try:
            done = subprocess.run(
                ["git", "merge-file", "-p", "-q", *names], capture_output=True, check=False
            )
        except FileNotFoundError as error:
            raise DatabankError(
                "git is not installed, and a generated file that was edited is merged with it",
                hint="install git, or put the file back as it was generated",
            ) from error
    return done.stdout.decode() if done.returncode == 0 else None


def _is_yaml(text: str) -> bool:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        YAML().load(text)
    except YAMLError:
        return False
    return True


def _merge_yaml(edited: str, base: str, generated: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        ours, old, new = (yaml.load(text) for text in (edited, base, generated))
    except YAMLError as error:
        raise MergeConflictError("the edited file is not valid YAML") from error
    result = _merge_value(ours, old, new, "")
    stream = io.StringIO()
    yaml.dump(result, stream)
    return stream.getvalue()


_MISSING: Any = object()


def _merge_value(ours: Any, old: Any, new: Any, place: str) -> Any:
    """`ours` with what changed from `old` to `new`; changed in place where it is a collection."""
    if new == old or ours == new:
        return ours
    if ours == old:
        return new
    if isinstance(ours, dict) and isinstance(new, dict):
        previous = old if isinstance(old, dict) else {}
        return _merge_mapping(ours, previous, new, place)
    if isinstance(ours, list) and isinstance(new, list):
        previous_items = old if isinstance(old, list) else []
        return _merge_list(ours, previous_items, new, place)
    raise MergeConflictError(place.lstrip("."))


def _merge_mapping(ours: Any, old: Any, new: Any, place: str) -> Any:
    for key in [key for key in old if key not in new and key in ours]:
        if ours[key] != old[key]:
            raise MergeConflictError(f"{place}.{key}".lstrip("."))
        del ours[key]
    previous: Any = _MISSING
    for key in new:
        if key in ours:
            merged = _merge_value(ours[key], old.get(key, _MISSING), new[key], f"{place}.{key}")
            if merged is not ours[key]:
                ours[key] = merged
        elif key not in old:
            listed = list(ours)
            ours.insert(listed.index(previous) + 1 if previous in listed else 0, key, new[key])
        elif old[key] != new[key]:
            raise MergeConflictError(f"{place}.{key}".lstrip("."))
        previous = key
    return ours


def _merge_list(ours: Any, old: Any, new: Any, place: str) -> Any:
    """Lists of named things are merged by name; what is new stands after its new neighbour."""
    mine = {_name(item): index for index, item in enumerate(ours)}
    before = {_name(item): item for item in old}
    after = {_name(item): item for item in new}
    if len(mine) < len(ours) or len(before) < len(old) or len(after) < len(new):
        raise MergeConflictError(place.lstrip("."))
    for name in [name for name in before if name not in after and name in mine]:
        index = next(i for i, item in enumerate(ours) if _name(item) == name)
        if ours[index] != before[name]:
            raise MergeConflictError(f"{place}[{name}]".lstrip("."))
        del ours[index]
    previous: str | None = None
    for name, item in after.items():
        index = next((i for i, own in enumerate(ours) if _name(own) == name), -1)
        if index >= 0:
            merged = _merge_value(ours[index], before.get(name, _MISSING), item, f"{place}[{name}]")
            if merged is not ours[index]:
                ours[index] = merged
        elif name not in before:
            neighbour = next((i for i, own in enumerate(ours) if _name(own) == previous), -1)
            ours.insert(neighbour + 1, item)
        elif before[name] != item:
            raise MergeConflictError(f"{place}[{name}]".lstrip("."))
        previous = name
    return ours


def _name(item: Any) -> str:
    """What tells an item of a list from its neighbours: its name, or else what it holds.

    A data test is a mapping of one key; several of one kind differ in their name or arguments.
    """
    if isinstance(item, dict):
        if "name" in item:
            return str(item["name"])
        if len(item) == 1:
            kind, content = next(iter(item.items()))
            if not isinstance(content, dict):
                return str(kind)
            return f"{kind} {content.get('name') or content.get('arguments', '')}"
    return str(item)
