"""Takes delimited text apart, and knows of each record where it stands and what is wrong with it.

DuckDB reads files that are well formed, many times faster. This is the careful reader for the
others: it never fails, never guesses and never leaves a byte out. What it accepts is what DuckDB
accepts in its strict mode.

A record with a faulty quote ends where its first line ends, and the next line begins a new one.
Otherwise one forgotten quote would take all that follows with it.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

# The longest record that is read; DuckDB gets buffers for it.
MAX_RECORD = 8 * 1024 * 1024
_CHUNK = 1 << 20
_BLOCK = 1 << 16


@dataclass(frozen=True)
class CsvFormat:
    """How the text is laid out; `quote` may be empty, for text without quotes.

    `padding` is the white space that may stand between quote and delimiter. With `escapes_all` the
    escape also works before a delimiter in a value without quotes. With `literal_quotes` a quote in
    a quoted value that no delimiter follows is a character like others. With a `width`, a record of
    several lines that has another number of values is taken for one forgotten quote: it ends with
    its first line. Only the careful reader knows these four, beyond their defaults.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    skip_lines: int = 0
    padding: str = " "
    escapes_all: bool = False
    literal_quotes: bool = False
    width: int | None = None


@dataclass(frozen=True)
class Line:
    """A line of the file without its end; `ending` is what ended it."""

    number: int
    offset: int
    content: bytes
    ending: bytes
    length: int

    @property
    def is_cut(self) -> bool:
        """Whether the line is longer than what `content` holds of it."""
        return self.length > len(self.content)


@dataclass(frozen=True)
class Record:
    """A record: its fields (None for an empty one without quotes), or the fault it has.

    `line` is its first, `lines` how many it has.
    """

    line: Line
    raw: bytes
    fields: list[bytes | None]
    fault: str = ""
    lines: int = 1


class Lines:
    """The lines of a file from its start, whichever of `\\n`, `\\r\\n` or `\\r` ends them.

    `\\r` alone ends lines where it ends the first one, what stands between quotes left aside.
    """

    def __init__(self, file: IO[bytes], quote: bytes = b"") -> None:
        start = file.read(_CHUNK)
        self._offset = 3 if start.startswith(b"\xef\xbb\xbf") else 0
        file.seek(self._offset)
        self._mark = line_mark(start, quote)
        self._file: IO[bytes] = file
        if self._mark == b"\r":
            self._file = io.BufferedReader(_Swapped(file), _CHUNK)
        self._number = 1
        self._singly_until = 0

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        piece = self._file.readline(MAX_RECORD + 2)
        if not piece:
            raise StopIteration
        mark, kept, total = self._mark, piece, len(piece)
        while not piece.endswith(b"\n") and (piece := self._file.readline(_CHUNK)):
            total += len(piece)
        ending = b""
        if piece.endswith(b"\n"):
            ending = mark
            if mark == b"\n" and total == len(kept) and kept.endswith(b"\r\n"):
                ending = b"\r\n"
        elif mark == b"\n" and total == len(kept) and kept.endswith(b"\r"):
            ending = b"\r"
        length = total - len(ending)
        if mark == b"\r":
            kept = kept.translate(_SWAP)
        line = Line(self._number, self._offset, kept[: min(length, MAX_RECORD)], ending, length)
        self._offset += total
        self._number += 1
        return line

    def next_block(self) -> bytes:
        """The next lines at once, with their ends; nothing where they have to come singly."""
        if self._mark == b"\r" or self._offset < self._singly_until:
            return b""
        piece = self._file.read(_BLOCK)
        block = piece[: piece.rfind(b"\n") + 1]
        self._offset += len(block)
        self._number += block.count(b"\n")
        self._file.seek(self._offset)
        return block

    def take_back(self, block: bytes) -> None:
        """Have the lines of the block that came last come singly."""
        self._singly_until = self._offset
        self._offset -= len(block)
        self._number -= block.count(b"\n")
        self._file.seek(self._offset)


def line_mark(start: bytes, quote: bytes = b"") -> bytes:
    """What ends the lines of a text that begins so: `\\r`, or `\\n` with or without one before it."""
    if quote:
        start = re.sub(quote + b"[^" + quote + b"]*" + quote, b"", start)
    first = re.search(rb"\r(?!\n)|\n", start)
    return first[0] if first else b"\n"


_SWAP = bytes.maketrans(b"\r\n", b"\n\r")


class _Swapped(io.RawIOBase):
    """A file whose every `\\r` reads as `\\n`, and the other way round."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer)).translate(_SWAP)
        buffer[: len(data)] = data
        return len(data)


class RecordReader:
    """Reads records of delimited text."""

    def __init__(self, file: IO[bytes], layout: CsvFormat) -> None:
        self._waiting: deque[Line] = deque()
        self._delimiter = layout.delimiter.encode()
        self._quote = layout.quote.encode()
        self._source = Lines(file, self._quote)
        self._escape = (layout.escape or layout.quote).encode()
        quote, escape = re.escape(self._quote), re.escape(self._escape)
        delimiter = re.escape(self._delimiter)
        padding = b"|".join(re.escape(each.encode()) for each in layout.padding)
        blank = rb"(?:" + padding + rb")*" if padding else b""
        self._opens = re.compile(blank + quote) if quote else None
        self._special = re.compile(quote if quote == escape else quote + rb"|" + escape)
        self._closes = re.compile(blank + rb"(?:(" + delimiter + rb")|\Z)")
        self._escapes_all = layout.escapes_all
        self._literal_quotes = layout.literal_quotes
        self._width = layout.width
        self._value = re.compile(
            rb"(?:" + escape + rb"(?:" + delimiter + rb"|.)|(?!" + delimiter + rb").)*", re.DOTALL
        )
        escaped = delimiter + rb"|" + escape + (rb"|" + quote if quote else b"")
        self._escaped = re.compile(escape + rb"(" + escaped + rb")")

    def next_line(self) -> Line | None:
        """The next line; None at the end."""
        if self._waiting:
            return self._waiting.popleft()
        return next(self._source, None)

    def take_back(self, line: Line) -> None:
        """Have the line that `next_line` gave last come once more."""
        self._waiting.appendleft(line)

    def next_block(self) -> bytes:
        """The next lines at once, with their ends; nothing where they have to come singly."""
        return b"" if self._waiting else self._source.next_block()

    def take_back_block(self, block: bytes) -> None:
        """Have the lines of the block that came last come singly."""
        self._source.take_back(block)

    def next(self) -> Record | None:
        """The next record; None at the end."""
        line = self.next_line()
        if line is None:
            return None
        if line.is_cut:
            return Record(line, line.content, [], _too_long(line.length))
        special = self._opens is not None and self._quote in line.content
        if not special and not (self._escapes_all and self._escape in line.content):
            values = line.content.split(self._delimiter)
            return Record(line, line.content, [value or None for value in values])
        return self._quoted(line)

    def _quoted(self, first: Line) -> Record:
        """The record that begins in this line, which has a quote or an escape in it."""
        taken = [first]
        is_one_line = False
        fields: list[bytes | None] = []
        content, position = first.content, 0
        while True:
            opening = self._opens.match(content, position) if self._opens else None
            if opening is None:
                end = self._end_of_value(content, position)
                value = content[position:] if end < 0 else content[position:end]
                if self._escapes_all:
                    value = self._escaped.sub(rb"\1", value)
                fields.append(value or None)
                if end < 0:
                    return self._whole(taken, fields)
                position = end + len(self._delimiter)
                continue
            pieces: list[bytes] = []
            position = opening.end()
            size = 0
            while True:
                found = self._special.search(content, position)
                if found is None and is_one_line:
                    return self._faulty(taken, "a quote is opened and not closed in its line")
                if found is None:
                    last = taken[-1]
                    pieces.append(content[position:] + last.ending)
                    size += len(content)
                    following = self.next_line()
                    if following is None or following.is_cut or size > MAX_RECORD:
                        if following is not None:
                            self._waiting.appendleft(following)
                        return self._faulty(taken, "a quote is opened and never closed")
                    taken.append(following)
                    content, position = following.content, 0
                    continue
                at, after = found.span()
                if self._escape != self._quote and found[0] == self._escape:
                    escaped = content[after : after + 1]
                    keep = at if escaped in (self._quote, self._escape) and escaped else after
                    pieces.append(content[position:keep])
                    pieces.append(escaped)
                    position = after + len(escaped)
                    continue
                closing = self._closes.match(content, after)
                doubled = self._escape == self._quote and content.startswith(self._quote, after)
                if doubled and self._literal_quotes:
                    doubled = not self._closes.match(content, after + len(self._quote))
                if doubled:
                    pieces.append(content[position:after])
                    position = after + len(self._quote)
                    continue
                # Over several lines it is more likely that a quote was forgotten.
                if closing is None and self._literal_quotes and len(taken) == 1:
                    is_one_line = True
                    pieces.append(content[position:after])
                    position = after
                    continue
                pieces.append(content[position:at])
                break
            if closing is None:
                return self._faulty(taken, "text follows a closing quote")
            fields.append(b"".join(pieces))
            if closing[1] is None:
                return self._whole(taken, fields)
            position = closing.end()

    def _end_of_value(self, content: bytes, position: int) -> int:
        """Where the delimiter stands that ends a value without quotes; -1 for the last one."""
        if not self._escapes_all:
            return content.find(self._delimiter, position)
        found = self._value.match(content, position)
        end = found.end() if found else position
        return end if end < len(content) else -1

    def _whole(self, taken: list[Line], fields: list[bytes | None]) -> Record:
        if len(taken) > 1 and self._width is not None and len(fields) != self._width:
            return self._faulty(taken, "a quote is opened and not closed in its line")
        raw = b"".join(line.content + line.ending for line in taken[:-1]) + taken[-1].content
        fault = _too_long(len(raw)) if len(raw) > MAX_RECORD else ""
        return Record(taken[0], raw, fields, fault, len(taken))

    def _faulty(self, taken: list[Line], fault: str) -> Record:
        self._waiting.extendleft(reversed(taken[1:]))
        return Record(taken[0], taken[0].content, [], fault)


def _too_long(length: int) -> str:
    return (
        f"the record has {length:,} bytes, more than the {MAX_RECORD:,} that are read;"
        " its text is cut here, the source has the rest"
    )
