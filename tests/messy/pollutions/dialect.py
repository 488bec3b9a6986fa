"""Delimiters, quotes and escapes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import AsIs, Draft, Escape, Quoting, UnfitError, noise
from tests.messy.pollution import Part, add, pollution

_RULE = "The delimiter is {}; a cell that has it is in quotes."


def _delimiter(mark: str) -> None:
    def apply(draft: Draft, rng: Random) -> None:
        draft.dialect.delimiter = mark

    names = {
        ",": ("comma", "a comma"),
        ";": ("semicolon", "a semicolon"),
        "\t": ("tab", "a tab"),
        "|": ("pipe", "a pipe"),
        "^": ("caret", "a caret"),
        "~": ("tilde", "a tilde"),
        "\x1f": ("unit_separator", "the control character U+001F, which is made for it"),
        "||": ("double_pipe", "two pipes: one delimiter, and no empty cell between them"),
    }
    name, text = names[mark]
    add(Part.DELIMITER, name, _RULE.format(text), apply)


for _mark in (",", ";", "\t", "|", "^", "~", "\x1f", "||"):
    _delimiter(_mark)


@pollution(Part.DELIMITER, "metadata", "comments_above", "comments_between", "source_line")
def colon(draft: Draft, rng: Random) -> None:
    """The delimiter is a colon; a cell that has it, such as a time, is in quotes."""
    draft.dialect.delimiter = ":"


@pollution(
    Part.DELIMITER, Part.ABOVE, Part.BELOW, Part.BLANK, Part.RECORDS, Part.WHITE_SPACE, Part.HEADER
)
def space(draft: Draft, rng: Random) -> None:
    """The delimiter is one space; a cell that has it is in quotes. No cell is empty."""
    good = [line.meant for line in draft.records if line.meant]
    if not all(cell for row in good for cell in row) or len(good) < 3:
        raise UnfitError("an empty cell between spaces")
    draft.dialect.delimiter = " "


@pollution(Part.DELIMITER, Part.WHITE_SPACE, "stray_quotes", "trailing_delimiter_on_every_line")
def comma_and_space(draft: Draft, rng: Random) -> None:
    """A comma and a space stand between cells: the space belongs to none, also before a quote."""
    draft.dialect.delimiter = ", "
    draft.trim_ok = True


@pollution(Part.DELIMITER)
def sep_line(draft: Draft, rng: Random) -> None:
    """The first line `sep=;` tells a spreadsheet the delimiter: it is no header and no record."""
    if not draft.header or len(draft.header) < 2:
        raise UnfitError("nothing to delimit")
    draft.dialect.delimiter = ";"
    draft.above = [noise("sep=;")]


@pollution(Part.QUOTING)
def quotes_on_all(draft: Draft, rng: Random) -> None:
    """Every cell is in quotes, also empty ones and numbers: the quotes are no part of them."""
    draft.dialect.quoting = Quoting.ALL


@pollution(Part.QUOTING)
def quotes_on_text(draft: Draft, rng: Random) -> None:
    """Text is in quotes, numbers are not: the quotes are no part of the cells."""
    draft.dialect.quoting = Quoting.TEXT


@pollution(Part.QUOTING)
def quotes_on_some(draft: Draft, rng: Random) -> None:
    """Some cells are in quotes without need, at random: the quotes are no part of them."""
    draft.dialect.quoting = Quoting.SOME


@pollution(Part.QUOTING, "doubled_quotes", "formulas")
def quotes_on_none(draft: Draft, rng: Random) -> None:
    """Nothing is in quotes, for no cell has a delimiter; a quote within a cell is a part of it."""
    if not any('"' in cell for line in draft.records for cell in line.cells):
        raise UnfitError("no cell has a quote: nothing would be different")
    draft.dialect.quoting = Quoting.NONE


@pollution(Part.QUOTING)
def apostrophes_for_quotes(draft: Draft, rng: Random) -> None:
    """The quote is an apostrophe, on all text, doubled within; `"` is a character as any other."""
    draft.dialect.quote = "'"
    draft.dialect.quoting = Quoting.TEXT


@pollution(Part.QUOTING)
def backslash_before_quotes(draft: Draft, rng: Random) -> None:
    r"""Text is in quotes, and a quote within it has a backslash before it, which is no part of it."""
    if not any('"' in cell for line in draft.records for cell in line.cells):
        raise UnfitError("no cell has a quote: nothing would be different")
    draft.dialect.escape = Escape.BACKSLASH
    draft.dialect.quoting = Quoting.TEXT


@pollution(Part.QUOTING, "comma_and_space", "double_pipe", Part.WHITE_SPACE)
def backslash_before_delimiters(draft: Draft, rng: Random) -> None:
    """Nothing is in quotes; a delimiter within a cell has a backslash before it, no part of it."""
    mark = draft.dialect.delimiter
    if not any(mark in cell for line in draft.records for cell in line.cells):
        raise UnfitError("no cell has a delimiter: nothing would be different")
    draft.dialect.quoting, draft.dialect.escape = Quoting.NONE, Escape.BACKSLASH_DELIMITER


def _words(draft: Draft) -> list[int]:
    """Columns of short text without anything that needs quotes.

    Raises:
        UnfitError: there is none.
    """
    marks = set(draft.dialect.delimiter) | set("\"'\n\r,;")
    fit = draft.columns(lambda cell: cell[:1].isalpha() and not set(cell) & marks)
    if not fit:
        raise UnfitError("no column of plain words")
    return fit


@pollution(Part.QUOTING, "space", Part.WHITE_SPACE)
def stray_quotes(draft: Draft, rng: Random) -> None:
    """Quotes in the middle or at the end of cells that are in no quotes: they are text."""
    fit = _words(draft)
    found = ['{} 5" wide', '{} "x" y', 'the "{}"']
    for layout, line in zip(found, draft.plain(3, rng), strict=True):
        column = rng.choice(fit)
        text = layout.format(line.cells[column])
        line.cells[column] = AsIs(text)
        line.meant = [str(cell) for cell in line.cells]


@pollution(Part.QUOTING, "space", Part.WHITE_SPACE)
def inner_quotes_not_doubled(draft: Draft, rng: Random) -> None:
    """Cells in quotes with quotes within that are not doubled, and with no delimiter beside them.

    The outer quotes are no part of the cell, the inner ones are; or the record is in rejects.
    """
    fit = _words(draft)
    for line in draft.plain(3, rng):
        column = rng.choice(fit)
        text = f'{line.cells[column]} the "Great" one'
        line.cells[column] = AsIs(f'"{text}"')
        line.meant = [text if n == column else str(cell) for n, cell in enumerate(line.cells)]
        line.fits = False


def _unclosed(draft: Draft, index: int, column: int) -> None:
    line = draft.records[index]
    text = str(line.cells[column])
    line.cells[column] = AsIs(f'"{text}')
    line.meant = [str(cell) if n != column else text for n, cell in enumerate(line.cells)]
    line.fits = False
    plain = list(line.meant)
    quoted = [f'"{text}' if n == column else cell for n, cell in enumerate(plain)]

    def with_quote(intent: Intent) -> Intent:
        bad = [quoted if row == plain else row for row in intent.bad_records]
        return replace(intent, bad_records=bad)

    draft.alternatives.append(with_quote)


@pollution(Part.QUOTING, Part.BELOW, Part.BLANK, Part.WHITE_SPACE, Part.NEWLINE, "space")
def unclosed_quote_at_the_end(draft: Draft, rng: Random) -> None:
    """The last cell of the last record opens a quote that nothing closes.

    The cell is what follows the quote, or that with the quote; or the record is in rejects.
    """
    if not draft.records or draft.width - 1 not in _words(draft):
        raise UnfitError("the last cell is no plain text")
    _unclosed(draft, len(draft.records) - 1, draft.width - 1)
    draft.last_newline = False


@pollution(Part.QUOTING, Part.WHITE_SPACE, "space", "newlines_in_cells", "newline_in_a_name")
def unclosed_quote_in_the_middle(draft: Draft, rng: Random) -> None:
    """A cell in the middle opens a quote that nothing closes; no cell of this file has two lines.

    The quote is a slip of one record, which is loaded with it or without it, or is in rejects. It does
    not swallow the records after it.
    """
    fit = _words(draft)
    if any("\n" in cell for line in draft.lines for cell in line.cells):
        raise UnfitError("cells of two lines")
    if len(draft.records) < 8:
        raise UnfitError("too few records")
    draft.plain(8, rng)
    middle = len(draft.records) // 2
    _unclosed(draft, middle, rng.choice(fit))
