"""Polluted files and what is meant by them, the same for the same seed.

Each base table stands once as it is; each pollution alone on some tables, and together with some
others. Which tables and which others, the seed says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from tests.messy import tables
from tests.messy.case import Case
from tests.messy.draft import UnfitError, check_noise, finish, start, write
from tests.messy.pollution import POLLUTIONS, Pollution

# Importing them fills the list of pollutions.
from tests.messy.pollutions import around, cells, dialect, encoding, header, records, shape

T = TypeVar("T")
MODULES = (around, cells, dialect, encoding, header, records, shape)


def cases(seed: int = 1, *, tables_each: int = 3, pairs_each: int = 3) -> Iterator[Case]:
    """Every table as it is, every pollution alone on `tables_each` tables, and then in pairs.

    A pollution has `pairs_each` pairs of its own, and may be in those of others; each pair is on one
    table. A pollution that fits fewer has fewer.
    """
    for name in tables.names():
        yield make(name, (), seed)
    for pollution in POLLUTIONS.values():
        yield from _some(seed, (pollution,), tables_each)
    done: set[frozenset[str]] = set()
    for pollution in POLLUTIONS.values():
        found = 0
        for other in _shuffled(seed, pollution.name, list(POLLUTIONS.values())):
            if found == pairs_each:
                break
            pair = frozenset({pollution.name, other.name})
            if not pollution.fits(other) or pair in done:
                continue
            for case in _some(seed, (pollution, other), 1):
                done.add(pair)
                found += 1
                yield case


def make(table: str, pollutions: tuple[Pollution, ...], seed: int) -> Case:
    """The file of one table with these pollutions.

    Raises:
        UnfitError: they do not go with the table or with each other, or change nothing.
    """
    ordered = sorted(pollutions, key=lambda pollution: pollution.part)
    names = tuple(pollution.name for pollution in ordered)
    name = "+".join((table, *names))
    rng = Random(f"{seed}/{name}")
    draft = start(tables.table(table, seed))
    content = write(draft)
    for pollution in ordered:
        pollution.apply(draft, rng)
        before, content = content, write(draft)
        if content == before:
            raise UnfitError("nothing is different")
    check_noise(draft)
    note = " ".join(pollution.rule for pollution in ordered)
    return finish(draft, name, names, note)


def _some(seed: int, pollutions: tuple[Pollution, ...], count: int) -> Iterator[Case]:
    """Cases of these pollutions on so many tables, or on as many as there are."""
    key = "+".join(pollution.name for pollution in pollutions)
    for table in _shuffled(seed, key, tables.names()):
        if not count:
            return
        try:
            case = make(table, pollutions, seed)
        except UnfitError:
            continue
        count -= 1
        yield case


def _shuffled(seed: int, key: str, values: Sequence[T]) -> list[T]:
    return Random(f"{seed}/{key}").sample(values, len(values))
