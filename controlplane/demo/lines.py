"""CSV and JSON lines out of columns: exact bytes, many lines at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from controlplane.demo.cells import Cells, joined, table
from controlplane.demo.streams import Flags


@dataclass(frozen=True)
class Optional:
    """A member of a JSON object or array that some lines do not have, or have as `null`."""

    value: Tree
    present: Flags
    null: bool = False


# A column that is JSON already, fixed JSON, or an object of such.
Tree: TypeAlias = "Cells | str | Mapping[str, Tree] | Sequence[Tree] | Optional"


def put_together(parts: Sequence[Cells | bytes], count: int) -> bytes:
    """The parts of each line one after the other, without the zeros in them."""
    widths = [len(part) if isinstance(part, bytes) else part.shape[1] for part in parts]
    page = np.empty((count, sum(widths)), dtype=np.uint8)
    at = 0
    for part, width in zip(parts, widths, strict=True):
        page[:, at : at + width] = (
            np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part
        )
        at += width
    return page.tobytes().translate(None, b"\0")


def csv_lines(columns: Sequence[Cells]) -> bytes:
    """Lines of comma-separated columns, whose texts are quoted already where they must be."""
    parts: list[Cells | bytes] = []
    for column in columns:
        parts += [column, b","]
    return put_together([*parts[:-1], b"\n"], len(columns[0]))


def csv_text(text: str) -> str:
    """A text as it stands in a CSV file: quoted where it must be."""
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_table(texts: Iterable[str]) -> Cells:
    """A column of texts as they stand in a CSV file."""
    return table(csv_text(text) for text in texts)


def json_table(texts: Iterable[str | None]) -> Cells:
    """A column of texts as they stand in JSON; `null` for None."""
    return table(json.dumps(text, ensure_ascii=False) for text in texts)


def quoted(cells: Cells, missing: Flags | None = None) -> Cells:
    """A column of texts that need no escapes as they stand in JSON; `null` where missing."""
    out = joined('"', cells, '"')
    if missing is None or not missing.any():
        return out
    return or_null(out, missing)


def or_null(cells: Cells, missing: Flags) -> Cells:
    """A column of JSON values with `null` where missing."""
    out = np.zeros((len(cells), max(cells.shape[1], 4)), dtype=np.uint8)
    out[:, : cells.shape[1]] = cells
    out[missing] = 0
    out[missing, :4] = np.frombuffer(b"null", np.uint8)
    return out


def json_flag(flags: Flags) -> Cells:
    """`true` and `false`."""
    return np.asarray(table(["false", "true"])[flags.astype(np.int64)])


def json_lines(tree: Mapping[str, Tree], count: int) -> bytes:
    """One JSON object a line."""
    return put_together(_merge([*_object(tree), b"\n"]), count)


def _object(tree: Mapping[str, Tree]) -> Iterator[Cells | bytes]:
    yield b"{"
    for position, (key, value) in enumerate(tree.items()):
        head = (b"," if position else b"") + json.dumps(key).encode() + b":"
        if isinstance(value, Optional) and not value.null:
            yield from _only(value.present, [head, *_value(value.value)])
        else:
            yield head
            yield from _value(value)
    yield b"}"


def _array(items: Sequence[Tree]) -> Iterator[Cells | bytes]:
    yield b"["
    for position, item in enumerate(items):
        comma = [b","] if position else []
        if isinstance(item, Optional):
            yield from _only(item.present, [*comma, *_value(item.value)])
        else:
            yield from comma
            yield from _value(item)
    yield b"]"


def _value(value: Tree) -> Iterator[Cells | bytes]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, Mapping):
        yield from _object(value)
    elif isinstance(value, Optional):
        yield from _only(value.present, list(_value(value.value)))
        if value.null:
            yield from _only(~value.present, [b"null"])
    else:
        yield from _array(value)


def _only(present: Flags, parts: Sequence[Cells | bytes]) -> Iterator[Cells | bytes]:
    """The parts, with nothing in the rows where they are not present."""
    for part in _merge(parts):
        column = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part
        yield column * present[:, np.newaxis].astype(np.uint8)


def _merge(parts: Iterable[Cells | bytes]) -> list[Cells | bytes]:
    """The parts with neighbouring fixed texts as one."""
    merged: list[Cells | bytes] = []
    for part in parts:
        if isinstance(part, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += part
        else:
            merged.append(part)
    return merged
