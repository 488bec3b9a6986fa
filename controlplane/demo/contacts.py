"""When and why customers get in touch, and how it ends: what the help desk and the surveys draw on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo.places import STORE
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Flags, Ints
from controlplane.demo.world import World

TYPES = ("ticket", "call", "chat", "email")
TOPICS = ("delivery", "quality", "returns", "payment", "app", "price")
_TYPE_SHARES = (0.34, 0.26, 0.28, 0.12)
# Seconds until somebody answers, and until it is settled, on average: by type.
_RESPONSE = (5 * 3_600, 180, 90, 9 * 3_600)
_SETTLING = (40 * 3_600, 9 * 3_600, 4 * 3_600, 52 * 3_600)
_GIVEN_UP = 14 * SECONDS
_SHARE = 0.016


@dataclass(frozen=True)
class Contacts:
    """One value a contact, in the order of their beginning; seconds of the period.

    `sale` is the transaction that it is about. `closed` is when it was settled or given up, which
    may lie beyond the period; `solved` says which of the two.
    """

    sale: Ints
    opened: Ints
    answered: Ints
    closed: Ints
    kind: Ints
    topic: Ints
    solved: Flags
    escalated: Flags


def make_contacts(world: World) -> Contacts:
    """The contacts of the period: unhappy customers have more, and who leaves had no answer."""
    sales, customers, scope = world.sales, world.customers, world.scope
    stream = scope.stream("contacts")
    known = sales.customer >= 0
    who = np.maximum(sales.customer, 0)
    leaving = known & customers.leaving(who, sales.day)
    share = _SHARE * (1.9 - 1.5 * customers.satisfaction[who]) * np.where(leaving, 5.0, 1.0)
    asks = known & stream.chance(share, sales.count)
    opened = sales.second + stream.between(1_800, 9 * SECONDS, sales.count)
    rows = np.flatnonzero(asks & (opened < scope.length))
    rows = rows[np.argsort(opened[rows], kind="stable")]
    count, opened = len(rows), opened[rows]
    kind = stream.pick(_TYPE_SHARES, count)
    unhappy = 1 - customers.satisfaction[who[rows]]
    solved = ~stream.chance(np.where(leaving[rows], 0.5, 0.04 + 0.12 * unhappy), count)
    answered = opened + 20 + (stream.exponential(count) * np.asarray(_RESPONSE)[kind]).astype(int)
    settling = (stream.exponential(count) * np.asarray(_SETTLING)[kind]).astype(np.int64)
    closed = answered + 60 + np.minimum(settling, 12 * SECONDS)
    closed = np.where(solved, closed, np.maximum(opened + _GIVEN_UP, closed))
    topic = stream.pick((0.30, 0.22, 0.18, 0.14, 0.10, 0.06), count)
    topic = np.where(sales.is_refund[rows], TOPICS.index("returns"), topic)
    # Nobody carries home a parcel that is late from a store.
    at_till = (sales.channel[rows] == STORE) & (topic == 0)
    return Contacts(
        sale=rows,
        opened=opened,
        answered=answered,
        closed=closed,
        kind=kind,
        topic=np.where(at_till, TOPICS.index("quality"), topic),
        solved=solved,
        escalated=stream.chance(np.where(solved, 0.04, 0.35), count),
    )
