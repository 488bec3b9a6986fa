"""Reads JSON and JSON lines, every value as the text that the source has for it.

DuckDB's JSON reader turns numbers into doubles, `12345678901234567.89` into `12345678901234568`;
a raw table keeps what came. So the records pass through Python's scanner into a scratch file, and
DuckDB goes on from there. Strings become their content, nested values their JSON text, `null` and a
missing key NULL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from controlplane.errors import SourceError
from controlplane.load.json_text import JsonText, after_space, json_texts
from controlplane.load.rejects import Reject, RejectSpool

_Values = dict[str, str | None]


@dataclass(frozen=True)
class JsonCount:
    """The keys of all records as they first appear, and how many records there were of each kind.

    `longest` is the size of the longest line written, in bytes.
    """

    titles: tuple[str, ...]
    read: int
    good: int
    longest: int


def split_json(
    path: Path,
    source: str,
    source_type: str,
    declared: Sequence[str],
    good: Path,
    make_rejects: Callable[[], RejectSpool],
) -> tuple[JsonCount, RejectSpool]:
    """Write the records to `good` as plain CSV with their number in front, faulty ones to rejects.

    Keys that are met late make it start again with all of them known, so the file is read twice at
    most.

    Raises:
        SourceError: the file is empty, or is no JSON array of records.
    """
    titles = list(declared)
    for _ in range(2):
        with (
            make_rejects() as rejects,
            path.open("rb") as file,
            good.open("w", encoding="utf-8", newline="") as out,
        ):
            found = _pass(json_texts(file, source, source_type), titles, out, rejects)
        if found is not None:
            if not found.titles and not found.read:
                raise SourceError(
                    f"{source}: has no record",
                    hint="deliver a file with records, or declare its columns in the spec",
                )
            return found, rejects
    raise AssertionError("every key is known after the first pass")


def _pass(
    texts: Iterator[JsonText], titles: list[str], out: IO[str], rejects: RejectSpool
) -> JsonCount | None:
    """One pass; None when it met new keys too late, which are then in `titles`."""
    count = good = longest = 0
    known = set(titles)
    complete = True
    for record in texts:
        count += 1
        values, fault = (None, record.fault) if record.fault else parse_record(record.text)
        if values is None:
            rejects.add(Reject(record.line, record.offset, record.text, fault))
            continue
        if not known.issuperset(values):
            new = [key for key in values if key not in known]
            titles.extend(new)
            known.update(new)
            complete = complete and not good
        good += 1
        if complete:
            row = [
                f'"{v.replace(_Q, _QQ)}"' if v is not None else "" for v in map(values.get, titles)
            ]
            line = f"{count},{','.join(row)}\n"
            out.write(line)
            longest = max(longest, len(line))
    # A character has four bytes at most.
    return JsonCount(tuple(titles), count, good, 4 * longest) if complete else None


_Q, _QQ = '"', '""'


def parse_record(text: str) -> tuple[_Values | None, str]:
    """The record's values as text, or what is wrong with it."""
    try:
        values = _DECODER.decode(text)
        if not isinstance(values, dict):
            return None, f"is {_kind(values)}, not an object"
        if _has_structure(values):
            values = _top_level(text)
    except json.JSONDecodeError as error:
        return None, f"is not valid JSON: {error.msg} at character {error.pos + 1}"
    except ValueError as error:
        return None, f"is not valid JSON: {error}"
    except RecursionError:
        return None, "is nested too deeply"
    whole = "".join([part for pair in values.items() for part in pair if part is not None])
    if "\0" in whole:
        return None, "has a NUL character, which no text can hold"
    try:
        whole.encode()
    except UnicodeEncodeError:
        return None, "has half of a surrogate pair, which is no character"
    return values, ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_constant
)


def _has_structure(values: dict[str, Any]) -> bool:
    return any(not isinstance(value, str) and value is not None for value in values.values())


def _top_level(text: str) -> _Values:
    """The values of an object that is known to be valid, nested ones as they are written."""
    values: _Values = {}
    position = after_space(text, after_space(text, 0) + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = after_space(text, after_space(text, position) + 1)
        value, end = _DECODER.raw_decode(text, position)
        if value is None or (isinstance(value, str) and text[position] == '"'):
            values[key] = value
        else:
            values[key] = text[position:end]
        position = after_space(text, end)
        if text[position] == ",":
            position = after_space(text, position + 1)
    return values


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "an array"
    return "null" if value is None else "a single value"
