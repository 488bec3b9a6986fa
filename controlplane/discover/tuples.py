"""Finds references of several columns to keys of as many, and what they already say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from controlplane.discover.inclusion import NEAR, Inclusion, Values
from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.name_match import TableNames, ends_alike, matches
from controlplane.discover.profile import ColumnProfile, TableProfile
from controlplane.discover.references import Keys, Reference
from controlplane.discover.value_evidence import coverage_score

_MOST_TUPLES = 40
# Of combinations fewer are in a key by accident, and fewer are orphans.
LEAST_TOGETHER = 0.97
_UNLIKE, _ALIKE = 0.3, 0.9
# Lines are numbered from 1, or in tens; so many of the rows at most have a number of their own.
_FIRST_LINE, _FEW_LINES = 10, 0.2
_LEAST_NEAR, _LEAST_FIT, _SURE = 0.05, -1.0, 0.8


def find_tuples(
    values: Values,
    profiles: Sequence[TableProfile],
    keys: Keys,
    names: Mapping[str, TableNames] | None,
    singles: Sequence[Reference],
) -> list[Reference]:
    """References to keys of several columns."""
    found: list[Reference] = []
    for key, _ in keys.values():
        if key.is_single:
            continue
        near = [_near(values, column, names) for column in key.profiles]
        for profile in profiles:
            options = [[c for c in columns if c.table == profile.name] for columns in near]
            if profile.name == key.table:
                # What belongs to the same whole as its parent refers to it by that whole, too.
                options = [[c, *each] for c, each in zip(key.profiles, options, strict=True)]
            if all(options):
                found += _apart(_tuples(values, key, options, names, singles))
    return found


def _near(
    values: Values, column: ColumnProfile, names: Mapping[str, TableNames] | None
) -> list[ColumnProfile]:
    """The columns that may stand for a part of a key.

    One of the same name need not have most of its values there: only where the others are filled, it
    refers.
    """
    if names is None:
        return values.near(column)
    return [
        each
        for each, share in values.shares(column)
        if share >= NEAR or (share >= _LEAST_NEAR and _same(each, column, names) >= _ALIKE)
    ]


def _apart(references: Sequence[Reference]) -> list[Reference]:
    """The likeliest, and the others that have a column of their own: a buyer and a payer."""
    kept: list[Reference] = []
    for each in sorted(references, key=lambda each: -each.score):
        others = [set(other.child[1]) for other in kept]
        used = set().union(*others) if others else set()
        if not kept or (set(each.child[1]) - used and each.probability >= _SURE):
            kept.append(each)
    return kept


def _tuples(
    values: Values,
    key: KeyCandidate,
    options: Sequence[Sequence[ColumnProfile]],
    names: Mapping[str, TableNames] | None,
    singles: Sequence[Reference],
) -> list[Reference]:
    child_table = options[0][0].table
    parents = {each.child: each.inclusion.parent.table for each in singles}
    if child_table != key.table and any(
        parents.get((key.table, (name,))) == child_table for name in key.columns
    ):
        # The key is of what belongs to the child, such as its lines.
        return []
    tuples: list[tuple[float, tuple[ColumnProfile, ...]]] = [(0.0, ())]
    for column, choices in zip(key.profiles, options, strict=True):
        grown = []
        for score, chosen in tuples:
            for choice in choices:
                if choice in chosen:
                    continue
                fit = _fit(choice, column, names, parents)
                grown.append((score + fit, (*chosen, choice)))
        tuples = sorted(grown, key=lambda pair: -pair[0])[:_MOST_TUPLES]
    judged = []
    connects = all((key.table, (name,)) in parents for name in key.columns)
    for fit, columns in tuples[:8]:
        if connects and names is not None and not _named_alike(columns, key, names):
            # Who refers to what a bridge connects refers to the bridge only where its names say so.
            continue
        if fit < (0.0 if names is None else _LEAST_FIT) or _is_itself(columns, key):
            continue
        inclusion = values.together(columns, key)
        if inclusion.coverage < LEAST_TOGETHER or not inclusion.distinct:
            continue
        score = fit + coverage_score(inclusion) + _density_score(inclusion) - 2.0
        probability = 1 / (1 + math.exp(-score))
        if probability >= 0.5:
            judged.append(Reference(inclusion, score, probability))
    return judged


def _named_alike(
    columns: Sequence[ColumnProfile], key: KeyCandidate, names: Mapping[str, TableNames]
) -> bool:
    return all(
        _same(child, parent, names) == 1.0
        for child, parent in zip(columns, key.profiles, strict=True)
    )


def _is_itself(columns: Sequence[ColumnProfile], key: KeyCandidate) -> bool:
    """Whether a table would refer to each row by itself: by its key, or one much like it."""
    if columns[0].table != key.table:
        return False
    return not {column.name for column in columns} - set(key.columns)


def _fit(
    child: ColumnProfile,
    parent: ColumnProfile,
    names: Mapping[str, TableNames] | None,
    parents: Mapping[tuple[str, tuple[str, ...]], str],
) -> float:
    """How well a column stands for a part of a key."""
    if child is parent:
        return 1.0
    score = 0.0
    mine, theirs = (child.table, (child.name,)), (parent.table, (parent.name,))
    if mine in parents and theirs in parents:
        score += 1.0 if parents[mine] == parents[theirs] else -3.0
    if names is not None:
        same = _same(child, parent, names)
        score += 3.0 * same - 1.5
        if same < _UNLIKE and _counts_lines(parent):
            # Any small number is the number of a line.
            score -= 3.0
    elif child.domain == "integer" and (child.distinct == 1 or child.position > 8):
        score -= 0.5
    return score


def _counts_lines(column: ColumnProfile) -> bool:
    """Whether small numbers come again and again, as line numbers do."""
    return (
        column.low is not None
        and 0 <= column.low <= _FIRST_LINE
        and column.distinct <= _FEW_LINES * column.rows
    )


def _same(child: ColumnProfile, parent: ColumnProfile, names: Mapping[str, TableNames]) -> float:
    """How well the name of a column says a part of a key, 0 to 1.

    What is only called a code or a name is said by the name of its table.
    """
    given = names[child.table].columns[child.name]
    wanted = names[parent.table].columns[parent.name]
    if given.full == wanted.full:
        return 1.0
    mine = given.core or names[child.table].table
    if not wanted.core and mine[-1] == names[parent.table].alias:
        return 1.0
    if len(given.full) == len(wanted.full) == 1:
        alike = ends_alike(given.full[0], wanted.full[0])
        return max(alike, matches(mine, wanted.core))
    if set(wanted.core) - {"name"}:
        return matches(mine, wanted.core)
    return matches(mine, names[parent.table].table)


def _density_score(inclusion: Inclusion) -> float:
    """How unlikely it is that so many combinations are in the key by accident."""
    possible = 1.0
    for column in inclusion.parent.profiles:
        possible *= column.distinct
    density = inclusion.parent.profiles[0].rows / possible
    if density >= 1:
        return -1.0
    return min(4.0, 0.3 * inclusion.matched_distinct * -math.log(density))


def without_implied(references: Sequence[Reference]) -> list[Reference]:
    """Without the references that one of several columns already makes through its parent.

    An order line that refers to a part of a supplier refers by that to the part and the supplier.
    """
    single = {each.child: each.inclusion.parent.table for each in references}
    implied: set[tuple[str, tuple[str, ...]]] = set()
    for each in references:
        table, columns = each.child
        parent = each.inclusion.parent
        if len(columns) == 1:
            continue
        beyond = [single.get((parent.table, (name,))) for name in parent.columns]
        if None in beyond:
            continue
        implied |= {
            (table, (name,))
            for name, grandparent in zip(columns, beyond, strict=True)
            if single.get((table, (name,))) == grandparent
        }
    return [each for each in references if each.child not in implied]
