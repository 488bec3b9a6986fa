"""Cuts JSON files into the texts of their records, in constant memory: lines, or one array."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from controlplane.errors import SourceError
from controlplane.load.csv_lines import MAX_RECORD, Lines

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
# What no record may have, as a key that occurs twice, is for those to judge who parse the record.
_LENIENT = json.JSONDecoder(parse_int=str, parse_float=str)


@dataclass(frozen=True)
class JsonText:
    """One record's text, and where it stands."""

    line: int
    offset: int | None
    text: str
    fault: str = ""


def json_texts(file: IO[bytes], source: str, source_type: str) -> Iterator[JsonText]:
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
    first = next((line for line in Lines(file) if line.content.strip()), None)
    file.seek(0)
    if first is None or first.is_cut:
        return True
    try:
        _LENIENT.decode(first.content.decode())
    except json.JSONDecodeError as error:
        # An object that goes on in the next line is cut off exactly at the end of this one.
        return error.pos < len(first.content.decode().rstrip())
    except ValueError:
        return True
    return True


def _lines(file: IO[bytes]) -> Iterator[JsonText]:
    for line in Lines(file):
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
            end = after_space(text, position)
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
                _, end = _LENIENT.raw_decode(text, position)
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


def after_space(text: str, position: int) -> int:
    """The next position that is no white space."""
    match = _SPACE.match(text, position)
    return match.end() if match else position
