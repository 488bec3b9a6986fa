"""Reads JSON and JSON lines, every value as the text that the source has for it.

DuckDB's JSON reader turns numbers into doubles, `12345678901234567.89` into `12345678901234568`;
a raw table keeps what came. So the records pass through Python's scanner into a scratch file, and
DuckDB goes on from there. Strings become their content, nested values their JSON text, `null` and a
missing key NULL.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from controlplane.errors import SourceError
from controlplane.load.csv_lines import MAX_RECORD, lines
from controlplane.load.files import open_bytes
from controlplane.load.rejects import Reject, RejectSpool

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
_Values = dict[str, str | None]


@dataclass(frozen=True)
class JsonText:
    """One record's text, and where it stands."""

    line: int
    offset: int | None
    text: str
    fault: str = ""


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
            open_bytes(path) as file,
            good.open("w", encoding="utf-8", newline="") as out,
        ):
            found = _pass(_texts(file, source, source_type), titles, out, rejects)
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
        values, fault = (None, record.fault) if record.fault else _parse(record.text)
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


def _parse(text: str) -> tuple[_Values | None, str]:
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
_LENIENT = json.JSONDecoder(parse_int=str, parse_float=str)


def _has_structure(values: dict[str, Any]) -> bool:
    return any(not isinstance(value, str) and value is not None for value in values.values())


def _top_level(text: str) -> _Values:
    """The values of an object that is known to be valid, nested ones as they are written."""
    values: _Values = {}
    position = _after_space(text, _after_space(text, 0) + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _after_space(text, _after_space(text, position) + 1)
        value, end = _DECODER.raw_decode(text, position)
        if value is None or (isinstance(value, str) and text[position] == '"'):
            values[key] = value
        else:
            values[key] = text[position:end]
        position = _after_space(text, end)
        if text[position] == ",":
            position = _after_space(text, position + 1)
    return values


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "an array"
    return "null" if value is None else "a single value"


def _texts(file: IO[bytes], source: str, source_type: str) -> Iterator[JsonText]:
    """The records of a file; one that is named `json` may be an array, or lines all the same."""
    start = file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()
    file.seek(0)
    if not start:
        raise SourceError(f"{source}: is empty", hint="deliver a file with records")
    if source_type == "json" and start[:1] == b"[":
        return _array(file, source)
    if source_type == "json" and start[:1] != b"{":
        raise SourceError(
            f"{source}: is not JSON: it begins with {start[:20].decode('utf-8', 'replace')!r}",
            hint="expected an array of objects, or one object per line",
        )
    if source_type == "json" and not _is_lines(file):
        return _array(file, source)
    return _lines(file)


def _is_lines(file: IO[bytes]) -> bool:
    """Whether the first line is a whole value, as it is in JSON lines and is not in a document."""
    first = next((line for line in lines(file) if line.content.strip()), None)
    file.seek(0)
    if first is None or first.is_cut:
        return True
    try:
        _DECODER.decode(first.content.decode())
    except json.JSONDecodeError as error:
        # An object that goes on in the next line is cut off exactly at the end of this one.
        return error.pos < len(first.content.decode().rstrip())
    except ValueError:
        return True
    return True


def _lines(file: IO[bytes]) -> Iterator[JsonText]:
    for line in lines(file):
        if not line.content.strip():
            continue
        fault = ""
        try:
            text = line.content.decode()
        except UnicodeDecodeError as error:
            text = line.content.decode("utf-8", "backslashreplace")
            byte = error.object[error.start]
            fault = f"is not valid UTF-8 (byte 0x{byte:02x} at {error.start + 1})"
        if line.is_cut:
            fault = (
                f"the line has {line.length:,} bytes, more than the {MAX_RECORD:,} that are read;"
                " its text is cut here, the source has the rest"
            )
        yield JsonText(line.number, line.offset, text, fault)


def _array(file: IO[bytes], source: str) -> Iterator[JsonText]:
    """The elements of one array, or the one object of a file, read piece by piece."""
    decode = codecs.getincrementaldecoder("utf-8-sig")()
    text, position, line, done = "", 0, 1, False

    def more() -> bool:
        nonlocal text, position, done
        chunk = file.read(_CHUNK)
        done = not chunk
        try:
            text = text[position:] + decode.decode(chunk, final=done)
        except UnicodeDecodeError as error:
            raise SourceError(f"{source}: is not valid UTF-8 ({error.reason})") from None
        position = 0
        return not done

    def skip_space() -> str:
        nonlocal position, line
        while True:
            end = _after_space(text, position)
            line += text.count("\n", position, end)
            position = end
            if position < len(text):
                return text[position]
            if done or not more():
                return ""

    def broken(what: str) -> SourceError:
        return SourceError(
            f"{source}:{line}: is not valid JSON: {what}",
            hint="nothing of the file was kept; deliver it again, or as JSON lines, where only"
            " the broken line is rejected",
        )

    more()
    single = skip_space() == "{"
    if not single:
        position += 1
        if skip_space() == "]":
            return
    while True:
        skip_space()
        while True:
            try:
                end = _end_of_value(text, position)
            except json.JSONDecodeError as error:
                # The record may only be cut off at the end of what was read so far.
                if len(text) - position > MAX_RECORD or not more():
                    raise broken(f"{error.msg}, in the record that begins here") from None
                continue
            except RecursionError:
                raise broken("nested too deeply") from None
            # A number at the end of what was read may go on.
            if end == len(text) and more():
                continue
            break
        record = text[position:end]
        yield JsonText(line, None, record)
        line += record.count("\n")
        position = end
        mark = skip_space()
        if single or mark == "]":
            position += 0 if single else 1
            if skip_space():
                raise broken("text follows the end")
            return
        if mark != ",":
            raise broken(
                "expected ',' or ']' after a record" if mark else "the file ends too early"
            )
        position += 1


def _end_of_value(text: str, position: int) -> int:
    """Where the value ends; what no record may have, as a key that occurs twice, comes later."""
    _, end = _LENIENT.raw_decode(text, position)
    return end
