"""The line with the names of the columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.messy.case import Intent
from tests.messy.draft import AsIs, Draft, Line, UnfitError
from tests.messy.pollution import Part, pollution
from tests.messy.tables import is_number


def _names(draft: Draft) -> list[str]:
    """The header.

    Raises:
        UnfitError: there is no table.
    """
    if not draft.header or len(draft.header) < 2:
        raise UnfitError("no header of some width")
    return list(draft.header)


def _rename(draft: Draft, names: list[str]) -> None:
    draft.header = names
    draft.top = [Line(list(names))]


def _named(names: list[str]) -> Callable[[Intent], Intent]:
    def alternative(intent: Intent) -> Intent:
        return replace(intent, header=list(names), bad_records=list(intent.bad_records))

    return alternative


@pollution(Part.HEADER)
def no_header(draft: Draft, rng: Random) -> None:
    """The first line is a record already: there are numbers or dates in it as in all others.

    The columns may have any names.
    """
    _names(draft)
    telling = draft.columns(lambda cell: is_number(cell) or (cell[:4].isdigit() and "-" in cell))
    if len(telling) < 2 or len(draft.records) < 4 or draft.table.name == "population":
        raise UnfitError("nothing tells a header from a record")
    draft.header, draft.top = None, []


@pollution(Part.HEADER, "one_record", "header_only")
def duplicate_names(draft: Draft, rng: Random) -> None:
    """Two columns have the same name: both are there; the reader may add a number to a name."""
    names = _names(draft)
    names[-1] = names[1]
    _rename(draft, names)


@pollution(Part.HEADER, "one_record", "header_only", Part.WHITE_SPACE)
def empty_name(draft: Draft, rng: Random) -> None:
    """A column in the middle has no name: it is there; the reader may call it as it likes."""
    names = _names(draft)
    names[rng.randrange(1, len(names) - 1) if len(names) > 2 else 1] = ""
    _rename(draft, names)


@pollution(Part.HEADER, "one_record", "header_only", Part.WHITE_SPACE)
def empty_first_name(draft: Draft, rng: Random) -> None:
    """The first column has no name, as where an index was exported: it is a column as the others."""
    names = _names(draft)
    _rename(draft, ["", *names[1:]])


@pollution(Part.HEADER)
def newline_in_a_name(draft: Draft, rng: Random) -> None:
    """A name has two lines, within quotes: the line end is a part of the name."""
    names = _names(draft)
    names[1] = f"{names[1]}\n(see note)"
    _rename(draft, names)


@pollution(Part.HEADER)
def punctuation_in_names(draft: Draft, rng: Random) -> None:
    """Names with commas, semicolons, quotes and brackets are names."""
    names = _names(draft)
    names[0], names[1] = f"{names[0]} (a, b; c)", f'{names[1]} "x" [%]'
    _rename(draft, names)


@pollution(Part.HEADER, Part.RECORDS, Part.ABOVE, "one_record", "header_only")
def several_header_rows(draft: Draft, rng: Random) -> None:
    """A row of groups stands above the names: it is no record.

    The row next to the records names the columns; or each name is that of the group and its own, the
    group filled to the right as where cells were merged, with a blank or an underscore between. The
    row of groups may be in rejects.
    """
    names = _names(draft)
    if len(names) < 4:
        raise UnfitError("too few columns for groups")
    middle = len(names) // 2
    groups = ["General", *[""] * (middle - 1), "Details", *[""] * (len(names) - middle - 1)]
    draft.top = [Line(list(groups)), Line(list(names))]
    filled = ["General" if column < middle else "Details" for column in range(len(names))]
    for joint in (" ", "_"):
        for which in (filled, groups):
            pairs = zip(which, names, strict=True)
            joined = [f"{group}{joint}{name}" if group else name for group, name in pairs]
            draft.alternatives.append(_named(joined))


@pollution(Part.HEADER, Part.RECORDS, "one_record", "header_only", "quotes_on_none")
def units_row(draft: Draft, rng: Random) -> None:
    """A row of units stands below the names: it is no record, but has the width of one.

    It may be loaded, be in rejects, be dropped, or be joined to the names.
    """
    names = _names(draft)
    fit = draft.columns(is_number)
    if not fit or len(fit) == len(names):
        raise UnfitError("nothing to measure")
    units = [
        rng.choice(["mm", "%", "EUR", "°C", "kg"]) if n in fit else "" for n in range(len(names))
    ]
    draft.records = [Line(list(units), list(units), fits=False), *draft.records]

    def dropped(intent: Intent) -> Intent:
        bad = [row for row in intent.bad_records if row != units]
        return replace(intent, bad_records=bad)

    draft.alternatives.append(dropped)
    for layout in ("{} {}", "{} ({})", "{}_{}"):
        pairs = zip(names, units, strict=True)
        joined = [layout.format(name, unit) if unit else name for name, unit in pairs]
        draft.alternatives.append(_named(joined))


@pollution(Part.HEADER, Part.RECORDS, "one_record", "header_only")
def repeated_header(draft: Draft, rng: Random) -> None:
    """The header comes again in the middle, as where files were put together: it is no record."""
    names = _names(draft)
    if len(draft.records) < 6:
        raise UnfitError("too few records")
    middle = len(draft.records) // 2
    draft.records.insert(middle, Line(list(names)))


@pollution(Part.HEADER, Part.RECORDS, "one_record", "header_only", Part.ABOVE)
def ruler_below_the_header(draft: Draft, rng: Random) -> None:
    """A line of dashes below the names, as database clients draw it, is no record."""
    names = _names(draft)
    draft.top = [*draft.top, Line([AsIs("-" * max(len(name), 3)) for name in names])]
