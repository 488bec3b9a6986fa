"""Finds text that DuckDB would read, but not as it stands."""

from __future__ import annotations

import re
from pathlib import Path

_KEPT = 64
_CHUNK = 1 << 20


class Suspicion:
    """Looks at a delimited text piece by piece, about as fast as it can be copied.

    It has to be read with care where there is
    - a NUL, which no warehouse but DuckDB can store,
    - a quote that is opened again behind a closed one: DuckDB leaves both out,
    - a carriage return alone in a text whose lines end otherwise: DuckDB may leave it out.
    """

    def __init__(self, quote: str) -> None:
        mark = quote.encode()
        self._mark, self._closed = mark, mark + b" "
        self._again = re.compile(re.escape(mark) + b" +" + re.escape(mark)) if mark else None
        self._tail = b""
        self._found = False
        self._lone_feeds = self._lone_returns = self._pairs = False

    @property
    def needs_care(self) -> bool:
        """Whether the careful reader has to read it."""
        return self._found or (self._lone_returns and (self._lone_feeds or self._pairs))

    @property
    def mixed_ends(self) -> bool:
        """Whether some lines end with `\\n` alone and others with `\\r\\n`.

        In a file of one column DuckDB sees a record between the two characters.
        """
        return self._lone_feeds and self._pairs

    def look(self, piece: bytes) -> None:
        """Look at the next piece."""
        if self._found:
            return
        self._found = b"\0" in piece
        if self._again is not None:
            # Most texts have no quote, and looking for one byte is quickest.
            closed = self._mark in piece and self._closed in piece
            self._found |= closed and bool(self._again.search(piece))
            self._found |= bool(self._again.search(self._tail + piece[:_KEPT]))
        self._look_at_ends(piece)
        self._tail = piece[-_KEPT:]

    def _look_at_ends(self, piece: bytes) -> None:
        """Note how lines end; a pair that is cut between two pieces counts with the second."""
        if self._lone_returns and self._lone_feeds and self._pairs:
            return
        returns, pairs, feeds = piece.count(b"\r"), 0, int(b"\n" in piece)
        if returns:
            pairs, feeds = piece.count(b"\r\n"), piece.count(b"\n")
            returns -= piece.endswith(b"\r")
        if self._tail.endswith(b"\r"):
            if piece.startswith(b"\n"):
                pairs, returns, feeds = pairs + 1, returns + 1, piece.count(b"\n")
            else:
                self._lone_returns = True
        self._pairs |= pairs > 0
        self._lone_feeds |= feeds > pairs
        self._lone_returns |= returns > pairs


def look_at(path: Path, quote: str) -> Suspicion:
    """What is suspicious in a file that is not packed."""
    suspicion = Suspicion(quote)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            suspicion.look(piece)
    return suspicion
