"""Records that do not fit the table, and delimiters that are too many."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import AsIs, Draft, Line, UnfitError, line_text, noise, untouched
from tests.messy.pollution import Part, add, pollution

_SHORT = (
    "The {} record lacks its {} cell: it is in rejects, or loaded as its cells stand, filled up with"
    " nothing at the end."
)
_LONG = (
    "The {} record has a cell too many: it is in rejects, or loaded whole or without what is too"
    " many."
)


def _record(draft: Draft, where: str) -> Line:
    """The record at this place.

    Raises:
        UnfitError: it is not as it is meant, or there are too few.
    """
    if len(draft.records) < 4 or draft.width < 3:
        raise UnfitError("nothing would tell which records are right")
    place = {"first": 0, "middle": len(draft.records) // 2, "last": len(draft.records) - 1}[where]
    if not untouched(draft.records[place]):
        raise UnfitError("the record has another flaw already")
    return draft.records[place]


def _ragged(where: str, lacking: str) -> None:
    def short(draft: Draft, rng: Random) -> None:
        line = _record(draft, where)
        del line.cells[-1 if lacking == "last" else len(line.cells) // 2]
        line.meant, line.fits = list(line.cells), False

    add(
        Part.RECORDS,
        f"{where}_record_lacks_its_{lacking}_cell",
        _SHORT.format(where, lacking),
        short,
    )


def _too_long(where: str) -> None:
    def long(draft: Draft, rng: Random) -> None:
        line = _record(draft, where)
        line.cells.insert(rng.randrange(1, len(line.cells) + 1), "surplus")
        line.meant, line.fits = list(line.cells), False

    add(Part.RECORDS, f"{where}_record_too_long", _LONG.format(where), long)


for _where in ("first", "middle", "last"):
    _ragged(_where, "last")
    _ragged(_where, "middle")
    _too_long(_where)


@pollution(Part.RECORDS, "units_row")
def several_ragged_records(draft: Draft, rng: Random) -> None:
    """One record in eight has a cell too few or too many: as with one of them."""
    for number, line in enumerate(draft.plain(max(len(draft.records) // 8, 2), rng)):
        if draft.width < 3:
            raise UnfitError("nothing would tell which records are right")
        if number % 2:
            line.cells.append("surplus")
        else:
            line.cells.pop()
        line.meant, line.fits = list(line.cells), False


@pollution(Part.RECORDS, "space", Part.WHITE_SPACE, Part.QUOTING)
def delimiter_without_quotes(draft: Draft, rng: Random) -> None:
    """A cell of one record has a delimiter and no quotes: a record with a cell too many."""
    line = _record(draft, "middle")
    fit = draft.columns(lambda cell: cell[:1].isalpha() and '"' not in cell and "\n" not in cell)
    if not fit:
        raise UnfitError("no text")
    column = rng.choice(fit)
    line.cells[column : column + 1] = [line.cells[column], "Inc."]
    line.meant, line.fits = list(line.cells), False


@pollution(Part.RECORDS, "space", "comma_and_space", Part.WHITE_SPACE, Part.QUOTING)
def another_delimiter_in_one_record(draft: Draft, rng: Random) -> None:
    """One record has another delimiter than all others: it is in rejects, or loaded as it is meant,
    or as one cell."""
    line = _record(draft, "middle")
    other = "|" if draft.dialect.delimiter in {";", ","} else ";"
    if any(
        mark in cell for cell in line.cells for mark in (other, draft.dialect.delimiter, '"', "\n")
    ):
        raise UnfitError("the record has one of the delimiters in a cell")
    text = line_text(replace(draft.dialect, delimiter=other), line)
    meant = list(line.cells)
    line.cells, line.fits = [AsIs(text)], False

    def one_cell(intent: Intent) -> Intent:
        return replace(
            intent, bad_records=[[text] if r == meant else r for r in intent.bad_records]
        )

    draft.alternatives.append(one_cell)


def _unnamed_column(intent: Intent) -> Intent:
    """The reading in which a delimiter at the end makes a column of its own."""
    header = None if intent.header is None else [*intent.header, ""]
    return replace(intent, header=header, rows=[[*row, ""] for row in intent.rows])


@pollution(Part.RECORDS, "one_column")
def trailing_delimiter_on_every_line(draft: Draft, rng: Random) -> None:
    """Every line ends with a delimiter: there is no column behind it, or an empty one without name."""
    for line in (*draft.top, *draft.records):
        line.cells = [*line.cells, AsIs("")]
    draft.alternatives.append(_unnamed_column)


@pollution(Part.RECORDS, "one_column", "no_header", Part.WHITE_SPACE)
def trailing_delimiter_on_the_header(draft: Draft, rng: Random) -> None:
    """Only the header ends with a delimiter: there is no column behind it, or one that is empty."""
    if not draft.records or not draft.top:
        raise UnfitError("no header or no records")
    for line in draft.top:
        line.cells = [*line.cells, AsIs("")]
    draft.alternatives.append(_unnamed_column)


@pollution(Part.RECORDS, "one_column", "no_header", Part.WHITE_SPACE)
def trailing_delimiter_on_the_records(draft: Draft, rng: Random) -> None:
    """Only the records end with a delimiter: there is no column behind it, or one without a name."""
    draft.plain(2, rng)
    for line in draft.records:
        line.cells = [*line.cells, AsIs("")]
    draft.alternatives.append(_unnamed_column)


@pollution(Part.RECORDS, "one_column", Part.BLANK, "no_header", Part.WHITE_SPACE)
def records_of_nothing(draft: Draft, rng: Random) -> None:
    """Lines of delimiters only, as a spreadsheet leaves them: dropped, loaded as empty records, or in
    rejects."""
    if draft.width < 3:
        raise UnfitError("one or two columns")
    draft.plain(3, rng)
    empty = [""] * draft.width
    for place in (len(draft.records) // 2, len(draft.records) + 1, len(draft.records) + 2):
        cells: list[str] = [AsIs("") for _ in empty]
        draft.records.insert(place, Line(cells, list(empty), fits=False))


@pollution(Part.RECORDS, "one_column")
def comments_between(draft: Draft, rng: Random) -> None:
    """Lines that begin with a hash between the records are comments, and no records."""
    draft.plain(4, rng)
    third = len(draft.records) // 3
    draft.records.insert(2 * third, noise("# second delivery, checked by hand"))
    draft.records.insert(third, noise("# first delivery"))
