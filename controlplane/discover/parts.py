"""Decides what each table is in a star: a fact, a dimension or a bridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from controlplane import naming
from controlplane.discover.draft import verified_key
from controlplane.discover.findings import Column, Findings, ForeignKey, Table

Part = Literal["fact", "dimension", "bridge"]
# When a row was written says nothing of the event.
_BOOKKEEPING = (
    "last_update",
    "updated",
    "modified",
    "created",
    "create_date",
    "loaded",
    "inserted",
)
DAYS = frozenset({"date", "day", "calendar", "time", "dates", "days", "times", "calendar_date"})
_ADDS_UP = ("additive", "semi-additive")
# A time that more rows lack is not that of the event, such as that of an inspection.
_MOST_WITHOUT = 0.05
# Of what so many tables speak is a thing; of what two do, only if nothing of it adds up.
_HUB, _HUB_OF_NUMBERS = 3, 4
# Keys of what happens, ends of what links, and the share of the rows with a time of their own.
_SEVERAL_KEYS = 3
_SEVERAL_ENDS = 2
_OWN_TIMES = 0.5


def usable_keys(table: Table, findings: Findings) -> list[ForeignKey]:
    """The foreign keys of a table that name one row of a table that is there."""
    tables = {each.name: each for each in findings.tables}
    own = {column.name for column in table.columns}
    found: list[ForeignKey] = []
    for key in table.foreign_keys:
        other = tables.get(key.ref_table)
        if other is None or not own.issuperset(key.columns):
            continue
        keys = [other.primary_key] if other.primary_key else []
        unique = [
            set(each.columns)
            for each in (*keys, *other.candidate_keys)
            if not each.duplicates and not each.nulls
        ]
        same = other is table and set(key.columns) == set(key.ref_columns)
        if set(key.ref_columns) in unique and not same:
            found.append(key)
    # Of two ways to name a row, its key and another number of it, the key is enough.
    by_key = {
        key.ref_table
        for key in found
        if (own_key := verified_key(tables[key.ref_table])) is not None
        and set(own_key.columns) == set(key.ref_columns)
    }
    return [
        key
        for key in found
        if key.ref_table not in by_key
        or (own_key := verified_key(tables[key.ref_table])) is None
        or set(own_key.columns) == set(key.ref_columns)
    ]


def parts(findings: Findings) -> dict[str, Part | None]:
    """What each table is in the star: None for one that nothing tells the rows of apart."""
    return _Parts(findings).decided()


def is_calendar(name: str) -> bool:
    """Whether a table is called as one of days."""
    return bool(DAYS.intersection(naming.snake_case(name).split("_")))


def is_bookkeeping(name: str) -> bool:
    """Whether a column says when its row was written."""
    return any(word in naming.snake_case(name) for word in _BOOKKEEPING)


class _Parts:
    """The tables of one star while it is decided what they are."""

    def __init__(self, findings: Findings) -> None:
        self.tables = findings.tables
        self.by_name = {table.name: table for table in findings.tables}
        self.keys = {
            table.name: [key for key in usable_keys(table, findings) if key.ref_table != table.name]
            for table in findings.tables
        }
        # The tables that name each table, as often as they do.
        self.readers: dict[str, list[Table]] = {table.name: [] for table in findings.tables}
        for table in findings.tables:
            for key in self.keys[table.name]:
                self.readers[key.ref_table].append(table)
        self.found: dict[str, Part | None] = {}

    def decided(self) -> dict[str, Part | None]:
        found = self.found
        found.update({table.name: self._part(table) for table in self.tables})
        for table in self.tables:
            if found[table.name] == "fact" and self._is_entity(table):
                found[table.name] = "dimension"
        while any(self._becomes_fact(table) for table in self.tables):
            pass
        for table in self.tables:
            if found[table.name] == "dimension" and self._links(table):
                found[table.name] = "bridge"
        return found

    def _becomes_fact(self, table: Table) -> bool:
        """Take a table for a fact because of what others were taken for; whether that is new."""
        part = self.found[table.name]
        if part == "dimension":
            lines = self._counted_lines(table)
            self.found.update({line.name: "fact" for line in lines})
            is_fact = (
                bool(lines)
                or self._only_links(table)
                or self._is_counted(table)
                or self._hangs_on_events(table)
            )
        elif part == "bridge":
            ends = {key.ref_table for key in self.keys[table.name]}
            dimensions = [name for name in ends if self.found[name] == "dimension"]
            # What has something to add up, a day, or hangs on an event, is an event itself.
            is_fact = (
                any(column.additivity in _ADDS_UP for column in table.columns)
                or any(is_calendar(name) for name in ends)
                or len(dimensions) < _SEVERAL_ENDS
            )
        else:
            return False
        if is_fact:
            self.found[table.name] = "fact"
        return is_fact

    def _part(self, table: Table) -> Part | None:
        keys = self.keys[table.name]
        if self._is_called_fact(table):
            return "fact"
        if table.role == "bridge":
            return "bridge" if len(keys) > 1 else "fact"
        part: Part = "dimension"
        if table.role == "fact" or (table.role is None and self._looks_like_events(table, keys)):
            part = "fact"
        if part == "dimension" and verified_key(table) is None:
            return "fact" if keys or any(map(_is_measured, table.columns)) else None
        return part

    def _is_called_fact(self, table: Table) -> bool:
        """Whether the source says so itself."""
        words = naming.snake_case(table.name).split("_")
        return words[0] in ("fact", "fct") or words[-1] in ("fact", "fct")

    def _looks_like_events(self, table: Table, keys: Sequence[ForeignKey]) -> bool:
        """Whether a table without a role hangs on others, at a date or in numbers."""
        if self.readers[table.name]:
            return self._happened(table) and bool(keys) and len(self.readers[table.name]) == 1
        return bool(keys) and (self._happened(table) or any(map(_is_measured, table.columns)))

    def _is_entity(self, table: Table) -> bool:
        """Whether a fact is what others speak of: it happened at no time, or plays several roles."""
        if verified_key(table) is None or self._is_called_fact(table):
            return False
        names = [each.name for each in self.readers[table.name]]
        speakers = [name for name in names if self.found[name] in ("fact", "bridge")]
        if speakers and not self._happened(table):
            return True
        adds_up = any(column.additivity == "additive" for column in table.columns)
        if len(set(names)) >= (_HUB_OF_NUMBERS if adds_up else _HUB):
            return True
        # A match has three referees; an order has one header.
        return any(
            speakers.count(name) > 1 and self.by_name[name].rows > table.rows
            for name in set(speakers)
        )

    def _is_counted(self, table: Table) -> bool:
        """Whether a dimension is an event that others continue, such as a sale that is returned."""
        additive = [column for column in table.columns if column.additivity == "additive"]
        readers = {each.name for each in self.readers[table.name]}
        return (
            self._happened(table)
            and (
                (len(additive) > 1 and len(readers) < _HUB_OF_NUMBERS) or self._has_own_times(table)
            )
            and len(self.keys[table.name]) >= _SEVERAL_KEYS
            and all(self.found[name] != "dimension" for name in readers)
        )

    def _counted_lines(self, table: Table) -> list[Table]:
        """The numbered lines of a dated table without a name that count other things: of an order."""
        around = {key.ref_table for key in self.keys[table.name]}
        if (
            len(around) < _SEVERAL_ENDS
            or not self._happened(table)
            or any(_is_name(column) for column in table.columns)
        ):
            return []
        return [
            line
            for line in self.readers[table.name]
            if self._are_lines(line, table)
            and any(column.additivity == "additive" for column in line.columns)
            and any(
                key.ref_table not in {*around, table.name}
                and self.found[key.ref_table] == "dimension"
                for key in self.keys[line.name]
            )
        ]

    def _are_lines(self, line: Table, header: Table) -> bool:
        """Whether the rows of a table are known by their header and a number."""
        key = verified_key(line)
        if key is None:
            return False
        numbers = {column.name for column in line.columns if column.kind.type == "integer"}
        refers = {name for each in self.keys[line.name] for name in each.columns}
        return any(
            each.ref_table == header.name
            and set(each.columns) < set(key.columns)
            and len(rest := set(key.columns) - set(each.columns)) == 1
            and rest <= numbers - refers
            for each in self.keys[line.name]
        )

    def _has_own_times(self, table: Table) -> bool:
        """Whether it happened by the minute, and more often than there is of anything it names."""
        return all(
            self.by_name[key.ref_table].rows < table.rows for key in self.keys[table.name]
        ) and any(
            column.kind.type == "datetime"
            and column.distinct > _OWN_TIMES * table.rows
            and _is_time_of(table, column)
            for column in table.columns
        )

    def _hangs_on_events(self, table: Table) -> bool:
        """Whether a dimension that no dimension names has rows of a fact: its goals, its items.

        One that others name needs more rows than the fact, each with the fact's: a customer may have
        a first order, and is no part of it.
        """
        readers = self.readers[table.name]
        if any(self.found[each.name] == "dimension" for each in readers):
            return False
        return any(
            self.found[key.ref_table] == "fact"
            and (
                not readers
                or (self.by_name[key.ref_table].rows < table.rows and _has_all(table, key.nulls))
            )
            for key in self.keys[table.name]
        )

    def _links(self, table: Table) -> bool:
        """Whether a part of one thing that nobody names leads to another: the makers of a work."""
        own = verified_key(table)
        keys = self.keys[table.name]
        # The company of a customer who is known by company and number is no other end.
        ends = {
            key.ref_table
            for key in keys
            if not any(set(key.columns) < set(other.columns) for other in keys)
        }
        return (
            own is not None
            and not self.readers[table.name]
            and sum(self.found[name] == "dimension" for name in ends) >= _SEVERAL_ENDS
            and any(set(key.columns) < set(own.columns) for key in keys)
        )

    def _happened(self, table: Table) -> bool:
        """Whether it has a date, or names a row of a calendar."""
        return any(
            column.kind.type in ("date", "datetime") and _is_time_of(table, column)
            for column in table.columns
        ) or any(is_calendar(key.ref_table) for key in self.keys[table.name])

    def _only_links(self, table: Table) -> bool:
        """Whether a dimension says nothing of its own, such as a copy of a film in a store.

        A fact without measures then hands its keys on to the facts that name it.
        """
        keys, readers = self.keys[table.name], self.readers[table.name]
        own = verified_key(table)
        inside = {name for key in keys for name in key.columns} | set(own.columns if own else ())
        return (
            len(keys) > 1
            and bool(readers)
            and all(self.found[each.name] == "fact" for each in readers)
            and all(
                column.name in inside or is_bookkeeping(column.name) for column in table.columns
            )
        )


def _is_time_of(table: Table, column: Column) -> bool:
    """Whether a date is when the rows happened: nearly all of them have it."""
    return _has_all(table, column.nulls) and not is_bookkeeping(column.name)


def _has_all(table: Table, without: int) -> bool:
    return without <= _MOST_WITHOUT * table.rows


def _is_name(column: Column) -> bool:
    """Whether it is what a row is called by people."""
    words = naming.snake_case(column.name).split("_")
    return column.kind.type == "string" and words[-1] in ("name", "title")


def _is_measured(column: Column) -> bool:
    return column.additivity is not None
