"""Compares the names of columns and tables: what a reference is called says where it points.

A name is a list of words. Words that only say that something is a key (`id`, `no`, `fk` …), and those
that most names of a table begin with, say nothing about what the key is of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

KEY_WORDS = frozenset(
    "id ids key keys no nr num number code cd sk fk pk uuid guid identifier ref idx index".split()
)
_TABLE_WORDS = frozenset("tbl table raw dim fact stg src lkp lu vw".split())
# Ends that are written to a word without a mark, as in `custkey`; the rest must be a word of its own.
_JOINED = re.compile(r"^(?P<stem>[a-z]{2,})(?P<end>key|code|uuid|guid|id|no|nr|num|cd|sk)$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+|[^\W\d_]+")
# A name of so many letters may be several words that were shortened and written together.
_SHORT_NAME = 9
# Names that someone gave for want of one: a few letters and a number, or nothing but these.
_NUMBERED = re.compile(r"^(?P<stem>[^\W\d]*?)[_ -]*(?P<number>\d+)$")


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `InvoiceLineId` is invoice, line, id."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65_536)
def singular(word: str) -> str:
    """The word without the ending of an English plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _plain(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(singular(word) for word in found)


@dataclass(frozen=True)
class KeyName:
    """A column's name in its table: `core` without what only says that it is a key."""

    full: tuple[str, ...]
    core: tuple[str, ...]
    says_key: bool
    is_plural: bool = False


@dataclass(frozen=True)
class TableNames:
    """The words of a table's name and of each of its columns.

    `alias` is the short word that its columns begin with, by which others may call it: `ct` where they
    are `ct_id` and `ct_name`; empty where there is none.
    """

    table: tuple[str, ...]
    columns: dict[str, KeyName]
    alias: str = ""


def read_names(tables: Mapping[str, Sequence[str]]) -> dict[str, TableNames]:
    """The words of every table and column, without those that many names share."""
    first = Counter(words(name)[0] for name in tables if len(words(name)) > 1)
    shared = {word for word, count in first.items() if count >= 3 and count > 0.6 * len(tables)}
    known = {singular(word) for name in tables for word in words(name)}
    found = {}
    for name, columns in tables.items():
        own = list(words(name))
        while len(own) > 1 and (own[0] in _TABLE_WORDS or own[0] in shared):
            own = own[1:]
        while len(own) > 1 and own[-1] in _TABLE_WORDS:
            own = own[:-1]
        prefix = _prefix(columns, own)
        found[name] = TableNames(
            _plain(own), {column: _key_name(column, prefix, known) for column in columns}, prefix
        )
    return found


def _prefix(columns: Sequence[str], table: Sequence[str]) -> str:
    """The word that the columns begin with and that is short for the table, such as `l_`."""
    starts = Counter(words(column)[0] for column in columns if len(words(column)) > 1)
    if not starts or len(columns) < 2:
        return ""
    word, count = starts.most_common(1)[0]
    most = count >= 0.75 * len(columns)
    return word if most and len(word) <= 4 and word not in map(singular, table) else ""


def _key_name(column: str, prefix: str, known: set[str]) -> KeyName:
    parts = list(words(column))
    if prefix and len(parts) > 1 and parts[0] == prefix:
        parts = parts[1:]
    split: list[str] = []
    for word in parts:
        match = _JOINED.match(word)
        if match and word not in known and word not in KEY_WORDS and singular(word) not in known:
            split += [match["stem"], match["end"]]
        else:
            split.append(word)
    core = [word for word in split if word not in KEY_WORDS]
    is_plural = bool(split) and singular(split[-1]) != split[-1]
    return KeyName(_plain(split), _plain(core), len(core) < len(split), is_plural)


def abbreviates(short: str, long: Sequence[str]) -> tuple[float, int]:
    """How well a word stands for words, 0 to 1, and for how many of them it does.

    A word is entered at its first letter, and letters are met in order: `addr` stands for address,
    `cdemo` for customer demographics.
    """
    if short in long:
        return 1.0, 1
    best = (0.0, 0)
    for start, word in enumerate(long):
        best = max(best, (_score(short, word), 1))
        if start + 1 < len(long):
            best = max(best, (_compound(short, word, long[start + 1]), 2))
    return best if best[0] else (0.0, 0)


@lru_cache(maxsize=65_536)
def _score(short: str, word: str) -> float:
    if len(short) >= 3 and word.startswith(short):
        return 0.9
    if len(short) == 2 and word.startswith(short):
        return 0.7
    if len(short) >= 3 and short[0] == word[0] and _in_order(short, word):
        return 0.6
    return 0.0


@lru_cache(maxsize=65_536)
def _compound(short: str, first: str, second: str) -> float:
    """How well a word stands for two together, the start of each."""
    for cut in range(1, len(short)):
        if not first.startswith(short[:cut]):
            break
        if second.startswith(short[cut:]):
            return 0.8 if len(short) > 2 else 0.6
    return 0.0


def _in_order(short: str, word: str) -> bool:
    letters = iter(word)
    return all(letter in letters for letter in short)


@lru_cache(maxsize=1 << 18)
def matches(given: tuple[str, ...], wanted: tuple[str, ...]) -> float:
    """How well words say what other words say, 0 to 1; a role before them takes little away.

    `manager, staff` says staff; `staff, manager` hardly does.
    """
    if not given or not wanted:
        return 0.0
    if tuple(given) == tuple(wanted):
        return 1.0
    if "".join(given) == "".join(wanted):
        return 0.97
    best = 0.0
    for start in range(len(given)):
        tail = given[start:]
        found = [abbreviates(word, wanted) for word in tail]
        if any(score <= 0 for score, _ in found):
            continue
        said = sum(score for score, _ in found) / len(found)
        covered = min(1.0, sum(count for _, count in found) / len(wanted))
        best = max(best, said * (0.93 if start else 1.0) * (0.55 + 0.45 * covered))
    if not best:
        # The thing first and its role after it: `customer_from`.
        found = [abbreviates(word, wanted) for word in given[: len(wanted)]]
        if found and all(score >= 0.9 for score, _ in found):
            best = 0.7
    return best


def ends_alike(one: str, other: str) -> float:
    """How far two words that are written together end with the same, 0 to 1: `RVBR` and `TRBR`."""
    shared = 0
    while shared < min(len(one), len(other)) and one[-1 - shared] == other[-1 - shared]:
        shared += 1
    if max(len(one), len(other)) > _SHORT_NAME or shared < 2:
        return 0.0
    return 0.6 if shared == 2 else 0.8


def is_glued(given: str, part: str) -> bool:
    """Whether a word has another one, of two letters or more, at its end: `LNKAC` has `AC`."""
    return len(part) > 1 and len(given) - len(part) > 1 and given.endswith(part)


def are_meaningless(names: Sequence[str]) -> bool:
    """Whether names only count: `c1`, `c2`, `c3`; `col_a` is not told from a name."""
    stems = Counter(match["stem"] for name in names if (match := _NUMBERED.match(name)))
    return bool(stems) and stems.most_common(1)[0][1] >= max(1, 0.8 * len(names))
