"""Judges single references: the log-odds that a column refers to a key, from values and names.

Source of the signs: Rostin et al., "A machine learning approach to foreign key discovery", WebDB 2009;
Zhang et al., "On multi-column foreign key discovery", PVLDB 3(1), 2010. The weights are ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from controlplane.discover.inclusion import Inclusion
from controlplane.discover.keys import KeyCandidate
from controlplane.discover.lexicon import (
    ABOVE,
    ACTING,
    ACTOR_WORDS,
    ACTORS,
    BOSSES,
    MEASURED,
    MEASURES,
    NO_ACTORS,
    PERSON_NAMES,
    PERSONAL,
    STAFF,
)
from controlplane.discover.name_match import KEY_WORDS, KeyName, TableNames, is_glued, matches
from controlplane.discover.profile import ColumnProfile
from controlplane.discover.references import Reference

# From here on a name says what its column refers to.
_SAYS_SO = 0.5
# The share of a reference's values that may be orphans; a key with fewer gaps than that has none, and
# one with less than half of its numbers is sparse.
_ORPHANS = 0.02
_DENSE, _SPARSE = 0.98, 0.5
# A key of so few values is used as a whole by rows enough.
_SHORT_KEY = 12
_SEVERAL = 2
_YEARS = 1800, 2100
# What values say from here on is no accident.
_TELLING = 3.0
# How well a key says a column whose name it shortens.
_SHORTER = 0.7
# How well somebody who does something says a table of persons.
_ACTS = 0.45
# From so many columns on there is a habit, and from this share on it is one.
_HABITUAL, _MOSTLY = 5, 0.5


class Rivals:
    """The tables that names of columns say best, each name looked up once.

    `habit` is the share of the columns called keys that also say of which table, 0 to 1: where most
    do, the others are roles that tables are in.
    """

    def __init__(self, names: Mapping[str, TableNames]) -> None:
        self._tables = {table: each.table for table, each in names.items()}
        self._best: dict[tuple[str, ...], list[tuple[float, str]]] = {}
        self.people = frozenset(table for table, each in names.items() if _are_people(each))
        called = [
            self.best(name.core, table)
            for table, each in names.items()
            for name in each.columns.values()
            if name.says_key and name.core and matches(name.core, each.table) < 0.6
        ]
        said = sum(best >= 0.9 for best in called)
        self.habit = said / len(called) if len(called) >= _HABITUAL else 0.0

    def best(self, core: tuple[str, ...], without: str) -> float:
        """How well the name says the table that it says best, another than this one."""
        if core not in self._best:
            said = [(matches(core, words), table) for table, words in self._tables.items()]
            self._best[core] = sorted(said, reverse=True)[:2]
        return next((said for said, table in self._best[core] if table != without), 0.0)


def judged(
    inclusion: Inclusion,
    widths: Mapping[str, int],
    names: Mapping[str, TableNames] | None,
    rivals: Rivals | None,
) -> Reference:
    """A reference with the log-odds that it is meant.

    Args:
        inclusion: what is in which key.
        widths: how many columns each table has.
        names: the words of tables and columns; None where names say nothing.
        rivals: the tables that names say best; None as before.
    """
    (child,) = inclusion.child
    parent = inclusion.parent
    score = -2.2 + coverage_score(inclusion) + _child_score(child, widths[child.table])
    score += 0.35 * max(-4.0, min(4.0, parent.score))
    # Of tables with the same key the one that says more is what others refer to.
    score += 0.3 * math.log2(widths[parent.table]) + _use_score(inclusion, names is not None)
    if parent.profiles[0].has_spaces > 0.3:
        score -= 2.0
    if child.table == parent.table:
        score += _self_score(child, names)
    shown = _value_score(inclusion)
    if names is None or rivals is None:
        return Reference(inclusion, score + shown)
    name = names[child.table].columns[child.name]
    said = said_of(name.core, name.full, parent, names)
    in_habit = name.says_key or rivals.habit < _MOSTLY
    if in_habit and parent.table in rivals.people and _acts_as_person(name.full):
        said = max(said, _ACTS)
    if child.table == parent.table and _is_above(name.full, names[parent.table].table):
        said = max(said, 0.8)
    if said >= 0.9 or (said >= _SAYS_SO and not _is_measured(name)):
        # What is said outright is not taken back because few of the values occur.
        shown = max(shown, -1.0)
    score += shown + _name_score(child, parent, said, shown, names, rivals)
    return Reference(inclusion, score, said=said)


def coverage_score(inclusion: Inclusion) -> float:
    """What orphans say: a reference has none, or few."""
    missing = 1 - inclusion.coverage
    return 0.8 if not missing else -0.4 - 6 * missing


def _use_score(inclusion: Inclusion, is_named: bool) -> float:
    """What it says how many of the key's values are used: rows enough would meet most of them.

    Of a long key a role may use a few; that is no sign where names say what the role is.
    """
    (child,), parent = inclusion.child, inclusion.parent.profiles[0]
    if parent.is_dense or inclusion.matched_distinct < _SEVERAL:
        return 0.0
    if is_named and parent.distinct > _SHORT_KEY:
        return 0.0
    expected = parent.distinct * -math.expm1(-child.filled / parent.distinct)
    used = 0.5 * math.log(inclusion.matched_distinct / expected)
    return max(-0.6 if is_named else -1.5, min(0.0, used))


def _value_score(inclusion: Inclusion) -> float:
    """What the values say: how unlikely it is that they are in the key by accident."""
    (child,) = inclusion.child
    count = inclusion.matched_distinct
    if child.domain == "integer":
        return _integer_score(inclusion)
    if child.domain == "time":
        return -0.5 + min(1.5, 0.1 * count)
    strength = 0.35 if child.longest <= 1 else 0.8 if child.longest <= 2 else 1.4
    return min(5.5, 0.3 + strength * math.log2(1 + count))


def _integer_score(inclusion: Inclusion) -> float:
    (child,), parent = inclusion.child, inclusion.parent.profiles[0]
    count = inclusion.matched_distinct
    if child.low is None or child.high is None or parent.low is None or parent.high is None:
        return 0.0
    span = parent.high - parent.low + 1
    if parent.low > 100 and parent.low > 0.1 * span:
        # Numbers that begin far from one are met by accident as seldom as codes; years are not.
        if _YEARS[0] <= child.low and child.high <= _YEARS[1]:
            return -1.0
        return min(4.0, 1.0 + 0.6 * math.log2(1 + count)) + min(0.0, _gap_score(inclusion))
    low, high = max(child.low, parent.low), min(child.high, parent.high)
    reach = max(1, high - low + 1) / span
    # The values of a reference are spread over the key; those of a count or a rating begin at its
    # start. Of so many drawn evenly, the range is seldom smaller than this.
    drawn = min(20.0, max(count, math.log2(1 + child.filled)))
    score = max(-4.0, min(0.0, 0.6 * ((drawn - 1) * math.log(reach) + math.log(drawn))))
    if child.low < parent.low or child.high > parent.high:
        # Numbers were given one after the other: one that was not given yet is no orphan.
        score -= 1.5
    score += _gap_score(inclusion)
    if parent.distinct / span < _SPARSE:
        return score
    if count >= 4:
        score += min(2.5, -0.55 * math.log(1 - reach + 1 / parent.distinct))
    elif count == parent.distinct:
        score += 0.5
    return score


def _gap_score(inclusion: Inclusion) -> float:
    """What the gaps of a key say: who refers to it misses them, who does not meets them.

    The log of how much likelier the values are if they refer and a few are orphans, than if they fall
    on the key and its gaps by accident.
    """
    density = inclusion.density
    if density >= _DENSE or not inclusion.distinct:
        return 0.0
    density = max(density, 1e-6)
    orphans = inclusion.distinct - inclusion.matched_distinct
    told = inclusion.matched_distinct * math.log((1 - _ORPHANS) / density)
    told += orphans * math.log(_ORPHANS / (1 - density))
    return max(-3.0, min(4.5, 0.4 * told))


def _child_score(child: ColumnProfile, width: int) -> float:
    score = 0.0
    if child.is_unique:
        score -= 3.0 if child.position == 0 else 0.6
    if child.distinct == 1:
        score -= 0.8
    if width > 3:
        score -= 0.8 * child.position / width
    if child.domain == "integer" and child.low is not None and child.low < 0:
        score -= 1.5
    return score


def _self_score(child: ColumnProfile, names: Mapping[str, TableNames] | None) -> float:
    """A table that refers to itself has a few rows that many others refer to."""
    score = -1.2
    if names is not None:
        full = names[child.table].columns[child.name].full
        score += 1.0 if _is_above(full, names[child.table].table) else -0.8
    return score


def _is_above(name: Sequence[str], table: Sequence[str]) -> bool:
    """Whether a name says a row of the same table that this one belongs to."""
    said = set(name)
    return bool(said & ABOVE) or bool(said & BOSSES and set(table) & STAFF)


def _name_score(
    child: ColumnProfile,
    parent: KeyCandidate,
    said: float,
    shown: float,
    names: Mapping[str, TableNames],
    rivals: Rivals,
) -> float:
    name = names[child.table].columns[child.name]
    best = rivals.best(name.core, parent.table)
    says_key = name.says_key and name.full[-1] != "number"
    score = -2.2 + 6.5 * said + (0.7 if says_key else -0.4)
    if said < _SAYS_SO and says_key and rivals.habit >= _MOSTLY:
        # Where keys are called by their tables, one that is not has the name of a role.
        score += 1.5
    if (said < _SAYS_SO and set(name.full) & MEASURES) or (said < 0.95 and _is_measured(name)):
        score -= 2.5
    own = matches(name.core, names[child.table].table)
    if child.is_unique and child.table != parent.table and own >= max(said, 0.6):
        score -= 3.0
    if said < 0.25 and shown >= _TELLING:
        score += 0.8
    elif said < 0.25 and child.domain == "integer" and not says_key:
        score -= 0.8
    if best > said + 0.2:
        score -= 2.0 * (best - said)
    return score


def _is_measured(name: KeyName) -> bool:
    """Whether a name ends with what is counted or measured: `page_number`, `AutomaticResponses`."""
    last = name.full[-1] if name.full else ""
    return last in MEASURES or last.endswith(MEASURED) or name.is_plural


def said_of(
    core: tuple[str, ...],
    full: tuple[str, ...],
    parent: KeyCandidate,
    names: Mapping[str, TableNames],
) -> float:
    """How well a name says a key of one column, 0 to 1: by its table, or by its own name."""
    target = names[parent.table]
    key = target.columns[parent.columns[0]]
    if not core:
        return 0.0
    by_table = matches(core, target.table)
    by_key = 0.0
    if key.core:
        own = max(matches(key.core, target.table), matches(target.table, key.core))
        same = 1.0 if full == key.full else matches(core, key.core)
        if is_glued(core[-1], key.core[-1]):
            same = max(same, 0.6 if len(key.core[-1]) > 2 else 0.5)
        elif len(key.core[-1]) > 2:
            same = max(same, _SHORTER * matches(key.core[-1:], core[-1:]))
        by_key = same * (0.72 + 0.28 * own)
    return max(by_table, by_key, _acts(core, target.table))


def _are_people(names: TableNames) -> bool:
    """Whether a table is of persons, by what it says of them."""
    for each in names.columns.values():
        if set(each.full) & PERSONAL or (
            each.full[-1:] == ("name",) and set(each.full) & PERSON_NAMES
        ):
            return True
    return False


def _acts_as_person(name: Sequence[str]) -> bool:
    """Whether a name is of somebody who does something: `coach_id`, `approved_by`."""
    said = [word for word in name if word not in KEY_WORDS]
    if not said:
        return False
    last = said[-1]
    if last == "by":
        return not set(said) & ABOVE
    if last in ACTOR_WORDS:
        return True
    return len(last) > 4 and last.endswith(ACTING) and last not in NO_ACTORS


def _acts(core: tuple[str, ...], table: tuple[str, ...]) -> float:
    """Whether a name is a role that members of the table have."""
    for roles, tables in ACTORS:
        if set(core) & set(roles) and table and table[-1] in tables:
            return 0.5
    return 0.0
