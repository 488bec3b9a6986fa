"""Unpacks files, known by how they begin and not by what they are called."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from controlplane.errors import SourceError
from controlplane.load.spool import disk_errors

_MARK_BYTES = 6
_OPENERS: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
_UNKNOWN = {
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}


def unpacked(path: Path, source: str, spool: Path) -> Path:
    """The file's content, in a scratch file if it is packed: gzip, bzip2, xz, or a zip of one file.

    Raises:
        SourceError: it is packed in another way, holds several files, or is damaged.
    """
    with path.open("rb") as file:
        start = file.read(_MARK_BYTES)
    for mark, called in _UNKNOWN.items():
        if start.startswith(mark):
            raise SourceError(
                f"{source}: is {called}, which cannot be read yet",
                hint="unpack it, or save it as CSV, and load that",
            )
    target = spool / "unpacked"
    try:
        if start.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(path) as archive, archive.open(_only(archive, source)) as packed:
                return _copy(packed, target)
        for mark, opener in _OPENERS:
            if start.startswith(mark):
                with opener(path) as packed:
                    return _copy(packed, target)
    except (EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{source}: is damaged and cannot be unpacked: {error}") from error
    except RuntimeError as error:  # what zipfile says of an encrypted file
        raise SourceError(f"{source}: cannot be unpacked: {error}") from error
    return path


def _only(archive: zipfile.ZipFile, source: str) -> zipfile.ZipInfo:
    files = [
        each
        for each in archive.infolist()
        if not each.is_dir() and not each.filename.startswith("__MACOSX/")
    ]
    if any(each.filename == "[Content_Types].xml" for each in files):
        raise SourceError(
            f"{source}: is an Office document, which cannot be read yet",
            hint="save the sheet as CSV, and load that",
        )
    if len(files) != 1:
        names = ", ".join(each.filename for each in files[:5]) or "none"
        raise SourceError(
            f"{source}: holds {len(files)} files ({names}), expected one",
            hint="unpack it into a folder, and load that with --table-per-file",
        )
    return files[0]


def _copy(packed: IO[bytes], target: Path) -> Path:
    with disk_errors(target.parent), target.open("wb") as out:
        shutil.copyfileobj(packed, out, 1 << 20)
    return target
