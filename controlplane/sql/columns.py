"""Columns and their portable types: what an expression may name, and how every target spells it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.naming import snake_case

# Portable type -> how both targets spell it.
SQL_TYPES: Mapping[str, str] = {
    "text": "text",
    "integer": "integer",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
    "uuid": "uuid",
    "json": "json",
}
NUMERIC_TYPES = ("integer", "bigint", "double", "decimal")


class ExpressionError(ValueError):
    """An expression cannot be used; the message says why, without saying where."""


@dataclass(frozen=True)
class Column:
    """A column that an expression may name."""

    name: str
    type: str
    title: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type.split("(")[0] in NUMERIC_TYPES

    @property
    def is_ordered(self) -> bool:
        """Whether values can be compared as smaller and larger on every target."""
        return self.is_numeric or self.type in ("text", "date", "timestamp", "time")


# The columns that an expression sees: all of one table, or of each table by its name.
Visible = Sequence[Column] | Mapping[str, Sequence[Column]]


def sql_type(portable: str) -> str:
    """How both targets spell a portable type: `double` is `double precision`."""
    return SQL_TYPES.get(portable, portable)


def written_type(portable: str) -> str:
    """The type as SQL has it in a statement: as `sql_type`, with a blank after a comma."""
    return sql_type(portable).replace(",", ", ")


def portable_type(text: str) -> str:
    """The portable type that `text` names.

    Raises:
        ExpressionError: it names none.
    """
    name = text.strip().lower()
    matched = re.fullmatch(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", name)
    if matched and 1 <= int(matched[1]) <= 38 and int(matched[2]) <= int(matched[1]):
        return f"decimal({matched[1]},{matched[2]})"
    if name not in SQL_TYPES:
        raise ExpressionError(
            f"no type '{text}' (has: {', '.join(SQL_TYPES)}, decimal(p,s) with p up to 38)"
        )
    return name


def find_column(
    name: str, columns: Sequence[Column], known: Mapping[str, Column] | None = None
) -> Column:
    """The column called `name`, by its own name or its source's.

    Raises:
        ExpressionError: there is none; the message lists the known ones and the nearest.
    """
    names = lookup(columns) if known is None else known
    found = names.get(name.lower()) or names.get(snake_case(name))
    if found is None:
        raise ExpressionError(unknown_column(name, [column.name for column in columns]))
    return found


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The message for a column that is not there, with the nearest one that is."""
    near = difflib.get_close_matches(snake_case(name), known, n=1)
    hint = f". Did you mean '{near[0]}'?" if near else ""
    return f"no column '{name}' (has: {', '.join(known)}){hint}"


def lookup(columns: Sequence[Column]) -> dict[str, Column]:
    """The columns by all names that an expression may give them."""
    by_title = {column.title.lower(): column for column in reversed(columns) if column.title}
    return by_title | {column.name: column for column in columns}
