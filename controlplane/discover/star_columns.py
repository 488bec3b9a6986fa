"""Renames columns in the spec of a star: those of its own tables, and those of silver that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from controlplane import naming
from controlplane.errors import DatabankError
from controlplane.specs.edit import SpecText
from controlplane.specs.star import Dimension, Star
from controlplane.specs.values import did_you_mean
from controlplane.specs.warehouse import Warehouse

# Old names to new ones, of one table.
Names = Mapping[str, str]


def rename_in_star(star: Star, text: SpecText, table: str, old: str, new: str) -> list[str] | None:
    """Give a column of a dimension or a fact another name in it.

    Returns:
        None where it is done, else the columns that the table gives names to.

    Raises:
        DatabankError: the column has another name already.
    """
    known: list[str] = []
    for index, dimension in enumerate(star.dimensions):
        if table == dimension.name:
            _rename_in_dimension(text, index, dimension, old, new)
            return None
    for kind, index, fact in star.tables:
        if table != fact.name:
            continue
        place: list[str | int] = [kind, index]
        done = False
        for at, measure in enumerate(fact.measures):
            known.append(measure.name or measure.column)
            if known[-1] == old:
                text.put([*place, "measures", at], "name", new)
                done = True
        originals = {name: fact.names.get(name, name) for name in (*fact.key, *fact.degenerate)}
        known += originals.values()
        for original, shown in originals.items():
            if shown == old:
                text.put([*place, "names"], original, new)
                done = True
        if done:
            return None
    return known


def unknown_in_star(table: str, old: str, known: Sequence[str]) -> DatabankError:
    """What is said of a column that a table of a star gives no name to."""
    return DatabankError(
        f"'{table}' has no column '{old}' whose name a spec gives"
        f" (has: {', '.join(dict.fromkeys(known))}){did_you_mean(old, list(known))}",
        hint="keys of dimensions and of days are named by a relation's or a date's role",
    )


def follow_silver(star: Star, text: SpecText, names: Mapping[str, Names]) -> None:
    """Name the columns of silver models as they are called now, wherever the star reads one.

    Args:
        star: the spec as it was.
        text: its text.
        names: of each model the columns that have another name.
    """
    for index, relation in enumerate(star.relations):
        mine, theirs = names.get(relation.model, {}), names.get(relation.to, {})
        place: list[str | int] = ["relations", index]
        columns = [mine.get(name, name) for name in relation.columns]
        there = [theirs.get(name, name) for name in relation.to_columns or relation.columns]
        _follow(text, [*place, "columns"], relation.columns, mine)
        if relation.to_columns:
            _follow(text, [*place, "to_columns"], relation.to_columns, theirs)
        elif there != columns:
            text.put(place, "to_columns", there)
    for index, dimension in enumerate(star.dimensions):
        of_model = names.get(dimension.model, {})
        _follow(text, ["dimensions", index, "key"], dimension.key, of_model)
    for kind, index, fact in star.tables:
        of_model = names.get(fact.model, {})
        place = [kind, index]
        for field, listed in (("key", fact.key), ("degenerate", fact.degenerate)):
            _follow(text, [*place, field], listed, of_model)
        for at, date in enumerate(fact.dates):
            _follow(text, [*place, "dates", at], {"column": date.column}, of_model)
        for at, measure in enumerate(fact.measures):
            _follow(text, [*place, "measures", at], {"column": measure.column}, of_model)
            if measure.name and of_model.get(measure.column) == measure.name:
                text.remove([*place, "measures", at, "name"])
        _follow_keys(text, [*place, "names"], fact.names, of_model)


def follow_made_names(star: Star, text: SpecText, names: Sequence[Names]) -> None:
    """Name the columns of dimensions as they are called since models of silver call them otherwise.

    Args:
        star: the spec as it was.
        text: its text, in which `follow_silver` is done.
        names: of each dimension the names that columns would have without `names`, old to new.
    """
    for index, (dimension, made) in enumerate(zip(star.dimensions, names, strict=True)):
        place: list[str | int] = ["dimensions", index]
        shown = {old: new for old, new in made.items() if old not in dimension.names}
        for at, hierarchy in enumerate(dimension.hierarchies):
            # What another column is called by the star is that column.
            levels = {k: v for k, v in shown.items() if k not in dimension.names.values()}
            _follow(text, [*place, "hierarchies", at, "levels"], hierarchy.levels, levels)
        _follow(text, [*place, "leave_out"], dimension.leave_out, made)
        _follow_keys(text, [*place, "names"], dimension.names, made)


def keep_masked(warehouse: Warehouse, text: SpecText, names: Iterable[Names]) -> None:
    """Add the new names of columns that a warehouse masks; others may have the old one still."""
    security = warehouse.security_config
    masked = (
        list(security.data_masking.sensitive_data) if security and security.data_masking else []
    )
    for old, new in {pair for each in names for pair in each.items()}:
        if {old, new}.intersection(naming.column_names(masked)) == {old}:
            text.append(["security_config", "data_masking", "sensitive_data"], new)


def _follow(
    text: SpecText,
    place: Sequence[str | int],
    found: Sequence[str] | Mapping[str, str],
    names: Names,
) -> None:
    items = found.items() if isinstance(found, Mapping) else enumerate(found)
    for step, name in items:
        if name in names:
            text.replace([*place, step], names[name])


def _follow_keys(
    text: SpecText, place: Sequence[str | int], found: Mapping[str, str], names: Names
) -> None:
    kept = {name: shown for name, shown in found.items() if names.get(name, name) != shown}
    for name in found.keys() - kept.keys():
        text.remove([*place, name])
    # A name may become another's old one: that one is out of the way first.
    for name in sorted(kept.keys() & names.keys(), key=lambda each: names[each] in kept):
        text.rename_key([*place, name], names[name])


def _rename_in_dimension(
    text: SpecText, index: int, dimension: Dimension, old: str, new: str
) -> None:
    originals = [name for name, shown in dimension.names.items() if shown == old]
    original = originals[0] if originals else old
    if not originals and old in dimension.names:
        raise DatabankError(
            f"the column '{old}' of '{dimension.name}' is called '{dimension.names[old]}' already",
            hint=f"say databank model rename {dimension.name}.{dimension.names[old]} {new}",
        )
    place: list[str | int] = ["dimensions", index]
    if original == new:
        text.remove([*place, "names", original])
    else:
        text.put([*place, "names"], original, new)
    for at, hierarchy in enumerate(dimension.hierarchies):
        for level, name in enumerate(hierarchy.levels):
            if name == old:
                text.replace([*place, "hierarchies", at, "levels", level], new)
