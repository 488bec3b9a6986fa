"""Draws the star that a modeller would draw of what was found out, as the document of its spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane import naming
from controlplane.discover.draft import verified_key
from controlplane.discover.findings import Column, Findings, ForeignKey, Table
from controlplane.discover.names import TableName
from controlplane.discover.parts import DAYS, Part, is_bookkeeping, parts, usable_keys
from controlplane.generate.star_source import default_role

# Columns of what a dimension is made of: in several roles, in one, and of all together.
_LOOKUP, _WIDE, _WIDEST = 6, 40, 100
_SHORT = frozenset({"id", "key", "code", "no", "number", "num", "uid", "uuid", "pk"})
_NUMBERS = ("integer", "bigint", "decimal", "double")


@dataclass
class _Drawing:
    """One star while it is drawn."""

    findings: Findings
    names: Mapping[str, TableName]
    types: Mapping[str, Mapping[str, str]]
    parts: dict[str, Part | None]
    relations: list[dict[str, Any]] = field(default_factory=list)
    # What a relation was drawn of, by the table it belongs to.
    drawn: dict[str, list[tuple[ForeignKey, dict[str, Any]]]] = field(default_factory=dict)
    _made_of: dict[str, tuple[set[tuple[tuple[str, ...], str]], int]] = field(default_factory=dict)

    def columns(self, table: Table) -> dict[str, str]:
        """The column of silver for each column."""
        titles = [column.name for column in table.columns]
        return dict(zip(titles, naming.column_names(titles), strict=True))

    def standing(self) -> list[Table]:
        """The dimensions that stand alone: what facts and bridges name, and what nobody names."""
        named: set[str] = set()
        inside: set[str] = set()
        for table in self.findings.tables:
            for key in usable_keys(table, self.findings):
                if key.ref_table == table.name:
                    continue
                if self.parts[table.name] in ("fact", "bridge"):
                    named.add(key.ref_table)
                else:
                    inside.add(key.ref_table)
                    if not self.flattens(table, key):
                        named.add(key.ref_table)
        return [
            table
            for table in self.findings.tables
            if self.parts[table.name] == "dimension"
            and (table.name in named or table.name not in inside)
        ]

    def flattens(self, table: Table, key: ForeignKey) -> bool:
        """Whether a dimension gets the columns of what a key leads to: no calendar, no circle.

        Of what is wide it gets them once at most: a club has a chair and a treasurer, and the key of
        each.
        """
        return (key.columns, key.ref_table) in self._flattened(table)[0]

    def _flattened(self, table: Table) -> tuple[set[tuple[tuple[str, ...], str]], int]:
        """The keys whose tables a dimension is made of beside its own, and how many columns it gets."""
        if table.name not in self._made_of:
            found: set[tuple[tuple[str, ...], str]] = set()
            width = len(table.columns)
            keys = [
                key
                for key in usable_keys(table, self.findings)
                if self.parts[key.ref_table] == "dimension"
            ]
            roles = Counter(key.ref_table for key in keys)
            for key in keys:
                if self._leads_back(table, key):
                    continue
                more = self._flattened(self.findings.table(key.ref_table))[1]
                wide = _LOOKUP if roles[key.ref_table] > 1 else _WIDE
                if more <= wide and width + more <= _WIDEST:
                    found.add((key.columns, key.ref_table))
                    width += more
            self._made_of[table.name] = found, width
        return self._made_of[table.name]

    def _leads_back(self, table: Table, key: ForeignKey) -> bool:
        if self.names[key.ref_table].entity in DAYS or key.ref_table == table.name:
            return True
        return table.name in self._behind(key.ref_table)

    def _behind(self, name: str) -> set[str]:
        """The dimensions that a table leads to."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for key in usable_keys(self.findings.table(waiting.pop()), self.findings):
                if key.ref_table not in found and self.parts[key.ref_table] == "dimension":
                    found.add(key.ref_table)
                    waiting.append(key.ref_table)
        return found

    def relate(self, table: Table) -> None:
        """Draw the relations of a table."""
        part = self.parts[table.name]
        columns = self.columns(table)
        used: set[str] = set()
        seen: set[tuple[tuple[str, ...], str]] = set()
        for key in self._nearest_first(table):
            other = self.findings.table(key.ref_table)
            theirs = self.columns(other)
            leads = self.parts[other.name]
            if leads is None or (key.columns, other.name) in seen:
                continue
            if leads != "dimension" and (part != "fact" or not self._is_whole(key, other)):
                continue
            if part == "fact" and other.name == table.name:
                continue
            seen.add((key.columns, other.name))
            mine = [columns[name] for name in key.columns]
            there = [theirs[name] for name in key.ref_columns]
            names = self.names[other.name]
            role = _role(table, key, names, columns, mine == there)
            telling = columns[_telling(table, key)]
            role = _unused_role(role, telling, naming.singular(names.entity), used)
            relation: dict[str, Any] = {
                "model": self.names[table.name].model,
                "columns": mine,
                "to": names.model,
            }
            if there != mine:
                relation["to_columns"] = there
            if role is not None:
                relation["role"] = role[:30].strip("_")
            if part == "dimension" and not self.flattens(table, key):
                relation["flatten"] = False
            self.relations.append(relation)
            self.drawn.setdefault(table.name, []).append((key, relation))

    def _nearest_first(self, table: Table) -> list[ForeignKey]:
        """The keys of a table: dimensions, then the events of most rows, its header before others.

        Where two events lead to the same thing it is that of the first. So the line of a bill has the
        payer of its bill, and not that of a treatment which few lines name.
        """
        keys = usable_keys(table, self.findings)
        of_dimensions = [key for key in keys if self.parts[key.ref_table] == "dimension"]
        others = [key for key in keys if key not in of_dimensions]
        own = verified_key(table)
        inside = set(own.columns) if own else set()
        return of_dimensions + sorted(
            others, key=lambda key: (key.nulls + key.orphans, not inside.issuperset(key.columns))
        )

    def _is_whole(self, key: ForeignKey, other: Table) -> bool:
        found = verified_key(other)
        return found is not None and set(found.columns) == set(key.ref_columns)

    # --- dimensions and facts ---------------------------------------------------------------------

    def dimension(self, table: Table) -> dict[str, Any]:
        """The block of a dimension."""
        names = self.names[table.name]
        columns = self.columns(table)
        key = verified_key(table)
        assert key is not None  # noqa: S101 - `parts` makes a dimension of nothing else
        wanted = f"{naming.singular(names.entity)}_key"
        block: dict[str, Any] = {
            "name": f"{names.entity}_dim",
            "model": names.model,
            "key": [columns[name] for name in key.columns],
        }
        if wanted in columns.values():
            # A key of that name came with the data.
            block["surrogate_key"] = f"{naming.singular(names.entity)}_sk"
        called = _called_by_entity(names, block["key"], set(columns.values()))
        return {**block, "names": called} if called else block

    def fact(self, table: Table, keys: Mapping[str, str]) -> dict[str, Any]:
        """The block of a fact or a bridge; `keys` are the surrogate keys of dimensions by model."""
        columns = self.columns(table)
        types = self.types[table.name]
        part = self.parts[table.name]
        key = verified_key(table)
        own = [columns[name] for name in key.columns] if key else []
        names = self.names[table.name]
        block: dict[str, Any] = {"name": f"{names.entity}_{part}", "model": names.model}
        if own:
            block["key"] = own
        drawn = self.drawn.get(table.name, ())
        taken = {
            self._key_name(relation, keys) for _, relation in drawn if relation["to"] in keys
        } | set(own)
        # What leads to a row that is not there is kept; so is the number of an order.
        whole = {
            column
            for key, relation in drawn
            if relation["to"] in keys and not key.orphans
            for column in relation["columns"]
        }
        kept = {column for _, relation in drawn for column in relation["columns"]} - whole
        days = {
            relation["columns"][0]
            for key, relation in drawn
            if self.names[key.ref_table].entity in DAYS and len(key.columns) == 1
        }
        dates, measures, degenerate = [], [], []
        for column in table.columns:
            name = columns[column.name]
            kind = types[name].split("(")[0]
            is_day = kind in ("date", "timestamp") and name not in days
            if (name in own or name in whole) and not is_day:
                continue
            if is_day:
                date = self._date(column, name, taken)
                if date is not None:
                    dates.append(date)
                if name in own or (name in whole and date is not None):
                    continue
                if kind == "timestamp" or date is None or part == "bridge":
                    degenerate.append(name)
            elif column.additivity is not None and kind in _NUMBERS and name not in kept:
                measures.append({"column": name, "additivity": column.additivity})
            else:
                degenerate.append(name)
        self._rename(degenerate, measures, taken)
        block |= {
            name: listed
            for name, listed in (
                ("dates", dates),
                ("measures", measures),
                ("degenerate", degenerate),
            )
            if listed
        }
        called = _called_by_entity(names, [*own, *degenerate], {*taken, *columns.values()})
        return {**block, "names": called} if called else block

    def _date(self, column: Column, name: str, taken: set[str]) -> dict[str, Any] | None:
        """A date as a role of the calendar; None for when a row was written."""
        if is_bookkeeping(column.name):
            return None
        role = default_role(name)
        for candidate in dict.fromkeys((role, name[:30].strip("_"), f"{name[:26]}_on")):
            called = f"{candidate}_date_key" if candidate else "date_key"
            if called not in taken:
                taken.add(called)
                plain = candidate if candidate and candidate not in naming.RESERVED else None
                same = candidate == role
                return (
                    {"column": name} if same or plain is None else {"column": name, "role": plain}
                )
        return None

    def _key_name(self, relation: Mapping[str, Any], keys: Mapping[str, str]) -> str:
        key = keys[relation["to"]]
        role = relation.get("role")
        return f"{role}_{key.rpartition('_')[2]}" if role else key

    def _rename(
        self, degenerate: list[str], measures: list[dict[str, Any]], taken: set[str]
    ) -> None:
        """Give way to keys: a number of the same name gets another, a column is left out."""
        for measure in measures:
            if measure["column"] in taken:
                measure["name"] = f"{measure['column'][:36]}_value"
        degenerate[:] = [name for name in degenerate if name not in taken]


def draw_star(
    name: str,
    findings: Findings,
    names: Mapping[str, TableName],
    types: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """The document of the star's spec.

    Facts and bridges stay as they are; a dimension that other dimensions name is flattened into them;
    where dimensions name each other in a circle, or a calendar, or what is wide in several roles, it
    is the key that is kept.

    Args:
        name: what the star is called.
        findings: what was found out.
        names: the names of each table's models.
        types: the types of each table's columns in silver, by their names there.
    """
    drawing = _Drawing(findings, names, types, parts(findings))
    standing = drawing.standing()
    for table in findings.tables:
        if drawing.parts[table.name] is not None:
            drawing.relate(table)
    dimensions = [drawing.dimension(table) for table in standing]
    keys = {
        block["model"]: block.get("surrogate_key")
        or f"{naming.singular(str(block['name']).removesuffix('_dim'))}_key"
        for block in dimensions
    }
    document: dict[str, Any] = {"name": name}
    if any(block["name"] == "date_dim" for block in dimensions):
        document["calendar"] = {"name": "calendar_dim"}
    document["dimensions"] = dimensions
    for field_name, part in (("facts", "fact"), ("bridges", "bridge")):
        listed = [
            drawing.fact(table, keys)
            for table in findings.tables
            if drawing.parts[table.name] == part
        ]
        if listed:
            document[field_name] = listed
    if drawing.relations:
        document["relations"] = drawing.relations
    return document


def _called_by_entity(names: TableName, columns: Sequence[str], taken: set[str]) -> dict[str, str]:
    """What columns are called whose name says nothing without their table: the id of a customer."""
    found = {}
    for name in columns:
        called = f"{naming.singular(names.entity)}_{name}"
        if name in _SHORT and called not in taken and len(called) <= naming.MAX_TABLE_NAME:
            found[name] = called
    return found


# --- roles ----------------------------------------------------------------------------------------


def _role(
    table: Table, key: ForeignKey, names: TableName, columns: Mapping[str, str], same: bool
) -> str | None:
    """What the row is for, by the name of the column that leads to it; None for the row itself."""
    entity = naming.singular(names.entity)
    plain = entity if naming.singular(names.model) != entity else None
    others = _others(table, key)
    if len(key.columns) > 1 and not others:
        return plain
    stem = _stem(columns[_telling(table, key)], _prefix(columns.values()))
    if not stem or (same and not others) or _means(stem, entity):
        return plain
    return stem


def _others(table: Table, key: ForeignKey) -> list[ForeignKey]:
    """The other ways to the same table."""
    return [
        each
        for each in table.foreign_keys
        if each.ref_table == key.ref_table and each.columns != key.columns
    ]


def _telling(table: Table, key: ForeignKey) -> str:
    """The column of a key that tells it from other ways to the same table: not the company's."""
    shared = {name for each in _others(table, key) for name in each.columns}
    return next((name for name in reversed(key.columns) if name not in shared), key.columns[-1])


def _unused_role(role: str | None, column: str, entity: str, used: set[str]) -> str | None:
    """The role, or where the table has a key of that name already, one by the column."""
    by_column = [_stem(column, ""), column, *(f"{column[:24]}_{number}" for number in range(2, 99))]
    for candidate in (role, *(each or None for each in by_column)):
        called = (candidate or entity)[:30].strip("_")
        if called not in used and (candidate is None or called not in naming.RESERVED):
            used.add(called)
            return candidate
    return role


def _stem(column: str, prefix: str) -> str:
    """The column without what says that it is a key, and without the table's own prefix."""
    text = column.removeprefix(prefix)
    for suffix in ("_id", "_key", "_sk", "_code", "_no", "_nr", "_num", "_number", "_fk"):
        if text.endswith(suffix) and text != suffix:
            text = text.removesuffix(suffix)
            break
    return text if text[:1].isalpha() and text not in naming.RESERVED else ""


def _prefix(names: Any) -> str:
    """What the names of all columns begin with, such as `ss_`; empty where there is no such."""
    firsts = {name.split("_")[0] for name in names if "_" in name}
    listed = list(names)
    if len(firsts) == 1 and len(listed) > 2 and all("_" in name for name in listed):
        (first,) = firsts
        return f"{first}_" if len(first) <= 3 else ""
    return ""


def _means(stem: str, entity: str) -> bool:
    """Whether the stem is the entity's name, or short for it: `cdemo` for customer_demographics."""
    if naming.singular(stem) == entity or entity.endswith(f"_{stem}"):
        return True
    letters = iter(entity)
    return stem[0] == entity[0] and len(stem) > 2 and all(letter in letters for letter in stem)
