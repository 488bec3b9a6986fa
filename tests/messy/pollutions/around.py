"""What stands above and below the table and between its lines, and white space around its cells."""

from __future__ import annotations

from random import Random

from tests.messy.draft import AsIs, Draft, Line, UnfitError, noise
from tests.messy.pollution import Part, add, pollution
from tests.messy.tables import is_number


def _above(draft: Draft, lines: list[Line]) -> None:
    """Put lines before the table.

    Raises:
        UnfitError: there are too few records to tell the table from them.
    """
    if sum(line.meant is not None for line in draft.records) < 4 or draft.width < 2:
        raise UnfitError("nothing would tell the table from the text")
    draft.above = [*draft.above, *lines]


@pollution(Part.ABOVE)
def title(draft: Draft, rng: Random) -> None:
    """One line with a title stands above the header: it is no header and no record."""
    _above(draft, [noise("Monthly report")])


@pollution(Part.ABOVE)
def title_lines(draft: Draft, rng: Random) -> None:
    """Several lines of text and a blank one above the header: the table begins below them."""
    texts = [
        "Department of Records",
        "Extract made on 3 March 2026",
        "All figures are provisional",
        "",
    ]
    _above(draft, [noise(text) for text in texts])


@pollution(Part.ABOVE, Part.QUOTING, "comma_and_space")
def title_with_delimiters(draft: Draft, rng: Random) -> None:
    """A title in the first cell of a line with all delimiters, as a spreadsheet exports it."""
    if draft.width < 4:
        raise UnfitError("a title that looks like a record")
    rest = [AsIs("") for _ in range(draft.width - 1)]
    _above(draft, [Line([AsIs("Monthly report"), *rest]), Line([AsIs(""), *rest])])


@pollution(Part.ABOVE)
def metadata(draft: Draft, rng: Random) -> None:
    """A block of `key: value` above the header, and a blank line: the table begins below them."""
    texts = ["Station: Harbour 4", "Operator: M. Lund", "Interval: 15 min", "Version: 2.1", ""]
    _above(draft, [noise(text) for text in texts])


@pollution(Part.ABOVE, Part.QUOTING, "comma_and_space")
def metadata_in_cells(draft: Draft, rng: Random) -> None:
    """A block of key and value in two cells above the header: the table is the wider one below."""
    if draft.width < 4:
        raise UnfitError("a block that is as wide as the table")
    pairs = [("Station", "Harbour 4"), ("Interval", "15"), ("From", "2025-01-01")]
    _above(draft, [*(Line([AsIs(key), AsIs(value)]) for key, value in pairs), noise("")])


@pollution(Part.ABOVE)
def blank_line_above(draft: Draft, rng: Random) -> None:
    """A blank line before the header is nothing."""
    _above(draft, [noise("")])


@pollution(Part.ABOVE)
def comments_above(draft: Draft, rng: Random) -> None:
    """Lines that begin with a hash above the header are comments."""
    texts = ["# exported by the archive", "# fields are described in the handbook, chapter 2", "#"]
    _above(draft, [noise(text) for text in texts])


def _below(draft: Draft, lines: list[Line]) -> None:
    """Put lines after the table.

    Raises:
        UnfitError: there are too few records to tell the table from them.
    """
    if sum(line.meant is not None for line in draft.records) < 4 or draft.width < 2:
        raise UnfitError("nothing would tell the table from the text")
    draft.below = [*draft.below, *lines]


@pollution(Part.BELOW, "no_header")
def totals(draft: Draft, rng: Random) -> None:
    """The last line has totals of the columns: it has a record's width and is none.

    It may be loaded, or be in rejects.
    """
    fit = [column for column in draft.columns(is_number) if column]
    if not fit:
        raise UnfitError("nothing to add up")
    cells = [""] * draft.width
    cells[0] = "Total"
    for column in fit:
        values = [line.meant[column] for line in draft.records if line.meant and line.fits]
        cells[column] = f"{sum(float(value.replace(',', '.')) for value in values):.2f}"
    if draft.table.delimiter == ";":
        cells = [cell.replace(".", ",") for cell in cells]
    _below(draft, [Line(cells, list(cells), fits=False)])


@pollution(Part.BELOW)
def row_count(draft: Draft, rng: Random) -> None:
    """A last line such as `(12 rows)`, as database clients print it, is no record."""
    _below(draft, [noise(f"({len(draft.records)} rows)")])


@pollution(Part.BELOW)
def source_line(draft: Draft, rng: Random) -> None:
    """A blank line and one that names the source follow the table: neither is a record."""
    _below(draft, [noise(""), noise("Source: Office of Records, yearbook 2025")])


@pollution(Part.BELOW)
def notes(draft: Draft, rng: Random) -> None:
    """Notes below the table, after a blank line, are no records."""
    texts = ["", "Notes", "1 Figures are provisional.", "2 Without the islands; see the annex."]
    _below(draft, [noise(text) for text in texts])


@pollution(Part.BELOW, Part.QUOTING, "comma_and_space")
def note_with_delimiters(draft: Draft, rng: Random) -> None:
    """A note in the first cell of a line with all delimiters, after one with nothing: no records."""
    if draft.width < 4:
        raise UnfitError("a note that looks like a record")
    rest = [AsIs("") for _ in range(draft.width - 1)]
    _below(
        draft,
        [Line([AsIs(""), *rest]), Line([AsIs("Source: Office of Records"), *rest])],
    )


@pollution(Part.BELOW)
def control_z_at_the_end(draft: Draft, rng: Random) -> None:
    """The end-of-file character of old systems after the last line is no record."""
    _below(draft, [noise("\x1a")])
    draft.last_newline = False


@pollution(Part.BLANK)
def blank_lines_at_the_end(draft: Draft, rng: Random) -> None:
    """Several blank lines at the end are nothing."""
    if not draft.records:
        raise UnfitError("no records")
    draft.records = [*draft.records, *(noise("") for _ in range(4))]


@pollution(Part.BLANK)
def blank_lines_between(draft: Draft, rng: Random) -> None:
    """Blank lines between the records are nothing."""
    if len(draft.records) < 4:
        raise UnfitError("too few records")
    for place in sorted(rng.sample(range(1, len(draft.records)), 3), reverse=True):
        draft.records.insert(place, noise(""))


@pollution(Part.BLANK)
def blank_line_after_every_line(draft: Draft, rng: Random) -> None:
    """A blank line after every line, as where line ends were doubled: they are nothing."""
    if len(draft.records) < 4:
        raise UnfitError("too few records")
    draft.top = [part for line in draft.top for part in (line, noise(""))]
    draft.records = [part for line in draft.records for part in (line, noise(""))]


@pollution(Part.BLANK, "tab", "space")
def lines_of_white_space(draft: Draft, rng: Random) -> None:
    """Lines of blanks only, between the records and at the end, are nothing."""
    if len(draft.records) < 4:
        raise UnfitError("too few records")
    draft.records.insert(len(draft.records) // 2, noise("   "))
    draft.records.append(noise("  "))


def _white_space(name: str, text: str, before: str, after: str, *clashes: str) -> None:
    def apply(draft: Draft, rng: Random) -> None:
        draft.dialect.before, draft.dialect.after = before, after
        draft.trim_ok = True

    rule = f"{text} around the cells, outside of their quotes: no part of them, or it may stay."
    add(Part.WHITE_SPACE, name, rule, apply, clashes)


_white_space("spaces_around", "Spaces", " ", "  ")
_white_space("spaces_before", "A space", " ", "")
_white_space("tabs_after", "A tab", "", "\t", "tab")
_white_space("non_breaking_spaces_around", "Non-breaking spaces", "\u00a0", "\u00a0")


@pollution(Part.WHITE_SPACE)
def aligned_columns(draft: Draft, rng: Random) -> None:
    """Cells are filled up with blanks to the width of their column: no part of them, or they stay."""
    draft.dialect.aligned = True
    draft.trim_ok = True
