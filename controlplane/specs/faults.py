"""What is wrong in a document, in the words of a person who writes specs."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from controlplane.specs.block import FIELDS_ARE_WRONG, Block, FieldProblem, Step
from controlplane.specs.secrets import redact_text
from controlplane.specs.values import closest, did_you_mean, found

Spec = TypeVar("Spec", bound=Block)
Path = tuple[Step, ...]

# What a type error of Pydantic expected; several at one place are the members of a union.
EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a block of fields",
    "model_type": "a block of fields",
    "model_attributes_type": "a block of fields",
    "none_required": "",
}


def check(model: type[Spec], document: Mapping[str, Any]) -> tuple[Spec | None, list[FieldProblem]]:
    """The spec in `document`, or everything that is wrong with it.

    Checks that concern several fields run only where each field is right. To hear them all at
    once, what is wrong is taken out and the rest is checked again; what is wrong only because
    something was taken out is no problem.
    """
    problems: list[FieldProblem] = []
    refused: list[Block] = []
    taken_out: set[Path] = set()
    left = document
    while True:
        try:
            spec = model.model_validate(left, context=refused)
        except ValidationError as error:
            located = _locations(error.errors(include_url=False), left)
        else:
            return (None if problems else spec), problems
        hidden = taken_out | _meant(model, located)
        problems += [
            problem
            for problem in _problems(model, located)
            if not any(_follows(problem[0], path) for path in hidden)
        ]
        blocks = [e["ctx"]["block"] for _, e in located if e["type"] == FIELDS_ARE_WRONG]
        wrong = {path for path, e in located if e["type"] != FIELDS_ARE_WRONG}
        unknown = {path for path, e in located if e["type"] == "extra_forbidden"}
        gone = {_removable(path, left) for path in wrong} - {()}
        if not blocks and not gone:
            return None, problems
        refused += blocks
        taken_out = hidden | (wrong - unknown) | (gone - unknown)
        left = _without(left, gone)


def _meant(model: type[BaseModel], located: Iterable[tuple[Path, ErrorDetails]]) -> set[Path]:
    """The fields that unknown ones may be meant to be: that they are missing is no news."""
    meant: set[Path] = set()
    for path, error in located:
        if error["type"] == "extra_forbidden":
            near = closest(str(path[-1]), field_names(_block_at(model, path[:-1]) or model))
            meant |= {(*path[:-1], near)} if near else set()
    return meant


def _follows(path: Path, taken_out: Path) -> bool:
    """Whether a problem at `path` may be there only because a field was taken out."""
    return path[: len(taken_out)] == taken_out or path == taken_out[:-1]


def _problems(
    model: type[BaseModel], located: Iterable[tuple[Path, ErrorDetails]]
) -> list[FieldProblem]:
    by_path: dict[Path, list[ErrorDetails]] = {}
    for path, error in located:
        by_path.setdefault(path, []).append(error)
    problems: list[FieldProblem] = []
    for path, group in by_path.items():
        deeper = any(other[: len(path)] == path and other != path for other in by_path)
        if deeper and all(error["type"] in EXPECTED for error in group):
            continue  # another member of a union fits better, and says more exactly what is wrong
        if group[0]["type"] == FIELDS_ARE_WRONG:
            for error in group:
                problems += [((*path, *steps), text) for steps, text in error["ctx"]["found"]]
        else:
            problems.append((path, _message(model, path, group)))
    return [(path, redact_text(message)) for path, message in problems]


def _locations(
    errors: Iterable[ErrorDetails], document: Mapping[str, Any]
) -> list[tuple[Path, ErrorDetails]]:
    """Each error with its path in the document: without the steps that name a union's member."""
    located = []
    for error in errors:
        path: list[Step] = []
        value: Any = document
        for step in error["loc"]:
            if _has(value, step):
                value = value[step]
            elif error["type"] != "missing" or step != error["loc"][-1]:
                continue
            path.append(step)
        located.append((tuple(path), error))
    return located


def _has(value: Any, step: Step) -> bool:
    """Whether a document has a field or an item there."""
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _message(model: type[BaseModel], path: Path, group: list[ErrorDetails]) -> str:
    error = group[0]
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is required, and missing"
    if kind == "extra_forbidden":
        fields = field_names(_block_at(model, path[:-1]) or model)
        near = did_you_mean(str(path[-1]), fields)
        return f"is not a field here; allowed: {', '.join(fields)}{near}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        near = did_you_mean(value, allowed) if isinstance(value, str) else ""
        shown = found(value).removeprefix("the text ")
        return f"found {shown}, allowed: {', '.join(allowed)}{near}"
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        if value is None:
            return "is empty; give it a value or leave the field out"
        return f"found {found(value)}, expected {_expected({e['type'] for e in group})}"
    if kind in ("greater_than_equal", "greater_than"):
        bound = context.get("ge", context.get("gt"))
        return f"found {value}, expected {'at least' if 'ge' in context else 'more than'} {bound}"
    if kind in ("less_than_equal", "less_than"):
        bound = context.get("le", context.get("lt"))
        return f"found {value}, expected {'at most' if 'le' in context else 'less than'} {bound}"
    if kind in ("too_short", "string_too_short"):
        return f"is empty; expected at least {context['min_length']}"
    if kind in ("too_long", "string_too_long"):
        return f"found {found(value)}, expected at most {context['max_length']} characters"
    return f"found {found(value)}, which cannot be used here"


def _expected(kinds: set[str]) -> str:
    """What a field takes, from the type errors of all members of its union."""
    if "float_type" in kinds:
        kinds = kinds - {"int_type", "int_from_float"}
    words = dict.fromkeys(word for kind, word in EXPECTED.items() if kind in kinds and word)
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def field_names(model: type[BaseModel]) -> list[str]:
    """The fields of a block as they stand in a file, in the reference's order."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _block_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of the block at `path` below `model`; None where there is no block."""
    current: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int):
            continue
        if current is None:
            return None
        by_alias = {info.alias or name: info for name, info in current.model_fields.items()}
        info = by_alias.get(step)
        current = nested_block(info.annotation) if info else None
    return current


def nested_block(annotation: Any) -> type[BaseModel] | None:
    """The block that a field of this type holds, directly, in a list, or or-none; else None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Union, types.UnionType):
        blocks = [nested_block(argument) for argument in get_args(annotation)]
        return next((block for block in blocks if block), None)
    return None


def _removable(path: Path, document: Mapping[str, Any]) -> Path:
    """The field to take out so that `path` is wrong no more: itself, or the nearest around it.

    An item of a list is taken out with its list, so that the positions of others stay true.
    """
    value: Any = document
    end = 0
    for step in path:
        if not _has(value, step):
            break
        value = value[step]
        end += 1
    while end and isinstance(path[end - 1], int):
        end -= 1
    return path[:end]


def _without(value: Any, gone: set[Path], path: Path = ()) -> Any:
    """A copy of the document without the fields at the paths `gone`."""
    if isinstance(value, dict):
        return {
            key: _without(item, gone, (*path, key))
            for key, item in value.items()
            if (*path, key) not in gone
        }
    if isinstance(value, list):
        return [_without(item, gone, (*path, index)) for index, item in enumerate(value)]
    return value
