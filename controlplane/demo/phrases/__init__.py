"""Sentences of customers in four languages, by topic and by what they mean.

A `{}` takes a word that makes the sentence stronger or weaker. Good and bad sentences both come with
negations (`not late`, `not friendly`), so that counting good and bad words is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TOPICS = (
    "delivery", "price", "quality", "staff", "app", "returns", "selection", "payment",
)  # fmt: skip


@dataclass(frozen=True)
class Phrases:
    """The sentences of one language; `good` and `bad` are by topic.

    `degrees` are the words for the `{}`, with the factor by which they change what is said; the
    empty word stands first. `but` joins a good and a bad sentence.
    """

    good: Mapping[str, tuple[str, ...]]
    bad: Mapping[str, tuple[str, ...]]
    plain: Mapping[str, tuple[str, ...]]
    good_openers: tuple[str, ...]
    bad_openers: tuple[str, ...]
    plain_openers: tuple[str, ...]
    good_closers: tuple[str, ...]
    bad_closers: tuple[str, ...]
    degrees: tuple[tuple[str, float], ...]
    but: tuple[str, ...]

    def count(self) -> int:
        """How many different sentences there are, before any is made stronger or weaker."""
        by_topic = (*self.good.values(), *self.bad.values(), *self.plain.values())
        others = (
            self.good_openers, self.bad_openers, self.plain_openers, self.good_closers,
            self.bad_closers,
        )  # fmt: skip
        return sum(len(one) for one in (*by_topic, *others))
