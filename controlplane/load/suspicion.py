"""Finds text that DuckDB would read, but not as it stands."""

from __future__ import annotations

import re

_KEPT = 64


class Suspicion:
    """Looks at a delimited text piece by piece, about as fast as it can be copied.

    It has to be read with care where there is
    - a NUL, which no warehouse but DuckDB can store,
    - a quote that is opened again behind a closed one: DuckDB leaves both out,
    - a carriage return alone in a text whose lines end otherwise: DuckDB may leave it out.
    """

    def __init__(self, quote: str) -> None:
        mark = quote.encode()
        self._closed = mark + b" "
        self._again = re.compile(re.escape(mark) + b" +" + re.escape(mark)) if mark else None
        self._tail = b""
        self._found = False
        self._line_feeds = self._lone_returns = False

    @property
    def needs_care(self) -> bool:
        """Whether the careful reader has to read it."""
        return self._found or (self._line_feeds and self._lone_returns)

    def look(self, piece: bytes) -> None:
        """Look at the next piece."""
        if self._found:
            return
        self._found = b"\0" in piece
        if self._again is not None:
            self._found |= self._closed in piece and bool(self._again.search(piece))
            self._found |= bool(self._again.search(self._tail + piece[:_KEPT]))
        self._line_feeds = self._line_feeds or b"\n" in piece
        if not self._lone_returns:
            returns = piece.count(b"\r")
            if returns:
                pairs = piece.count(b"\r\n")
                self._lone_returns = returns - pairs - piece.endswith(b"\r") > 0
            if self._tail.endswith(b"\r") and not piece.startswith(b"\n"):
                self._lone_returns = True
        self._tail = piece[-_KEPT:]
