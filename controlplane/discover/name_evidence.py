"""What the names of a column say about what it refers to: by its table, its key, or a role.

A role is what something does or is in a record: the team at home, the coach, the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlplane.discover.key_candidate import KeyCandidate
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

# From here on a name says what its column refers to.
SAYS_SO = 0.5
# What values say from here on is no accident.
_TELLING = 3.0
# How well a key says a column whose name it shortens.
_SHORTER = 0.7
# How well somebody who does something says a table of persons, and one before says its own table.
_ACTS, _ABOVE_SAYS = 0.45, 0.8
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


def name_score(
    child: ColumnProfile,
    parent: KeyCandidate,
    said: float,
    shown: float,
    names: Mapping[str, TableNames],
    rivals: Rivals,
) -> float:
    """What the name adds to the log-odds that a column refers to a key.

    Args:
        child: the column.
        parent: the key.
        said: how well the name says the key, 0 to 1.
        shown: what the values say.
        names: the words of all names.
        rivals: the tables that names say best.
    """
    name = names[child.table].columns[child.name]
    best = rivals.best(name.core, parent.table)
    says_key = name.says_key and name.full[-1] != "number"
    score = -2.2 + 6.5 * said + (0.7 if says_key else -0.4)
    if said < SAYS_SO and says_key and rivals.habit >= _MOSTLY:
        # Where keys are called by their tables, one that is not has the name of a role.
        score += 1.5
    if (said < SAYS_SO and set(name.full) & MEASURES) or (said < 0.95 and _is_measured(name)):
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


def said_in_schema(
    child: ColumnProfile, parent: KeyCandidate, names: Mapping[str, TableNames], rivals: Rivals
) -> tuple[float, bool]:
    """How well a column's name says a key, 0 to 1, roles included; and whether it says so outright."""
    name = names[child.table].columns[child.name]
    said = said_of(name.core, name.full, parent, names)
    in_habit = name.says_key or rivals.habit < _MOSTLY
    if in_habit and parent.table in rivals.people and _acts_as_person(name.full):
        said = max(said, _ACTS)
    if child.table == parent.table and is_above(name.full, names[parent.table].table):
        said = max(said, _ABOVE_SAYS)
    return said, said >= 0.9 or (said >= SAYS_SO and not _is_measured(name))


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
    by_table = 0.9 if core[-1] == target.alias else matches(core, target.table)
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


def is_above(name: Sequence[str], table: Sequence[str]) -> bool:
    """Whether a name says a row of the same table that this one belongs to."""
    said = set(name)
    return bool(said & ABOVE) or bool(said & BOSSES and set(table) & STAFF)
