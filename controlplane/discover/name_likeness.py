"""How alike the names of two columns are, as far as they say what a value is."""

from __future__ import annotations

from controlplane.discover.column_names import read_name

# Words that say of a column that it counts or refers, and not what.
_KEYS = frozenset({"id", "key", "no", "nr", "num", "pk", "fk", "sk"})
# Words of names that were made up for columns without one.
_MADE_UP = frozenset({"column", "col", "field"})


def name_likeness(one: str, other: str) -> float:
    """From 0 to 1: the share of the words that both have; the one that names the thing counts twice.

    That two columns are keys makes them little alike: `order_id` is what `order` says. A name that
    says nothing, such as `c1` or `column_2`, is like no other.
    """
    mine, others = _words(one), _words(other)
    if not mine or not others:
        return 0.0
    every = mine.keys() | others.keys()
    shared = sum(max(mine[word], others[word]) for word in mine.keys() & others.keys())
    return shared / sum(max(mine.get(word, 0), others.get(word, 0)) for word in every)


def _words(column: str) -> dict[str, float]:
    """The words of a name with their weights; a letter or a number alone says nothing."""
    words = [
        word
        for word in read_name(column).words
        if len(word) > 1 and not word.isdigit() and word not in _MADE_UP
    ]
    things = [word for word in words if word not in _KEYS]
    return {word: 0.25 if word in _KEYS else 2.0 if word == things[-1] else 1.0 for word in words}
