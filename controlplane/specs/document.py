"""The text of a spec as plain values, with the line that each of them stands on.

YAML is read as version 1.2 reads it (`no` and `on` are text, dates are text), JSON as JSON. What
cannot be read is one problem with its line, in words that need no knowledge of a parser.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import yaml

from controlplane.errors import Problem
from controlplane.specs.values import shortened

MAX_VALUES = 100_000
TAG = "tag:yaml.org,2002:"
PLAIN_TYPES = {
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "null": r"~|null|Null|NULL|",
    "merge": r"<<",
}


@dataclass(frozen=True)
class Document:
    """The fields of one file, where each stands, and what could not be read."""

    fields: Mapping[str, Any] | None
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def join_path(parent: str, step: str | int) -> str:
    """The path of a field in a block, or of an item in a list: `joins[0].condition`."""
    if isinstance(step, int):
        return f"{parent}[{step}]"
    return f"{parent}.{step}" if parent else step


def read_document(text: str, source_name: str) -> Document:
    """The document in `text`: JSON where the name or the text itself says so, else YAML."""
    reader = _Reader(source_name)
    if not text.strip().strip("\ufeff"):
        reader.refuse(1, "", "the file is empty")
        return reader.document(None)
    text = text.removeprefix("\ufeff")
    is_json = PurePath(source_name).suffix == ".json" or _is_json(text)
    value = reader.read_json(text) if is_json else reader.read_yaml(text)
    if not reader.problems and not isinstance(value, dict):
        reader.refuse(1, "", "the file holds no fields; expected lines such as `name: …`")
    return reader.document(value if isinstance(value, dict) else None)


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


# --- YAML -----------------------------------------------------------------------------------------


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's loader with the plain scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}


for _name, _pattern in PLAIN_TYPES.items():
    _Yaml.add_implicit_resolver(f"{TAG}{_name}", re.compile(f"^(?:{_pattern})$"), None)


class _Reader:
    """One file while it is read: its lines and problems so far."""

    def __init__(self, source_name: str) -> None:
        self.source_name = source_name
        self.lines: dict[str, int] = {"": 1}
        self.problems: list[Problem] = []
        self.open_nodes: set[int] = set()
        self.count = 0

    def document(self, fields: Mapping[str, Any] | None) -> Document:
        return Document(fields, self.lines, tuple(self.problems))

    def refuse(self, line: int, path: str, message: str) -> None:
        self.problems.append(Problem(self.source_name, line, path, message))

    def read_yaml(self, text: str) -> Any:
        try:
            node = _Yaml(text).get_single_node()
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            character = error.character
            code = character if isinstance(character, int) else ord(character)
            self.refuse(line, "", f"has the character U+{code:04X}, which YAML does not allow")
            return None
        except yaml.MarkedYAMLError as error:
            self.refuse(*_syntax_problem(error, text))
            return None
        except RecursionError:
            self.refuse(1, "", "is nested too deeply to be read")
            return None
        if node is None:
            self.refuse(1, "", "the file is empty")
            return None
        try:
            return self._value(node, "")
        except RecursionError:
            self.refuse(1, "", "is nested too deeply to be read")
            return None

    def _value(self, node: yaml.Node, path: str) -> Any:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count == MAX_VALUES:
            self.refuse(line, path, f"the file holds more than {MAX_VALUES:,} values")
        if self.count >= MAX_VALUES:
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line, path)
        if id(node) in self.open_nodes:
            self.refuse(line, path, "refers to a block that contains it")
            return None
        if node.tag not in (f"{TAG}map", f"{TAG}seq"):
            self._refuse_tag(node, line, path)
            return None
        self.open_nodes.add(id(node))
        value: Any
        if isinstance(node, yaml.SequenceNode):
            value = self._sequence(node, path)
        else:
            value = self._mapping(node, path)
        self.open_nodes.discard(id(node))
        return value

    def _sequence(self, node: yaml.SequenceNode, path: str) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            item_path = join_path(path, index)
            self.lines[item_path] = item.start_mark.line + 1
            items.append(self._value(item, item_path))
        return items

    def _mapping(self, node: yaml.Node, path: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(line, path, "has a field whose name is a list or a block")
                continue
            if key_node.tag == f"{TAG}merge":
                merged = {**self._merged(value_node, line, path), **merged}
                continue
            key = key_node.value
            field_path = join_path(path, key)
            if key in first_lines:
                self.refuse(
                    line, field_path, f"is there twice, first on line {first_lines[key]}; keep one"
                )
                continue
            first_lines[key] = self.lines[field_path] = line
            fields[key] = self._value(value_node, field_path)
        return {**merged, **fields} if merged else fields

    def _merged(self, node: yaml.Node, line: int, path: str) -> dict[str, Any]:
        """The fields that `<<: *anchor` adds to the block at `path`."""
        blocks = node.value if isinstance(node, yaml.SequenceNode) else [node]
        fields: dict[str, Any] = {}
        for block in reversed(blocks):
            value = self._value(block, path)
            if isinstance(value, dict):
                fields |= value
            else:
                self.refuse(line, path, "`<<` takes a block of fields, or a list of them")
        return fields

    def _scalar(self, node: yaml.ScalarNode, line: int, path: str) -> Any:
        text, kind = node.value, node.tag.removeprefix(TAG)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int":
                base = {"0o": 8, "0x": 16}.get(text[:2], 10)
                return int(text, base)
            if kind == "float":
                number = float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))
                if not math.isfinite(number):
                    self.refuse(line, path, f"found '{text}', expected a finite number")
                    return None
                return number
        except ValueError:
            self.refuse(
                line, path, f"found '{shortened(text)}', which is no number that can be read"
            )
            return None
        self._refuse_tag(node, line, path)
        return None

    def _refuse_tag(self, node: yaml.Node, line: int, path: str) -> None:
        tag = node.tag.replace(TAG, "!!")
        self.refuse(line, path, f"has the tag {shortened(tag)}, which specs do not use")

    # --- JSON -------------------------------------------------------------------------------------

    def read_json(self, text: str) -> Any:
        try:
            json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            what = error.msg[0].lower() + error.msg[1:]
            self.refuse(error.lineno, "", f"is not valid JSON: {what} (column {error.colno})")
            return None
        except ValueError as error:
            self.refuse(1, "", f"is not valid JSON: {error}")
            return None
        except RecursionError:
            self.refuse(1, "", "is nested too deeply to be read")
            return None
        # The text is valid from here on, so that the walk needs no checks of its own.
        value, _ = self._json_value(text, _skip(text, 0), "", 1)
        return value

    def _json_value(self, text: str, at: int, path: str, line: int) -> tuple[Any, int]:
        """The value that begins at `at`, which is on `line`, and where it ends."""
        if text[at] == '"':
            return _json_string(text, at)
        if text[at] not in "{[":
            value, end = _JSON.raw_decode(text, at)
            return value, end
        is_object = text[at] == "{"
        fields: dict[str, Any] = {}
        items: list[Any] = []
        first_lines: dict[str, int] = {}
        counted = at
        at = _skip(text, at + 1)
        while text[at] not in "}]":
            line += text.count("\n", counted, at)
            counted = at
            step: str | int = len(items)
            if is_object:
                step, at = _json_string(text, at)
                at = _skip(text, _skip(text, at) + 1)
            item_path = join_path(path, step)
            duplicate = is_object and step in first_lines
            if duplicate:
                first = first_lines[str(step)]
                self.refuse(line, item_path, f"is there twice, first on line {first}; keep one")
            else:
                first_lines[str(step)] = self.lines[item_path] = line
            value, end = self._json_value(text, at, item_path, line + text.count("\n", counted, at))
            if is_object and not duplicate:
                fields[str(step)] = value
            elif not is_object:
                items.append(value)
            at = _skip(text, end)
            if text[at] == ",":
                at = _skip(text, at + 1)
        return (fields if is_object else items), at + 1


_JSON = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


def _json_string(text: str, at: int) -> tuple[str, int]:
    """The string that begins with the quote at `at`, and where it ends."""
    value, end = _JSON.raw_decode(text, at)
    return str(value), end


def _skip(text: str, at: int) -> int:
    """The next position from `at` on that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON has")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str, str]:
    mark = error.problem_mark or error.context_mark
    line = (mark.line + 1) if mark else 1
    what = str(error.problem or error.context or "it cannot be read")
    lines = text.splitlines()
    if line > len(lines):
        opened = error.context_mark.line + 1 if error.context_mark else len(lines)
        message = (
            "the file ends in the middle; something is opened with [, { or a quote, not closed"
        )
        return min(opened, len(lines)), "", f"is not valid YAML: {message}"
    near = lines[line - 1]
    if isinstance(error, yaml.composer.ComposerError) and "single document" in str(error.context):
        return line, "", "holds a second document after `---`; put each spec into a file of its own"
    if "undefined alias" in what:
        name = re.search(r"'(\w+)'|alias (\w+)", what)
        return line, "", f"refers to an anchor that is not there{f': {name[0]}' if name else ''}"
    if "\t" in near[: len(near) - len(near.lstrip())]:
        return line, "", "is not valid YAML: the line is indented with a tab; use spaces"
    hint = ""
    if "mapping values are not allowed" in what or "'%'" in what:
        hint = "; a text with ': ' or a special character needs quotes around it"
    elif "expected <block end>" in what or "did not find expected" in what:
        hint = "; check the indentation and the quotes of this line and the one before"
    column = f" (column {mark.column + 1})" if mark else ""
    return line, "", f"is not valid YAML: {what}{column}{hint}"
