"""Decides which columns refer to which keys, for the whole schema at once.

Each possible reference gets log-odds from what its values and names say; the parents of a column
compete, and whether a column refers to anything at all competes with them. What refers to a key
speaks for the key, and a key that was chosen for those that refer to it.

Source of the joint choice: Jiang and Naumann, "Holistic primary key and foreign key detection" (HoPF),
Journal of Intelligent Information Systems 54, 2020; Lin et al., "Auto-BI", PVLDB 16(10), 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.discover.bridges import with_bridges
from controlplane.discover.inclusion import LEAST_COVERAGE, Inclusion, Values, is_eligible
from controlplane.discover.judging import judged
from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.name_evidence import Rivals, said_of
from controlplane.discover.name_match import TableNames
from controlplane.discover.profile import ColumnProfile, TableProfile
from controlplane.discover.references import Keys, Reference, Schema
from controlplane.discover.tuples import find_tuples, without_implied

# Keys that are tried as what others refer to: so many of each table, from this score on.
_KEYS_TRIED = 3
_MANY_TABLES = 200
_LEAST_KEY_SCORE = -3.5
_MOST_PARENTS = 40
# A column that refers to its own table has fewer values than the table has rows.
_FEW = 0.6
# What is likelier than this to be the reference is worth more said than not.
LEAST_PROBABILITY = 0.4
_WHOLE = 0.97
# So many values in the smaller of two keys are no accident.
_TELLING_VALUES = 10


def find_schema(
    values: Values,
    profiles: Sequence[TableProfile],
    candidates: Mapping[str, Sequence[KeyCandidate]],
    names: Mapping[str, TableNames] | None,
) -> Schema:
    """Keys and references that go together.

    Args:
        values: counts what is included in what.
        profiles: the tables.
        candidates: the sets of columns that are unique in each table, likeliest first.
        names: the words of tables and columns; None where names say nothing.
    """
    inclusions = _single_inclusions(values, candidates, names)
    widths = {profile.name: len(profile.columns) for profile in profiles}
    rivals = Rivals(names) if names is not None else None
    weighed = [judged(each, widths, names, rivals) for each in inclusions]
    found = _choose(_prefer_narrow(weighed) if names is not None else weighed)
    keys = _choose_keys(candidates, found)
    again = [_to_chosen(each, keys) for each in found]
    chosen = _best(_compete(again), keys)
    keys = with_bridges(profiles, candidates, keys, chosen)
    chosen = _without_alternates(_one_way(chosen, keys), keys)
    together = find_tuples(values, profiles, keys, names, chosen)
    chosen = without_implied([*chosen, *together])
    return Schema(keys, candidates, tuple(chosen))


def _single_inclusions(
    values: Values,
    candidates: Mapping[str, Sequence[KeyCandidate]],
    names: Mapping[str, TableNames] | None,
) -> list[Inclusion]:
    """What is included in which key, as far as it is worth counting.

    In a thousand tables with keys from one to twenty everything is included in everything: of many
    keys that a column may fit, the best said and the tightest are counted.
    """
    fits: dict[tuple[str, str], list[tuple[ColumnProfile, KeyCandidate]]] = {}
    most = _KEYS_TRIED if len(candidates) <= _MANY_TABLES else 1
    for keys in candidates.values():
        tried = [each for each in keys if each.is_single and each.score > _LEAST_KEY_SCORE]
        for key in tried[:most]:
            if is_eligible(key.profiles[0]):
                for child in values.near(key.profiles[0]):
                    if child.table != key.table or child.distinct <= _FEW * child.rows:
                        fits.setdefault((child.table, child.name), []).append((child, key))
    found = []
    for pairs in fits.values():
        if len(pairs) > _MOST_PARENTS:
            pairs.sort(
                key=lambda pair: (
                    -_said(pair[0], pair[1], names),
                    pair[1].profiles[0].distinct,
                    pair[1].table,
                )
            )
        for child, key in pairs[:_MOST_PARENTS]:
            inclusion = values.included(child, key)
            if inclusion.coverage >= LEAST_COVERAGE:
                found.append(inclusion)
    return found


def _said(child: ColumnProfile, key: KeyCandidate, names: Mapping[str, TableNames] | None) -> float:
    if names is None:
        return 0.0
    name = names[child.table].columns[child.name]
    return said_of(name.core, name.full, key, names)


def _prefer_narrow(references: Sequence[Reference]) -> list[Reference]:
    """The references, those to a key less likely where a part of it is a key that has all values, too.

    Who refers to physicians meets no other employee. Without names that is judged key by key.
    """
    whole = [each for each in references if each.inclusion.coverage >= _WHOLE]
    parts = {(each.child, _parent_of(each)) for each in whole}
    fits: dict[tuple[str, tuple[str, ...]], list[Reference]] = {}
    for each in whole:
        fits.setdefault(each.child, []).append(each)
    found = []
    for each in references:
        narrower = [
            other.inclusion.parent.profiles[0].distinct
            for other in fits.get(each.child, ())
            if (_parent_of(other), _parent_of(each)) in parts
        ]
        if narrower:
            less = math.log(each.inclusion.parent.profiles[0].distinct / min(narrower))
            shown = min(1.0, each.inclusion.distinct / _TELLING_VALUES)
            found.append(replace(each, score=each.score - min(1.5, 0.5 * less * shown)))
        else:
            found.append(each)
    return found


def _parent_of(reference: Reference) -> tuple[str, tuple[str, ...]]:
    return reference.inclusion.parent.table, reference.inclusion.parent.columns


def _compete(references: Sequence[Reference]) -> list[Reference]:
    """The references with their probabilities among all parents of the same column, and none.

    Parents with the same values are one rival: whether the column refers to any of them is one
    question, to which of them another.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[Reference]] = {}
    for each in references:
        groups.setdefault(each.child, []).append(each)
    found = []
    for group in groups.values():
        alike: dict[object, list[Reference]] = {}
        for each in group:
            alike.setdefault(_values_of(each), []).append(each)
        tops = {key: max(_odds(each) for each in rivals) for key, rivals in alike.items()}
        total = 1 + sum(tops.values())
        for key, rivals in alike.items():
            best = max(rivals, key=_odds)
            for each in rivals:
                share = tops[key] / total
                found.append(
                    replace(
                        each,
                        probability=share
                        if each is best
                        else share * _odds(each) / (2 * tops[key]),
                    )
                )
    return found


def _odds(reference: Reference) -> float:
    return math.exp(min(reference.score, 50))


def _values_of(reference: Reference) -> object:
    """What tells whether two parents have the same values."""
    (parent, *others) = reference.inclusion.parent.profiles
    if others or parent.low is None or not parent.is_dense:
        return (reference.inclusion.parent.table, parent.name)
    return (parent.low, parent.high)


def _choose(references: Sequence[Reference]) -> list[Reference]:
    return sorted(_compete(references), key=lambda each: -each.probability)


def _choose_keys(
    candidates: Mapping[str, Sequence[KeyCandidate]], references: Sequence[Reference]
) -> dict[str, tuple[KeyCandidate, float]]:
    """The likeliest key of each table; what refers to a key speaks for it."""
    referred: dict[tuple[str, tuple[str, ...]], float] = {}
    for each in references:
        place = _parent_of(each)
        referred[place] = referred.get(place, 0.0) + each.probability
    keys = {}
    for table, found in candidates.items():
        scored = sorted(
            ((k.score + 1.2 * min(2.0, referred.get((table, k.columns), 0.0)), k) for k in found),
            key=lambda pair: -pair[0],
        )
        if not scored or scored[0][0] < -1.5:
            continue
        total = 1 + sum(math.exp(score) for score, _ in scored)
        score, key = scored[0]
        keys[table] = (key, math.exp(score) / total)
    return keys


def _best(references: Sequence[Reference], keys: Keys) -> list[Reference]:
    """The likeliest parent of each column, where it is likelier than none."""
    best: dict[tuple[str, tuple[str, ...]], Reference] = {}
    for each in references:
        parent = each.inclusion.parent
        own = keys.get(each.child[0])
        if parent.table == each.child[0] and (
            own is None or own[0].columns != parent.columns or own[0].columns == each.child[1]
        ):
            continue
        if each.probability > max(0.5, best[each.child].probability if each.child in best else 0.0):
            best[each.child] = each
    return list(best.values())


def _to_chosen(reference: Reference, keys: Keys) -> Reference:
    """A reference to another key than the table's own is seldom meant."""
    parent = reference.inclusion.parent
    chosen = keys.get(parent.table)
    if chosen is None or chosen[0].columns == parent.columns:
        return reference
    return replace(reference, score=reference.score - 4.0)


def _one_way(references: Sequence[Reference], keys: Keys) -> list[Reference]:
    """Without keys that refer to what refers to them: the other way is meant."""
    between = {
        (each.child[0], each.inclusion.parent.table): each
        for each in sorted(references, key=lambda each: each.probability)
    }
    found = []
    for each in references:
        table, columns = each.child
        parent = each.inclusion.parent
        back = between.get((parent.table, table))
        own = keys.get(table)
        is_key = own is not None and own[0].columns == columns
        if back is not None and is_key and table != parent.table:
            back_key = keys.get(parent.table)
            if back_key is None or back_key[0].columns != back.child[1]:
                continue
            if (back.probability, parent.table) > (each.probability, table):
                continue
        found.append(each)
    return found


def _without_alternates(references: Sequence[Reference], keys: Keys) -> list[Reference]:
    """Without references to another key of a table whose own key the same table refers to.

    A fact with the key of a day and its date refers to the day once.
    """
    own = {
        (each.child[0], each.inclusion.parent.table)
        for each in references
        if _is_own_key(each.inclusion.parent, keys)
    }
    return [
        each
        for each in references
        if _is_own_key(each.inclusion.parent, keys)
        or (each.child[0], each.inclusion.parent.table) not in own
    ]


def _is_own_key(key: KeyCandidate, keys: Keys) -> bool:
    return key.table in keys and keys[key.table][0].columns == key.columns
