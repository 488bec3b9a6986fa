"""What stands within the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import Draft, UnfitError
from tests.messy.pollution import Part, add, pollution
from tests.messy.tables import is_number


def _is_words(cell: str) -> bool:
    return cell != "" and cell[0].isalpha() and '"' not in cell and "\n" not in cell


def _change(draft: Draft, rng: Random, count: int, change: Callable[[str], str]) -> None:
    """Change one cell of text in so many records; what is written is what is meant."""
    fit = draft.columns(_is_words)
    if not fit:
        raise UnfitError("no column of words")
    for line in draft.plain(count, rng):
        column = rng.choice(fit)
        line.cells[column] = change(line.cells[column])
        line.meant = list(line.cells)


@pollution(Part.CELLS)
def null_words(draft: Draft, rng: Random) -> None:
    """Words for nothing (NA, N/A, NULL, null, -, .) are text, and stay as they are."""
    if draft.width < 2:
        raise UnfitError("one column")
    words = ["NA", "N/A", "NULL", "null", "-", ".", "None", "#N/A"]
    for number, line in enumerate(draft.plain(5, rng)):
        column = rng.randrange(1, draft.width)
        line.cells[column] = words[(number + rng.randrange(2)) % len(words)]
        line.meant = list(line.cells)


@pollution(Part.CELLS)
def formulas(draft: Draft, rng: Random) -> None:
    """Cells that a spreadsheet would compute (=1+2, @x, +44, -1-1) are text."""
    found = iter(["=1+2", "@SUM(A1:A3)", '=HYPERLINK("http://x.example","y")', "-1-1"])
    _change(draft, rng, 4, lambda _: next(found))


@pollution(Part.CELLS)
def dates_in_different_layouts(draft: Draft, rng: Random) -> None:
    """A date is text as it stands, in whatever layout, also if the column has others."""
    fit = draft.columns(lambda cell: len(cell) == 10 and cell[4] == "-" and cell[7] == "-")
    if not fit:
        raise UnfitError("no column of dates")
    layouts = ["%d.%m.%Y", "%m/%d/%y", "%d-%b-%Y", "%Y%m%d", "%B %d, %Y"]
    lines = draft.plain(min(len(draft.records), 25), rng)
    for line in lines[::2]:
        day = date.fromisoformat(line.cells[fit[0]])
        line.cells[fit[0]] = day.strftime(rng.choice(layouts))
        line.meant = list(line.cells)


@pollution(Part.CELLS)
def thousands_separators(draft: Draft, rng: Random) -> None:
    """Numbers with separators of thousands, in quotes where these are delimiters, are one cell."""
    fit = draft.columns(lambda cell: is_number(cell) and not cell.startswith("0"))
    if not fit:
        raise UnfitError("no column of numbers")
    for line in draft.records:
        if line.meant is None:
            continue
        line.cells[fit[-1]] = f"{rng.randrange(1_000, 9_000_000):,}.{rng.randrange(100):02}"
        line.meant = list(line.cells)


@pollution(Part.CELLS)
def doubled_quotes(draft: Draft, rng: Random) -> None:
    """Cells with quotes in them, also at their ends: two quotes stand for one."""
    found = iter(['"{}"', 'the "{}"', '"{}", they say', '{} ""'])
    _change(draft, rng, 4, lambda cell: next(found).format(cell))


@pollution(Part.CELLS)
def newlines_in_cells(draft: Draft, rng: Random) -> None:
    """A line end within quotes is a part of the cell, also twice, and at the cell's end."""
    found = iter(["{}\nsecond line", "one\n\n{}", "{}\n"])
    _change(draft, rng, 3, lambda cell: next(found).format(cell))


@pollution(Part.CELLS)
def non_breaking_spaces(draft: Draft, rng: Random) -> None:
    """A non-breaking or narrow space within a cell is a character as any other."""
    found = iter(["{}\u00a0Ltd", "12\u00a0345,60", "{}\u202f\u00a0x"])
    _change(draft, rng, 3, lambda cell: next(found).format(cell))


@pollution(Part.CELLS)
def control_characters(draft: Draft, rng: Random) -> None:
    """Control characters within a cell stay in it."""
    found = iter(["{}\x01", "a\x1b[0m{}", "{}\x07\x08b", "\x7f{}"])
    _change(draft, rng, 4, lambda cell: next(found).format(cell))


@pollution(Part.CELLS)
def other_line_separators(draft: Draft, rng: Random) -> None:
    """Form feed, vertical tab, U+0085 and U+2028 end no record: they stay in their cells."""
    found = iter(["{}\x0cb", "a\x0b{}", "{}\x85c", "{}\u2028d", "{}\x1ee"])
    _change(draft, rng, 5, lambda cell: next(found).format(cell))


@pollution(Part.CELLS, "comments_above", "comments_between")
def hashes_and_dashes_in_front(draft: Draft, rng: Random) -> None:
    """A record whose first cell begins with a hash or a dash is a record, no comment."""
    if is_number(draft.table.rows[0][0]):
        raise UnfitError("a number in front")
    for number, line in enumerate(draft.plain(4, rng)):
        line.cells[0] = f"{'#-'[number % 2]}{line.cells[0]}"
        line.meant = list(line.cells)


def _nul(character_at: Callable[[str], str]) -> Callable[[Draft, Random], None]:
    def apply(draft: Draft, rng: Random) -> None:
        lines = draft.plain(2, rng)
        before = [list(line.cells) for line in lines]
        for line in lines:
            column = rng.randrange(draft.width)
            line.cells[column] = character_at(line.cells[column])
            line.meant = list(line.cells)
        with_nul = [list(line.cells) for line in lines]
        without = [[cell.replace("\0", "") for cell in cells] for cells in with_nul]
        assert before == without

        def cleaned(intent: Intent) -> Intent:
            def clean(rows: list[list[str]]) -> list[list[str]]:
                return [[cell.replace("\0", "") for cell in row] for row in rows]

            return replace(intent, rows=clean(intent.rows), bad_records=clean(intent.bad_records))

        def rejected(intent: Intent) -> Intent:
            marked = [row for row in intent.rows if any("\0" in cell for cell in row)]
            rows = [row for row in intent.rows if row not in marked]
            return replace(intent, rows=rows, bad_records=[*intent.bad_records, *marked])

        draft.alternatives += [cleaned, rejected]

    return apply


_NUL = "The record is in rejects, or loaded with the NUL or without it; all others are as ever."
add(
    Part.CELLS,
    "nul_in_a_cell",
    f"A NUL byte within a cell. {_NUL}",
    _nul(lambda cell: cell[:1] + "\0" + cell[1:]),
)
add(
    Part.CELLS,
    "nul_at_the_end_of_a_cell",
    f"Some NUL bytes at a cell's end, as from a column of fixed width. {_NUL}",
    _nul(lambda cell: cell + "\0\0\0"),
)
