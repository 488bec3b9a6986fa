"""A file in the making: lines of cells, how they are written, and what is meant by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from random import Random

from tests.messy.case import Case, Intent
from tests.messy.tables import Table, is_number


class UnfitError(Exception):
    """A pollution makes no sense here, or nobody could say what is meant by the outcome."""


class AsIs(str):
    """A cell that stands in the file as it is, without quotes of the dialect."""

    __slots__ = ()


class Quoting(Enum):
    """Which cells have quotes."""

    MINIMAL = "those that need them"
    ALL = "all"
    TEXT = "all but numbers and empty cells"
    SOME = "those that need them, and some others"
    NONE = "none"


class Escape(Enum):
    """How a special character is written within a cell."""

    DOUBLED = "the quote twice"
    BACKSLASH = "a backslash before the quote"
    BACKSLASH_DELIMITER = "a backslash before the delimiter, and no quotes at all"


@dataclass
class Dialect:
    """How cells become a line."""

    delimiter: str = ","
    quote: str = '"'
    quoting: Quoting = Quoting.MINIMAL
    escape: Escape = Escape.DOUBLED
    # White space around each cell, outside of its quotes.
    before: str = ""
    after: str = ""
    # Each cell is filled up with blanks to the width of its column.
    aligned: bool = False


@dataclass
class Line:
    """A line of the file; `meant` are the cells of the record that it holds, null where it has none.

    `fits` is false for a bad record; `apart` marks text that has to be in rejects.
    """

    cells: list[str]
    meant: list[str] | None = None
    fits: bool = True
    apart: bool = False


def noise(text: str) -> Line:
    """A line that is no record, written as it is."""
    return Line([AsIs(text)])


@dataclass
class Draft:
    """A file in the making.

    `header` is the header as it is meant, `top` the lines that hold it. An alternative makes, from
    one right reading, another that is as good; in a file with several, every combination is.
    """

    table: Table
    header: list[str] | None
    top: list[Line]
    records: list[Line]
    dialect: Dialect
    above: list[Line] = field(default_factory=list)
    below: list[Line] = field(default_factory=list)
    newlines: tuple[str, ...] = ("\n",)
    last_newline: bool = True
    encoding: str = "utf-8"
    mark: bytes = b""
    # Characters that become these bytes, whatever the encoding.
    broken: dict[str, bytes] = field(default_factory=dict)
    trim_ok: bool = False
    alternatives: list[Callable[[Intent], Intent]] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All lines from the first to the last."""
        return [*self.above, *self.top, *self.records, *self.below]

    @property
    def width(self) -> int:
        """How many columns the table has."""
        if self.header is not None:
            return len(self.header)
        good = (len(line.meant) for line in self.records if line.meant and line.fits)
        return max(good, default=0)

    def plain(self, count: int, rng: Random) -> list[Line]:
        """So many good records, chosen at random, in the order of the file, not touched so far."""
        fit = [index for index, line in enumerate(self.records) if untouched(line)]
        if len(fit) < count:
            raise UnfitError("too few records")
        return [self.records[index] for index in sorted(rng.sample(fit, count))]

    def columns(self, fits: Callable[[str], bool]) -> list[int]:
        """The columns in which every good record's cell is like this."""
        good = [line.meant for line in self.records if line.meant and line.fits]
        return [
            column
            for column in range(self.width)
            if good and all(column < len(cells) and fits(cells[column]) for cells in good)
        ]


def untouched(line: Line) -> bool:
    """Whether a line is a good record, written as it is meant."""
    return line.fits and line.meant is not None and line.cells == line.meant


def start(table: Table) -> Draft:
    """A table as a well-behaved file."""
    return Draft(
        table,
        list(table.header),
        [Line(list(table.header))],
        [Line(list(row), list(row)) for row in table.rows],
        Dialect(delimiter=table.delimiter),
    )


def intents(draft: Draft) -> list[Intent]:
    """Every right reading of the file, the first one first."""
    records = [line for line in draft.lines if line.meant is not None]
    first = Intent(
        draft.header,
        [list(line.meant or ()) for line in records if line.fits and not line.apart],
        [list(line.meant or ()) for line in records if not line.fits and not line.apart],
        [list(line.meant or ()) for line in records if line.apart],
    )
    readings = [first]
    for alternative in draft.alternatives:
        readings += [alternative(reading) for reading in readings]
    return readings


def write(draft: Draft) -> bytes:
    """The file.

    Raises:
        UnfitError: the dialect or the encoding cannot hold the table.
    """
    widths = _widths(draft)
    parts = []
    lines = draft.lines
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        end = draft.newlines[number % len(draft.newlines)]
        parts.append(
            line_text(draft.dialect, line, number, widths)
            + (end if draft.last_newline or not last else "")
        )
    try:
        content = "".join(parts).encode(draft.encoding)
    except UnicodeEncodeError as error:
        raise UnfitError(f"{draft.encoding} cannot hold it") from error
    for character, found in draft.broken.items():
        content = content.replace(character.encode(draft.encoding), found)
    return draft.mark + content


def line_text(dialect: Dialect, line: Line, number: int = 0, widths: tuple[int, ...] = ()) -> str:
    """A line without its end."""
    texts = [
        _cell(dialect, cell, (number * 7 + index * 3) % 4 == 0, len(line.cells) == 1)
        for index, cell in enumerate(line.cells)
    ]
    if all(isinstance(cell, AsIs) for cell in line.cells):
        return dialect.delimiter.join(texts)
    if dialect.aligned:
        texts = [
            text.ljust(widths[index] if index < len(widths) else 0)
            for index, text in enumerate(texts)
        ]
    return dialect.delimiter.join(f"{dialect.before}{text}{dialect.after}" for text in texts)


@cache
def _special(delimiter: str) -> frozenset[str]:
    """The characters that a cell without quotes cannot have."""
    return frozenset((*delimiter, "\n", "\r"))


def _cell(dialect: Dialect, cell: str, chosen: bool, alone: bool) -> str:
    """A cell as it stands in the file; `chosen` ones have quotes where only some have."""
    if isinstance(cell, AsIs):
        return str(cell)
    special = not _special(dialect.delimiter).isdisjoint(cell)
    if dialect.quoting is Quoting.NONE:
        if dialect.escape is Escape.BACKSLASH_DELIMITER:
            if "\\" in cell:
                raise UnfitError("a backslash that escapes nothing")
            escaped = cell.replace(dialect.delimiter, "\\" + dialect.delimiter)
            special = "\n" in cell or "\r" in cell
            cell = escaped
        if special or cell[:1] in {'"', "'"} or (alone and not cell):
            raise UnfitError("a cell needs quotes")
        return cell
    needed = special or dialect.quote in cell or (alone and not cell)
    wanted = (
        dialect.quoting is Quoting.ALL
        or (dialect.quoting is Quoting.SOME and chosen)
        or (dialect.quoting is Quoting.TEXT and cell != "" and not is_number(cell))
    )
    if not needed and not wanted:
        return cell
    if dialect.escape is Escape.BACKSLASH:
        if "\\" in cell:
            raise UnfitError("a backslash that escapes nothing")
        inner = cell.replace(dialect.quote, "\\" + dialect.quote)
    else:
        inner = cell.replace(dialect.quote, dialect.quote * 2)
    return f"{dialect.quote}{inner}{dialect.quote}"


def _widths(draft: Draft) -> tuple[int, ...]:
    """How wide each column is where cells are aligned."""
    if not draft.dialect.aligned:
        return ()
    plain = replace(draft.dialect, aligned=False)
    table = [*draft.top, *(line for line in draft.records if line.meant is not None)]
    return tuple(
        max(
            len(_cell(plain, line.cells[column], False, False))
            for line in table
            if column < len(line.cells)
        )
        for column in range(max((len(line.cells) for line in table), default=0))
    )


def finish(draft: Draft, name: str, pollutions: tuple[str, ...], note: str) -> Case:
    """The case that a draft makes."""
    first, *others = intents(draft)
    return Case(
        name=name,
        content=write(draft),
        header=first.header,
        rows=first.rows,
        bad_records=first.bad_records,
        pollutions=pollutions,
        trim_ok=draft.trim_ok,
        note=note,
        apart=first.apart,
        accepts=tuple(others),
    )


def check_noise(draft: Draft) -> None:
    """See that no line of plain text looks like a record by its number of delimiters.

    Raises:
        UnfitError: one does; then nobody could say that it is none.
    """
    for line in draft.lines:
        if line.meant is not None or len(line.cells) != 1 or not isinstance(line.cells[0], AsIs):
            continue
        text = str(line.cells[0])
        if text.strip() and text.count(draft.dialect.delimiter) + 1 == draft.width:
            raise UnfitError("plain text that looks like a record")
