"""Knows the keys of tables that connect others: their references together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.profile import TableProfile
from controlplane.discover.references import Keys, Reference


def with_bridges(
    profiles: Sequence[TableProfile],
    candidates: Mapping[str, Sequence[KeyCandidate]],
    keys: Keys,
    references: Sequence[Reference],
) -> dict[str, tuple[KeyCandidate, float]]:
    """The keys once more, now that it is known which columns refer to something.

    A table that connects others is known by its references together, even where one of them happens
    to be unique so far.
    """
    refers: dict[str, dict[str, Reference]] = {}
    for each in references:
        table, columns = each.child
        refers.setdefault(table, {})[columns[0]] = each
    chosen = dict(keys)
    for profile in profiles:
        mine = refers.get(profile.name, {})
        key = chosen.get(profile.name)
        if key is not None and key[0].is_single:
            bridge = _bridge(profile, key[0], mine)
            if bridge is not None:
                chosen[profile.name] = (bridge, 0.8)
            continue
        found = [
            replace(each, score=each.score + 0.9 * sum(name in mine for name in each.columns))
            for each in candidates.get(profile.name, ())
        ]
        if found:
            best = max(found, key=lambda each: each.score)
            total = 1 + sum(math.exp(each.score) for each in found)
            if best.score > -0.5:
                whole = _all_references(profile, best, mine)
                chosen[profile.name] = (whole, math.exp(best.score) / total)
            else:
                chosen.pop(profile.name, None)
    return chosen


def _all_references(
    profile: TableProfile, key: KeyCandidate, mine: Mapping[str, Reference]
) -> KeyCandidate:
    """The key, or all leading references where the table has one more column at most."""
    leading = [column for column in profile.columns if column.name in mine]
    run = [column.position for column in leading] == list(range(len(leading)))
    if not run or len(profile.columns) - len(leading) > 1 or not set(key.columns) <= set(mine):
        return key
    return KeyCandidate(profile.name, tuple(c.name for c in leading), tuple(leading), key.score)


def _bridge(
    profile: TableProfile, key: KeyCandidate, mine: Mapping[str, Reference]
) -> KeyCandidate | None:
    """The references of a table that has hardly anything else, where one is unique by accident."""
    if key.columns[0] not in mine or len(mine) < 2:
        return None
    leading = [column for column in profile.columns if column.name in mine]
    others = [column for column in profile.columns if column.name not in mine]
    if [column.position for column in leading] != list(range(len(leading))):
        return None
    if len({each.inclusion.parent.table for each in mine.values()}) < 2:
        return None
    if any(column.domain != "time" for column in others) or len(others) > 2:
        return None
    return KeyCandidate(profile.name, tuple(c.name for c in leading), tuple(leading), key.score)
