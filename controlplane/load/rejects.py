"""Records that could not be read, on their way into `raw._rejects`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from controlplane.targets.base import literal

# DuckDB's own bound of a line; a longer reject asks for a larger one.
_USUAL_LINE = 2_097_152
_ALWAYS_FITS = 100_000
SAMPLES = 3


@dataclass(frozen=True)
class Reject:
    """A record that could not be read: where it stands, what it says, and what is wrong with it."""

    line_number: int
    byte_offset: int | None
    raw_text: str
    reason: str


class RejectSpool:
    """Rejects in a scratch file, so that any number of them fits into memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8", newline="", errors="backslashreplace")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._longest = 0
        self.count = 0
        self.samples: list[Reject] = []

    def add(self, reject: Reject) -> None:
        """Take one record."""
        text = reject.raw_text.replace("\0", "\\x00")
        offset = "" if reject.byte_offset is None else reject.byte_offset
        self._writer.writerow((reject.line_number, offset, text, reject.reason))
        if len(text) > _ALWAYS_FITS:
            size = len(text.encode(errors="backslashreplace")) + text.count('"')
            self._longest = max(self._longest, size)
        self.count += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(reject)

    def __enter__(self) -> RejectSpool:
        return self

    def __exit__(self, *_: object) -> None:
        """Write out what was taken."""
        self._file.close()

    def select(self) -> str:
        """The query that gives line number, byte offset, raw text and reason of each."""
        longest = max(_USUAL_LINE, self._longest + 4096)
        return (
            "select cast(line_number as bigint) as line_number,"
            " cast(nullif(byte_offset, '') as bigint) as byte_offset, raw_text, reason"
            f" from read_csv({literal(str(self._path))}, auto_detect = false, header = false,"
            " delim = ',', quote = '\"', escape = '\"', new_line = '\\n',"
            f" max_line_size = {longest}, buffer_size = {max(4 * longest, 16 * _USUAL_LINE)},"
            " columns = {'line_number': 'VARCHAR', 'byte_offset': 'VARCHAR',"
            " 'raw_text': 'VARCHAR', 'reason': 'VARCHAR'})"
        )
