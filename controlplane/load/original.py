"""What is still known of the file that rejects came from: its layout, and its bytes.

The text of a reject is enough to read it again, as long as the spec says how the file is laid out.
What the spec leaves open, and bytes that are no text, only the file itself can tell: if it is still
there, and still the one that was loaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from controlplane.errors import SourceError
from controlplane.load.csv_format import decide_format, read_header
from controlplane.load.csv_lines import CsvFormat, line_mark
from controlplane.load.files import FileMemory, SourceFile
from controlplane.load.ledger import LedgerLine
from controlplane.load.transcode import is_utf8, to_utf8
from controlplane.load.unpack import unpacked
from controlplane.specs.source import FileFormat, SourceConfig

_CHUNK = 1 << 20
# How a byte that is no text is written in a reject's text; or a backslash that was there.
_ESCAPED = re.compile(r"\\x[0-9a-f]{2}")
GONE = "its file is gone or has changed"


class UnreadableError(Exception):
    """The reject cannot be read again; the text says why."""


@dataclass(frozen=True)
class Original:
    """How the records of a batch are read again.

    Where there is more than one layout or line end, it is open which of them is the file's. `path`
    is the unpacked file, None if it is gone. `titles` are the columns in the order of the file.
    """

    titles: tuple[str, ...]
    layouts: tuple[CsvFormat, ...]
    marks: tuple[bytes, ...]
    encoding: str
    path: Path | None

    def data_of(self, text: str, offset: int | None) -> bytes:
        """The reject's bytes, as UTF-8.

        Raises:
            UnreadableError: they are not known, or no text in the file's encoding.
        """
        utf8 = is_utf8(self.encoding, "")
        if _ESCAPED.search(text):
            content = self._bytes_of(text, offset)
        else:
            content = text.encode()
            # Without an offset the file was converted before it was read, and the text with it.
            utf8 = utf8 or offset is None or text.isascii()
        if utf8:
            return content
        if "\r\n,".encode(self.encoding, "replace") != b"\r\n,":
            raise UnreadableError(f"a line of {self.encoding} cannot be read without those before")
        try:
            return content.decode(self.encoding).encode()
        except UnicodeError:
            raise UnreadableError(f"is not valid {self.encoding}") from None

    def _bytes_of(self, text: str, offset: int | None) -> bytes:
        """The bytes that are written as this text."""
        if self.path is None:
            raise UnreadableError(f"holds bytes that are no text, and {GONE}")
        if offset is None:
            raise UnreadableError(
                "holds bytes that are no text, of a file that was converted before it was read"
            )
        with self.path.open("rb") as file:
            file.seek(offset)
            content = file.read(len(text.encode()) + 4)
        length = size = 0
        for character in content.decode("utf-8", "surrogateescape"):
            if length >= len(text):
                break
            is_byte = "\udc80" <= character <= "\udcff"
            length += 4 if is_byte or character == "\0" else 1
            size += 1 if is_byte else len(character.encode())
        found = content[:size]
        if found.decode("utf-8", "backslashreplace").replace("\0", "\\x00") != text:
            raise UnreadableError("its file has another text there")
        return found


def original(
    line: LedgerLine, config: SourceConfig, root: Path, state_dir: Path, spool: Path
) -> Original:
    """What is known of the file of a batch, under the spec as it is now.

    Raises:
        UnreadableError: without the file it is not known how its records are laid out.
        SourceError: the file is there and cannot be read.
    """
    settings = config.format or FileFormat()
    quote = '"' if settings.quote is None else settings.quote
    file = _same_file(line, root, state_dir, quote if config.source_type in _DELIMITED else "")
    path = file.path if file else None
    if path is not None:
        path = unpacked(path, line.source, spool)
    if config.source_type not in _DELIMITED:
        return Original(tuple(line.titles), (), (), settings.encoding, path)
    if file is None or path is None:
        if len(line.titles) > len(line.columns):
            raise UnreadableError(
                f"columns of its batch were left out; where they stood is not known, as {GONE}"
            )
        layouts = _layouts(settings, config.source_type, quote)
        return Original(tuple(line.titles), layouts, (b"\n", b"\r"), settings.encoding, None)
    text = path
    if not is_utf8(settings.encoding, line.source):
        text = spool / "utf8.csv"
        to_utf8(path, settings.encoding, text, quote)
    with duckdb.connect() as reader:
        layout = decide_format(reader, text, config.source_type, settings)
    with text.open("rb") as content:
        mark = line_mark(content.read(_CHUNK), quote.encode())
    titles = _titles(line, text, layout, config)
    file.check_unchanged()
    return Original(titles, (layout,), (mark,), settings.encoding, path)


_DELIMITED = ("csv", "tsv")


def _same_file(line: LedgerLine, root: Path, state_dir: Path, quote: str) -> SourceFile | None:
    """The file that the batch was loaded from, unless it is gone or changed since."""
    path = root / line.source
    if not path.is_file():
        return None
    file = FileMemory(state_dir, quote).identify(path, root)
    return file if file.fingerprint == line.fingerprint else None


def _layouts(settings: FileFormat, source_type: str, quote: str) -> tuple[CsvFormat, ...]:
    """The layouts that the file may have had, as far as the spec says."""
    delimiter = settings.delimiter or ("\t" if source_type == "tsv" else None)
    if delimiter is None:
        raise UnreadableError(
            f"{GONE}, and the spec does not name its delimiter (source_config.format.delimiter)"
        )
    if delimiter == "\\t":
        delimiter = "\t"
    # The same that is looked for in a file.
    escapes = [settings.escape] if settings.escape is not None else [quote, "\\"]
    return tuple(
        CsvFormat(delimiter=delimiter, quote=quote, escape=escape or quote) for escape in escapes
    )


def _titles(
    line: LedgerLine, path: Path, layout: CsvFormat, config: SourceConfig
) -> tuple[str, ...]:
    """The titles of the batch in the order of the file."""
    if len(line.titles) == len(line.columns):
        return tuple(line.titles)
    header: Sequence[str] = ()
    try:
        header = read_header(path, line.source, layout, config.columns).titles
    except SourceError as error:
        raise UnreadableError(error.message) from None
    if len(set(header)) < len(header):
        raise UnreadableError("columns of its batch were left out, and others are named alike")
    if sorted(header) != sorted(line.titles):
        raise UnreadableError("the columns of its batch are not those that the file has now")
    return tuple(header)
