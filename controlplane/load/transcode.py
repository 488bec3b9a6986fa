"""Turns text files of any encoding into UTF-8 scratch files, and loses no byte on the way."""

from __future__ import annotations

import codecs
from pathlib import Path

from controlplane.errors import SourceError
from controlplane.load.spool import disk_errors
from controlplane.load.suspicion import Suspicion

_CHUNK = 1 << 20
_AS_IT_IS = frozenset({"utf-8", "utf-8-sig", "ascii"})
_ERRORS = "databank-invalid"


def is_utf8(encoding: str, source: str) -> bool:
    """Whether text of this encoding can be read as it stands.

    Raises:
        SourceError: there is no such encoding.
    """
    try:
        return codecs.lookup(encoding).name in _AS_IT_IS
    except LookupError:
        raise SourceError(
            f"{source}: '{encoding}' is no known encoding",
            hint="name one such as utf-8, utf-16, latin-1 or cp1252 in format.encoding",
        ) from None


def to_utf8(path: Path, encoding: str, target: Path, quote: str) -> Suspicion:
    """Write the text to `target` in UTF-8; what is suspicious in it.

    What is no text in the encoding becomes a byte that is no UTF-8, so that its record is rejected
    and not repaired.
    """
    codecs.register_error(_ERRORS, _keep_invalid)
    decoder = codecs.getincrementaldecoder(encoding)(_ERRORS)
    suspicion = Suspicion(quote)
    with path.open("rb") as source, disk_errors(target.parent), target.open("wb") as out:
        while True:
            chunk = source.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            data = text.encode("utf-8", "surrogateescape")
            suspicion.look(data)
            out.write(data)
            if not chunk:
                return suspicion


def _keep_invalid(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(map(_invalid, wrong)), error.end


def _invalid(byte: int) -> str:
    """Characters that are written as this byte, in a way that no neighbour makes it valid UTF-8."""
    if byte < 0x80:
        return "\udcff"
    return chr(0xDC00 + byte) + ("\udcff" if byte >= 0xC0 else "")
