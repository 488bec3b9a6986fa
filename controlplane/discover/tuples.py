"""Finds references of several columns to keys of as many, and what they already say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.discover.inclusion import Inclusion, Values
from controlplane.discover.judging import coverage_score
from controlplane.discover.keys import KeyCandidate
from controlplane.discover.name_match import TableNames, matches
from controlplane.discover.profile import ColumnProfile, TableProfile
from controlplane.discover.references import Keys, Reference

_MOST_TUPLES = 40
# Of combinations fewer are in a key by accident, and fewer are orphans.
LEAST_TOGETHER = 0.97


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
        near = [values.near(column) for column in key.profiles]
        for profile in profiles:
            if profile.name == key.table:
                continue
            options = [[c for c in columns if c.table == profile.name] for columns in near]
            best = _best_tuple(values, key, options, names, singles)
            if best is not None:
                found.append(best)
    return found


def _best_tuple(
    values: Values,
    key: KeyCandidate,
    options: Sequence[Sequence[ColumnProfile]],
    names: Mapping[str, TableNames] | None,
    singles: Sequence[Reference],
) -> Reference | None:
    if not all(options):
        return None
    parents = {each.child: each.inclusion.parent.table for each in singles}
    tuples: list[tuple[float, tuple[ColumnProfile, ...]]] = [(0.0, ())]
    for column, choices in zip(key.profiles, options, strict=True):
        grown = []
        for score, chosen in tuples:
            for choice in choices:
                if choice in chosen:
                    continue
                fit = _fit(choice, column, names, parents)
                if names is not None and fit < 0:
                    continue
                grown.append((score + fit, (*chosen, choice)))
        tuples = sorted(grown, key=lambda pair: -pair[0])[:_MOST_TUPLES]
    judged = []
    for fit, columns in tuples[:8]:
        if fit < 0:
            continue
        inclusion = values.together(columns, key)
        if inclusion.coverage < LEAST_TOGETHER or not inclusion.distinct:
            continue
        score = fit + coverage_score(inclusion) + _density_score(inclusion) - 2.0
        judged.append(Reference(inclusion, score))
    if not judged:
        return None
    best = max(judged, key=lambda each: each.score)
    probability = 1 / (1 + math.exp(-best.score))
    return replace(best, probability=probability) if probability >= 0.5 else None


def _fit(
    child: ColumnProfile,
    parent: ColumnProfile,
    names: Mapping[str, TableNames] | None,
    parents: Mapping[tuple[str, tuple[str, ...]], str],
) -> float:
    """How well a column stands for a part of a key."""
    score = 0.0
    mine, theirs = (child.table, (child.name,)), (parent.table, (parent.name,))
    if mine in parents and theirs in parents:
        score += 1.0 if parents[mine] == parents[theirs] else -3.0
    if names is not None:
        given = names[child.table].columns[child.name]
        wanted = names[parent.table].columns[parent.name]
        same = 1.0 if given.full == wanted.full else matches(given.core, wanted.core)
        score += 3.0 * same - 1.5
    elif child.domain == "integer" and (child.distinct == 1 or child.position > 8):
        score -= 0.5
    return score


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
