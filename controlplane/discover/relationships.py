"""Decides which columns refer to which keys, for the whole schema at once.

Each possible reference gets log-odds from what its values and names say; the parents of a column
compete, and whether a column refers to anything at all competes with them. What refers to a key
speaks for the key, and a key that was chosen for those that refer to it.

Source of the signs: Rostin et al., "A machine learning approach to foreign key discovery", WebDB 2009;
Zhang et al., "On multi-column foreign key discovery", PVLDB 3(1), 2010; of the joint choice: Jiang and
Naumann (HoPF), 2020; Lin et al., "Auto-BI", PVLDB 16(10), 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from controlplane.discover.inclusion import LEAST_COVERAGE, Inclusion, Values, is_eligible
from controlplane.discover.keys import KeyCandidate
from controlplane.discover.lexicon import ABOVE, ACTORS, BOSSES, MEASURED, MEASURES, STAFF
from controlplane.discover.name_match import KeyName, TableNames, matches
from controlplane.discover.profile import ColumnProfile, TableProfile

# Keys that are tried as what others refer to: so many of each table, from this score on.
_KEYS_TRIED = 3
_MANY_TABLES = 200
# A column that refers to its own table has fewer values than the table has rows.
_FEW = 0.6
_LEAST_KEY_SCORE = -3.5
_MOST_TUPLES = 40
_MOST_PARENTS = 40
# From here on a name says what its column refers to.
_SAYS_SO = 0.5
# Of combinations fewer are in a key by accident, and fewer are orphans.
LEAST_TOGETHER = 0.97
# What is likelier than this to be the reference is worth more said than not.
LEAST_PROBABILITY = 0.4


@dataclass(frozen=True)
class Reference:
    """A reference with its log-odds and, once the parents have competed, its probability.

    `said` is how well the names say it, 0 to 1; None where names say nothing.
    """

    inclusion: Inclusion
    score: float
    probability: float = 0.0
    said: float | None = None
    is_declared: bool = False

    @property
    def child(self) -> tuple[str, tuple[str, ...]]:
        """The table and columns that refer."""
        columns = self.inclusion.child
        return columns[0].table, tuple(column.name for column in columns)


@dataclass(frozen=True)
class Schema:
    """The key of each table, with its probability, and the references between tables."""

    keys: Mapping[str, tuple[KeyCandidate, float]]
    candidates: Mapping[str, Sequence[KeyCandidate]]
    references: tuple[Reference, ...]


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
    rivals = _Rivals(names) if names is not None else None
    found = _choose([_judged(each, widths, names, rivals) for each in inclusions])
    keys = _choose_keys(candidates, found)
    again = [_to_chosen(each, keys) for each in found]
    chosen = _best(_compete(again), keys)
    keys = _bridges(profiles, candidates, keys, chosen)
    chosen = _without_alternates(_one_way(chosen, keys), keys)
    together = _tuples(values, profiles, keys, names, chosen)
    chosen = _without_implied([*chosen, *together])
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


class _Rivals:
    """The tables that names of columns say best, each name looked up once."""

    def __init__(self, names: Mapping[str, TableNames]) -> None:
        self._tables = {table: each.table for table, each in names.items()}
        self._best: dict[tuple[str, ...], list[tuple[float, str]]] = {}

    def best(self, core: tuple[str, ...], without: str) -> float:
        """How well the name says the table that it says best, another than this one."""
        if core not in self._best:
            said = [(matches(core, words), table) for table, words in self._tables.items()]
            self._best[core] = sorted(said, reverse=True)[:2]
        return next((said for said, table in self._best[core] if table != without), 0.0)


def _judged(
    inclusion: Inclusion,
    widths: Mapping[str, int],
    names: Mapping[str, TableNames] | None,
    rivals: _Rivals | None,
) -> Reference:
    (child,) = inclusion.child
    parent = inclusion.parent
    score = -2.2 + _coverage_score(inclusion) + _child_score(child, widths[child.table])
    score += 0.35 * max(-4.0, min(4.0, parent.score))
    # Of tables with the same key the one that says more is what others refer to.
    score += 0.3 * math.log2(widths[parent.table])
    if parent.profiles[0].has_spaces > 0.3:
        score -= 2.0
    if child.table == parent.table:
        score += _self_score(child, names)
    shown = _value_score(inclusion)
    if names is None or rivals is None:
        return Reference(inclusion, score + shown)
    name = names[child.table].columns[child.name]
    said = said_of(name.core, name.full, parent, names)
    if child.table == parent.table and _is_above(name.full, names[parent.table].table):
        said = max(said, 0.8)
    if said >= 0.9 or (said >= _SAYS_SO and not _is_measured(name)):
        # What is said outright is not taken back because few of the values occur.
        shown = max(shown, -1.0)
    score += shown + _name_score(child, parent, said, names, rivals)
    return Reference(inclusion, score, said=said)


def _coverage_score(inclusion: Inclusion) -> float:
    missing = 1 - inclusion.coverage
    return 0.8 if not missing else -0.4 - 6 * missing


def _value_score(inclusion: Inclusion) -> float:
    """What the values say: how unlikely it is that they are in the key by accident."""
    (child,) = inclusion.child
    parent = inclusion.parent.profiles[0]
    count = inclusion.matched_distinct
    if child.domain == "integer":
        return _integer_score(child, parent, count)
    if child.domain == "time":
        return -0.5 + min(1.5, 0.1 * count)
    strength = 0.35 if child.longest <= 1 else 0.8 if child.longest <= 2 else 1.4
    return min(5.5, 0.3 + strength * math.log2(1 + count))


def _integer_score(child: ColumnProfile, parent: ColumnProfile, count: int) -> float:
    if child.low is None or child.high is None or parent.low is None or parent.high is None:
        return 0.0
    span = parent.high - parent.low + 1
    density = parent.distinct / span
    if parent.low > 100 and parent.low > 0.1 * span:
        # Numbers that begin far from one are met by accident as seldom as codes.
        return min(4.0, 1.0 + 0.6 * math.log2(1 + count))
    low, high = max(child.low, parent.low), min(child.high, parent.high)
    reach = max(1, high - low + 1) / span
    # The values of a reference are spread over the key; those of a count or a rating begin at its
    # start. Of so many drawn evenly, the range is seldom smaller than this.
    drawn = min(20.0, max(count, math.log2(1 + child.filled)))
    score = max(-4.0, min(0.0, 0.6 * ((drawn - 1) * math.log(reach) + math.log(drawn))))
    if child.low < parent.low or child.high > parent.high:
        # Numbers were given one after the other: one that was not given yet is no orphan.
        score -= 1.5
    if density < 0.5:
        return score + min(4.5, 0.4 * count * -math.log(density))
    if count >= 4:
        score += min(2.5, -0.55 * math.log(1 - reach + 1 / parent.distinct))
    elif count == parent.distinct:
        score += 0.5
    return score


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
    names: Mapping[str, TableNames],
    rivals: _Rivals,
) -> float:
    name = names[child.table].columns[child.name]
    best = rivals.best(name.core, parent.table)
    score = -2.2 + 6.5 * said + (0.7 if name.says_key and name.full[-1] != "number" else -0.4)
    if (said < _SAYS_SO and set(name.full) & MEASURES) or (said < 0.95 and _is_measured(name)):
        score -= 2.5
    own = matches(name.core, names[child.table].table)
    if child.is_unique and child.table != parent.table and own >= max(said, 0.6):
        score -= 3.0
    if said < 0.25 and child.domain == "integer":
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
        by_key = same * (0.72 + 0.28 * own)
    return max(by_table, by_key, _acts(core, target.table))


def _acts(core: tuple[str, ...], table: tuple[str, ...]) -> float:
    """Whether a name is a role that members of the table have."""
    for roles, tables in ACTORS:
        if set(core) & set(roles) and table and table[-1] in tables:
            return 0.5
    return 0.0


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
        parent = each.inclusion.parent
        place = (parent.table, parent.columns)
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


def _best(
    references: Sequence[Reference], keys: Mapping[str, tuple[KeyCandidate, float]]
) -> list[Reference]:
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


def _to_chosen(reference: Reference, keys: Mapping[str, tuple[KeyCandidate, float]]) -> Reference:
    """A reference to another key than the table's own is seldom meant."""
    parent = reference.inclusion.parent
    chosen = keys.get(parent.table)
    if chosen is None or chosen[0].columns == parent.columns:
        return reference
    return replace(reference, score=reference.score - 4.0)


def _one_way(
    references: Sequence[Reference], keys: Mapping[str, tuple[KeyCandidate, float]]
) -> list[Reference]:
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


def _without_alternates(
    references: Sequence[Reference], keys: Mapping[str, tuple[KeyCandidate, float]]
) -> list[Reference]:
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


def _is_own_key(key: KeyCandidate, keys: Mapping[str, tuple[KeyCandidate, float]]) -> bool:
    return key.table in keys and keys[key.table][0].columns == key.columns


def _bridges(
    profiles: Sequence[TableProfile],
    candidates: Mapping[str, Sequence[KeyCandidate]],
    keys: Mapping[str, tuple[KeyCandidate, float]],
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


def _tuples(
    values: Values,
    profiles: Sequence[TableProfile],
    keys: Mapping[str, tuple[KeyCandidate, float]],
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
        score = fit + _coverage_score(inclusion) + _density_score(inclusion) - 2.0
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


def _without_implied(references: Sequence[Reference]) -> list[Reference]:
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
