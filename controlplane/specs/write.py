"""Writes and removes the files of specs.

What is written holds what was given and nothing else, in the reference's order, without passwords.
A file is there whole or not at all: it is written beside its place and then moved there.
"""

from __future__ import annotations

import copy
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from controlplane.errors import DatabankError, SpecError
from controlplane.specs.document import PLAIN_TYPES, TAG
from controlplane.specs.faults import field_names, nested_block
from controlplane.specs.files import (
    SUFFIXES,
    Kind,
    SpecFile,
    parse_spec,
    problems_between,
    scan,
)
from controlplane.specs.secrets import externalise_password, password_variable


@dataclass(frozen=True)
class Draft:
    """A spec that is about to be written."""

    file: SpecFile[Any]
    text: str
    replaces: bool
    # Field of a password that was taken out -> the environment variable that has to hold it.
    variables: Mapping[str, str]


def draft(text: str, source_name: str, kind: Kind, root: Path, *, overwrite: bool = False) -> Draft:
    """The spec in `text`, ready to be written to its place in the project.

    Args:
        text: YAML or JSON.
        source_name: what messages call it.
        kind: which kind of spec it is.
        root: the folder of the project.
        overwrite: whether it may take the place of a spec with the same slug.

    Raises:
        SpecError: it cannot be used, by itself or beside the specs that are there.
        DatabankError: there is a spec with its slug, and `overwrite` was not said.
    """
    given = parse_spec(text, source_name, kind)
    slug: str = given.spec.slug
    existing = existing_file(root, kind, slug)
    if existing is not None and not overwrite:
        raise DatabankError(
            f"the {kind.title} '{slug}' exists already: {existing.relative_to(root).as_posix()}",
            hint="give this one another name, or let it take the other's place with --replace",
        )
    others = scan(root, kind, without=[existing] if existing else []).files
    before = set(problems_between(others, kind))
    new = [p for p in problems_between([*others, given], kind) if p not in before]
    if new:
        raise SpecError(new)
    path = existing or root / "specs" / kind.folder / f"{slug}.yml"
    document, variables = _without_passwords(given.document, slug)
    return Draft(
        file=replace(given, path=path, document=document),
        text=render(document, kind.model, path.suffix),
        replaces=existing is not None,
        variables=variables,
    )


def existing_file(root: Path, kind: Kind, slug: str) -> Path | None:
    """The file of the spec with this slug, also where the file is named or written wrongly."""
    for file in scan(root, kind).files:
        if file.spec.slug == slug:
            return file.path
    folder = root / "specs" / kind.folder
    places = (folder / f"{slug}{suffix}" for suffix in SUFFIXES)
    return next((place for place in places if place.exists()), None)


def save(prepared: Draft) -> None:
    """Write the draft to its place, whole or not at all."""
    path = prepared.file.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(prepared.text)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp makes files for their owner alone; specs are as readable as other files.
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DatabankError(f"{path}: cannot be written: {error.strerror}") from error


def remove(path: Path) -> None:
    """Delete the file of a spec."""
    try:
        path.unlink()
    except OSError as error:
        raise DatabankError(f"{path}: cannot be deleted: {error.strerror}") from error


def render(document: Mapping[str, Any], model: type[BaseModel], suffix: str = ".yml") -> str:
    """The document as a file's text, its fields in the order of the model."""
    ordered = _ordered(document, model)
    if suffix == ".json":
        return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"
    return yaml.dump(
        ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**16, indent=2
    )


def flow_text(value: Any) -> str:
    """A value on one line of YAML, as it stands behind a field's name."""
    text = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=2**16
    )
    return text.strip()[1:-1]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _without_passwords(
    document: Mapping[str, Any], slug: str
) -> tuple[dict[str, Any], dict[str, str]]:
    clean = copy.deepcopy(dict(document))
    variables = {}
    for side in ("source", "target"):
        block = clean.get(f"{side}_config")
        text = block.get("connection_string") if isinstance(block, dict) else None
        if isinstance(block, dict) and isinstance(text, str):
            variable = password_variable(slug, side)
            block["connection_string"], password = externalise_password(text, variable)
            if password is not None:
                variables[f"{side}_config.connection_string"] = variable
    return clean, variables


def _ordered(value: Any, model: type[BaseModel] | None) -> Any:
    if isinstance(value, list):
        return [_ordered(item, model) for item in value]
    if not isinstance(value, Mapping) or model is None:
        return value
    names = field_names(model)
    infos = dict(zip(names, model.model_fields.values(), strict=True))
    return {
        name: _ordered(value[name], nested_block(infos[name].annotation))
        for name in names
        if name in value
    }


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper with indented lists; quotes what YAML 1.1 or 1.2 would not read as text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - nothing is written as an alias
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]", text):
        style = '"'  # the only style that has a way to write these
    elif "\n" in text and not re.search(r"[ \t]\n|\n$|^\s", text):
        style = "|"
    return dumper.represent_scalar(f"{TAG}str", text, style=style)


_Dumper.add_representer(str, _text)
for _name, _pattern in PLAIN_TYPES.items():
    _Dumper.add_implicit_resolver(f"{TAG}{_name}", re.compile(f"^(?:{_pattern})$"), None)
