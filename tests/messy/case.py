"""A file that is hard to read, and what a careful person would read in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Intent:
    """One right reading of a file.

    `header` is null where the file has none. `bad_records` do not fit the table: each may be loaded
    as it is, padded or cut to the table's width, or be in rejects whole. `apart` is text that looks
    like records and is none of this table's: it has to be in rejects.
    """

    header: list[str] | None
    rows: list[list[str]]
    bad_records: list[list[str]] = field(default_factory=list)
    apart: list[list[str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read: refusing such a file is as good as reading nothing."""
        return not (self.header or self.rows or self.bad_records or self.apart)


@dataclass(frozen=True)
class Case:
    """A file with its intended table; `accepts` has the readings that are as good as the first.

    With `trim_ok`, white space at the ends of cells does not matter.
    """

    name: str
    content: bytes
    header: list[str] | None
    rows: list[list[str]]
    bad_records: list[list[str]]
    pollutions: tuple[str, ...] = ()
    trim_ok: bool = False
    note: str = ""
    apart: list[list[str]] = field(default_factory=list)
    accepts: tuple[Intent, ...] = ()

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Every right reading, the first one first."""
        return (Intent(self.header, self.rows, self.bad_records, self.apart), *self.accepts)


@dataclass(frozen=True)
class Loaded:
    """What a reader made of a file: a table of text, and the raw text of what it put aside."""

    header: list[str]
    rows: list[list[str | None]]
    rejected: list[str] = field(default_factory=list)
