"""How many columns and records there are, and what stands beside the table."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import AsIs, Draft, Line, UnfitError, noise
from tests.messy.pollution import Part, pollution

# Beside these, text around the table could as well be records of it, or a blank line a cell.
_AROUND = (Part.ABOVE, Part.BELOW, Part.BLANK)


def _replace_table(draft: Draft, header: list[str], rows: list[list[str]]) -> None:
    draft.header = header
    draft.top = [Line(list(header))]
    draft.records = [Line(list(row), list(row)) for row in rows]


def _rows(draft: Draft) -> list[list[str]]:
    return [list(line.meant) for line in draft.records if line.meant is not None]


@pollution(Part.SHAPE, *_AROUND, Part.DELIMITER, Part.RECORDS, Part.HEADER, Part.WHITE_SPACE)
def one_column(draft: Draft, rng: Random) -> None:
    """There is one column, and no delimiter at all: each line is a cell, the first one its name."""
    fit = draft.columns(lambda cell: cell != "" and not set(cell) & set(',;\t|:^~ "\n'))
    if not fit:
        raise UnfitError("no column that can stand alone")
    column = rng.choice(fit)
    assert draft.header
    if " " in draft.header[column]:
        raise UnfitError("a name of two words")
    _replace_table(draft, [draft.header[column]], [[row[column]] for row in _rows(draft)])


@pollution(Part.SHAPE)
def one_record(draft: Draft, rng: Random) -> None:
    """A header and one record."""
    assert draft.header
    _replace_table(draft, draft.header, [rng.choice(_rows(draft))])


@pollution(Part.SHAPE)
def header_only(draft: Draft, rng: Random) -> None:
    """A header and no record: a table without rows, whose columns have these names."""
    draft.records = []


@pollution(Part.SHAPE)
def empty_file(draft: Draft, rng: Random) -> None:
    """Nothing at all: no column, no record. To refuse the file is as good."""
    draft.header, draft.top, draft.records = [], [], []


@pollution(Part.SHAPE, Part.DELIMITER, Part.QUOTING, Part.HEADER)
def blank_file(draft: Draft, rng: Random) -> None:
    """Only blank lines: the same as an empty file."""
    draft.header, draft.top, draft.records = [], [], []
    draft.below = [noise("") for _ in range(4)]


@pollution(Part.SHAPE)
def many_columns(draft: Draft, rng: Random) -> None:
    """Five hundred columns."""
    assert draft.header
    extra = range(len(draft.header) + 1, 501)
    _replace_table(
        draft,
        [*draft.header, *(f"q{number}" for number in extra)],
        [[*row, *(str(rng.randrange(1, 8)) for _ in extra)] for row in _rows(draft)[:12]],
    )


@pollution(Part.SHAPE)
def long_field(draft: Draft, rng: Random) -> None:
    """One cell has 100 kB of text, with commas and spaces: it is a cell as any other."""
    [line] = draft.plain(1, rng)
    words = ["lorem", "ipsum,", "dolor", "sit", "amet;", "consectetur", "adipiscing."]
    text = ""
    while len(text) < 100_000:
        text += " ".join(rng.choices(words, k=500)) + " "
    line.cells[-1] = text.strip()
    line.meant = list(line.cells)


@pollution(Part.SHAPE, Part.HEADER, Part.RECORDS, Part.BELOW, Part.WHITE_SPACE)
def tables_side_by_side(draft: Draft, rng: Random) -> None:
    """A small second table stands to the right, behind an empty column.

    Every line holds both. It is read as one wide table, with the names and the empty column as they
    stand; or the first and larger one is the table, and the second is in rejects.
    """
    assert draft.header
    width = len(draft.header)
    side = [["code", "meaning"], ["A", "active"], ["C", "closed"], ["P", "pending"]]
    rows = _rows(draft)
    if len(rows) < 2 * len(side) or set(side[0]) & set(draft.header):
        raise UnfitError("the second table would not be the smaller one")
    wide = [
        [*row, "", *(side[number + 1] if number + 1 < len(side) else ["", ""])]
        for number, row in enumerate(rows)
    ]
    _replace_table(draft, [*draft.header, "", *side[0]], wide)

    def left_only(intent: Intent) -> Intent:
        return replace(
            intent,
            header=(intent.header or [])[:width],
            rows=[row[:width] for row in intent.rows],
            apart=side[1:],
        )

    draft.alternatives.append(left_only)


@pollution(
    Part.SHAPE, Part.HEADER, Part.RECORDS, Part.BELOW, Part.BLANK, Part.WHITE_SPACE, Part.ABOVE
)
def table_below(draft: Draft, rng: Random) -> None:
    """A second table follows after a blank line.

    The first and larger one is the table; the lines of the second, with its header, have to be in
    rejects, for they are no records of the first, and nobody wants to lose them.
    """
    second = [["code", "meaning", "since"], ["A", "active", "2019"], ["C", "closed", "2021"]]
    if draft.width == 3 or len(draft.records) < 8:
        raise UnfitError("the second table would be like the first")
    draft.below = [noise(""), *(Line(list(row), list(row), apart=True) for row in second)]


@pollution(
    Part.SHAPE, Part.HEADER, Part.RECORDS, Part.BELOW, Part.BLANK, Part.WHITE_SPACE, Part.ABOVE
)
def empty_columns_at_the_right(draft: Draft, rng: Random) -> None:
    """Three columns without a name and without a value at the right, as a spreadsheet leaves them.

    They are columns as they stand, or none.
    """
    assert draft.header
    width = len(draft.header)
    _replace_table(draft, [*draft.header, "", "", ""], [[*row, "", "", ""] for row in _rows(draft)])
    draft.top = [Line([cell if cell else AsIs(cell) for cell in draft.top[0].cells])]
    for line in draft.records:
        line.cells = [*line.cells[:width], AsIs(""), AsIs(""), AsIs("")]

    def without(intent: Intent) -> Intent:
        return replace(
            intent,
            header=(intent.header or [])[:width],
            rows=[row[:width] for row in intent.rows],
        )

    draft.alternatives.append(without)
