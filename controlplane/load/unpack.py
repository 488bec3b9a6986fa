"""Unpacks files, known by how they begin and not by what they are called."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from controlplane.errors import SourceError
from controlplane.load.spool import disk_errors

_MARK_BYTES = 8
_CHUNK = 1 << 20
_MOST_LAYERS = 4
_ZIP = b"PK\x03\x04"
_ZSTD = b"\x28\xb5\x2f\xfd"
# A frame of zstd that holds no data; parallel packers begin with one.
_SKIPPED = b"\x2a\x4d\x18"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPENERS: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
_UNKNOWN = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
}
_SHEETS = b"application/vnd.oasis.opendocument.spreadsheet"


def unpacked(path: Path, source: str, spool: Path) -> Path:
    """The file's content, in a scratch file if it is packed.

    What is packed with gzip, zstd, bzip2, xz, or as a zip of one file, is unpacked, also where one
    is in another. A workbook is a zip of many files, and stays as it is.

    Raises:
        SourceError: it is packed in another way, holds several files, or is damaged.
    """
    for layer in range(_MOST_LAYERS + 1):
        inner = _unpacked_once(path, source, spool / f"unpacked_{layer}")
        if inner is None:
            return path
        path = inner
    raise SourceError(f"{source}: is packed more than {_MOST_LAYERS} times")


def is_workbook(path: Path) -> bool:
    """Whether an unpacked file is a workbook, or an old Office document that may be one."""
    with path.open("rb") as file:
        start = file.read(_MARK_BYTES)
    return start.startswith((_ZIP, _COMPOUND))


def _unpacked_once(path: Path, source: str, target: Path) -> Path | None:
    """The content of a packed file in `target`; None for a file that is not packed."""
    with path.open("rb") as file:
        start = file.read(_MARK_BYTES)
    for mark, called in _UNKNOWN.items():
        if start.startswith(mark):
            raise SourceError(
                f"{source}: is {called}, which cannot be read",
                hint="unpack it, and load what is in it",
            )
    try:
        if start.startswith(_ZIP):
            with zipfile.ZipFile(path) as archive:
                only = _only(archive, source)
                if only is None:
                    return None
                with archive.open(only) as packed:
                    return _copy(packed, target)
        if start.startswith(_ZSTD) or (start[1:4] == _SKIPPED and start[0] >> 4 == 5):
            return _unpack_zstd(path, source, target)
        for mark, opener in _OPENERS:
            if start.startswith(mark):
                with opener(path) as packed:
                    return _copy(packed, target)
    except (EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{source}: is damaged and cannot be unpacked: {error}") from error
    except (RuntimeError, NotImplementedError) as error:  # what zipfile says of an encrypted file
        raise SourceError(f"{source}: cannot be unpacked: {error}") from error
    return None


def _only(archive: zipfile.ZipFile, source: str) -> zipfile.ZipInfo | None:
    """The one file of an archive; None for a workbook."""
    files = [
        each
        for each in archive.infolist()
        if not each.is_dir() and not each.filename.startswith("__MACOSX/")
    ]
    names = {each.filename for each in files}
    if names & {"xl/workbook.xml", "xl/workbook.bin"}:
        return None
    if "mimetype" in names and archive.read("mimetype").startswith(_SHEETS):
        return None
    if names & {"[Content_Types].xml", "mimetype"}:
        raise SourceError(
            f"{source}: is an Office document, but no workbook",
            hint="expected a workbook such as .xlsx, or a text file",
        )
    if len(files) != 1:
        shown = ", ".join(each.filename for each in files[:5]) or "none"
        raise SourceError(
            f"{source}: holds {len(files)} files ({shown}), expected one",
            hint="unpack it into a folder, and load that with --table-per-file",
        )
    return files[0]


def _copy(packed: IO[bytes], target: Path) -> Path:
    with disk_errors(target.parent), target.open("wb") as out:
        while piece := _read(packed):
            out.write(piece)
    return target


def _read(packed: IO[bytes]) -> bytes:
    try:
        return packed.read(_CHUNK)
    except OSError as error:
        # So bzip2 says that a file is damaged; it is no fault of the disk.
        raise EOFError(str(error)) from error


def _unpack_zstd(path: Path, source: str, target: Path) -> Path:
    """Unpack frame after frame: the library's own reader takes a cut frame for the end."""
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << zstandard.WINDOWLOG_MAX)
    frame = unpacker.decompressobj()
    has_begun = False
    with path.open("rb") as file, disk_errors(target.parent), target.open("wb") as out:
        while piece := file.read(_CHUNK):
            while piece:
                try:
                    out.write(frame.decompress(piece))
                except zstandard.ZstdError as error:
                    raise SourceError(
                        f"{source}: is damaged and cannot be unpacked: {error}"
                    ) from error
                has_begun, piece = not frame.eof, frame.unused_data
                if frame.eof:
                    frame = unpacker.decompressobj()
    if has_begun:
        raise SourceError(
            f"{source}: is damaged and cannot be unpacked: the last frame ends too early"
        )
    return target
