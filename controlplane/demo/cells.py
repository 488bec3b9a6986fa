"""Columns of text as matrices of bytes: a line a row, zeros where a text is shorter than the others.

Numbers, dates and looked-up names become such matrices without a Python object for each value.
`lines` puts them side by side and drops the zeros, which no text may therefore contain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from controlplane.demo.streams import Flags, Ints

Cells: TypeAlias = NDArray[np.uint8]

_ZERO = ord("0")
_CLOCK_SECONDS = 86_400
_clock_tables: dict[bytes, Cells] = {}


def table(texts: Iterable[str]) -> Cells:
    """A matrix with one row for each text, in UTF-8."""
    encoded = [text.encode() for text in texts]
    width = max((len(text) for text in encoded), default=0) or 1
    flat = b"".join(text.ljust(width, b"\0") for text in encoded)
    return np.frombuffer(flat, dtype=np.uint8).reshape(len(encoded), width)


def constant(text: str, count: int) -> Cells:
    """The same text in every row."""
    return np.broadcast_to(table([text]), (count, max(len(text.encode()), 1)))


def number(values: Ints, *, digits: int = 0, decimals: int = 0) -> Cells:
    """Whole numbers in decimal, with at least `digits` digits.

    With `decimals`, the last so many digits stand behind a point: 1234 cents are `12.34`.
    """
    values = np.asarray(values, dtype=np.int64)
    size = np.abs(values)
    shown = max(digits, decimals + 1)
    width = max(shown, len(str(int(size.max()))) if len(size) else 1)
    point = 1 if decimals else 0
    out = np.zeros((len(values), 1 + width + point), dtype=np.uint8)
    rest = size
    for place in range(width):
        column = width - place + (point if place < decimals else 0)
        # The quotient is kept: a division for each digit is all this costs.
        quotient = rest // 10
        digit = (rest - quotient * 10 + _ZERO).astype(np.uint8)
        if place >= shown:
            digit[rest == 0] = 0
        out[:, column] = digit
        rest = quotient
    if point:
        out[:, width - decimals + 1] = ord(".")
    out[values < 0, 0] = ord("-")
    return out


def money(cents: Ints) -> Cells:
    """Amounts in hundredths as decimal numbers with two places."""
    return number(cents, decimals=2)


def day(days: Ints, layout: str = "y-m-d") -> Cells:
    """Days since 1970 as dates; `y`, `m` and `d` of the layout are year, month and day."""
    days = np.asarray(days, dtype=np.int64)
    if not len(days):
        return np.zeros((0, 1), dtype=np.uint8)
    first = int(days.min())
    # Each day of the range is written once, and looked up.
    every = np.arange(first, int(days.max()) + 1).astype("datetime64[D]")
    months = every.astype("datetime64[M]")
    parts = {
        "y": number(every.astype("datetime64[Y]").astype(np.int64) + 1970, digits=4),
        "m": number(months.astype(np.int64) % 12 + 1, digits=2),
        "d": number((every - months).astype(np.int64) + 1, digits=2),
    }
    written = joined(*(parts.get(letter, letter) for letter in layout))
    return np.asarray(written[days - first])


def clock(seconds: Ints, layout: str = "24") -> Cells:
    """Seconds since midnight as a time of day, `24` or `12` hours."""
    key = layout.encode()
    if key not in _clock_tables:
        _clock_tables[key] = table(_clock_text(second, layout) for second in range(_CLOCK_SECONDS))
    return np.asarray(_clock_tables[key][seconds])


def _clock_text(second: int, layout: str) -> str:
    hour, rest = divmod(second, 3600)
    if layout == "12":
        half = "PM" if hour >= 12 else "AM"
        return f"{hour % 12 or 12:02d}:{rest // 60:02d}:{rest % 60:02d} {half}"
    return f"{hour:02d}:{rest // 60:02d}:{rest % 60:02d}"


def moment(seconds: Ints, *, between: str = "T", end: str = "Z") -> Cells:
    """Seconds since 1970 as ISO 8601 date and time."""
    days, rest = np.divmod(np.asarray(seconds, dtype=np.int64), _CLOCK_SECONDS)
    return joined(day(days), between, clock(rest), end)


def joined(*parts: Cells | str) -> Cells:
    """Columns and fixed texts, one after the other."""
    count = next(len(part) for part in parts if not isinstance(part, str))
    return np.concatenate(
        [constant(part, count) if isinstance(part, str) else part for part in parts], axis=1
    )


def blank(cells: Cells, where: Flags) -> Cells:
    """The column with nothing in these rows."""
    out = np.array(cells)
    out[where] = 0
    return out


def replaced(cells: Cells, rows: Ints, others: Cells) -> Cells:
    """The column with other texts in some rows."""
    if not len(rows):
        return cells
    width = max(cells.shape[1], others.shape[1])
    out = np.zeros((len(cells), width), dtype=np.uint8)
    out[:, : cells.shape[1]] = cells
    out[rows] = 0
    out[rows, : others.shape[1]] = others
    return out


def texts(cells: Cells) -> list[str]:
    """The rows as Python texts."""
    return [bytes(row).translate(None, b"\0").decode() for row in cells]
