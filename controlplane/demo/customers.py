"""The customers: who they are, how much they buy, and when and why they stop.

A customer has a satisfaction and an engagement that no file tells. The less of them, the likelier it
is that the customer leaves; and what the files do tell (how often somebody buys, what feedback they
give, whether their tickets are resolved, how often they look in) comes from the same two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo.places import REGIONS
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Flags, Floats, Ints, Stream

NEVER = 1_000_000
# Days before leaving in which a customer buys less and less, and complains more.
DECLINE = 75
TIERS = ("bronze", "silver", "gold", "platinum")
_CHURN_A_YEAR = 0.20
_TWINS = 0.02
# Channels that customers prefer: store, web, mobile, marketplace.
_PREFERENCES = (0.50, 0.28, 0.18, 0.04)


@dataclass(frozen=True)
class Customers:
    """One value a customer; days count from the period's first, and may lie before it.

    The customers are sorted by region. `twin_of` is the customer whose second record this is, or -1;
    a twin buys nothing of its own, it is given some of what the first buys.
    """

    ids: list[str]
    region: Ints
    registered: Ints
    churned: Ints
    rate: Floats
    satisfaction: Floats
    engagement: Floats
    favourite: Ints
    preferred: Ints
    twin_of: Ints

    @property
    def count(self) -> int:
        """How many there are, twins included."""
        return len(self.ids)

    def presence(self, customer: Ints, day: Ints | int) -> Floats:
        """How much of the usual a customer buys on a day: 1, less before leaving, 0 when away."""
        left = np.minimum((self.churned[customer] - day) / DECLINE, 1.0)
        there = (day >= self.registered[customer]) & (left > 0)
        return np.where(there, np.maximum(left, 0.12), 0.0)

    def leaving(self, customer: Ints, day: Ints) -> Flags:
        """Whether a customer is about to leave, on a day."""
        left = self.churned[customer] - day
        return np.asarray((left <= DECLINE) & (left > -30))


def make_customers(scope: Scope) -> Customers:
    """The customers of a run, with the second records of some."""
    stream = scope.stream("customers")
    count = scope.customers
    region = np.sort(stream.pick([one.share for one in REGIONS], count))
    # A third joins during a year; the others were there, most of them since not long ago.
    new = stream.chance(min(0.33 * scope.days / 365, 0.5), count)
    registered = np.where(
        new,
        stream.between(0, scope.days - 1, count),
        -1 - (stream.uniform(count) ** 1.7 * 2_000).astype(np.int64),
    )
    satisfaction = np.round(1 - stream.uniform(count) ** 1.8, 6)
    engagement = np.round(stream.uniform(count), 6)
    regular = stream.exponential(count) + 0.05
    devoted = stream.chance(0.06, count)
    rate = np.where(devoted, 4.0 * stream.pareto(1.5, count), regular) * (0.5 + engagement)
    first = Customers(
        ids=[],
        region=region,
        registered=registered,
        churned=_churn(stream, scope, registered, satisfaction, engagement),
        rate=np.asarray(np.round(np.minimum(rate, 120.0), 6), np.float64),
        satisfaction=satisfaction,
        engagement=engagement,
        favourite=stream.between(0, 5, count),
        preferred=stream.pick(_PREFERENCES, count),
        twin_of=np.full(count, -1),
    )
    return _with_twins(stream, scope, first)


def _churn(
    stream: Stream, scope: Scope, registered: Ints, satisfaction: Floats, engagement: Floats
) -> Ints:
    """The day on which each customer leaves; `NEVER` for those who stay."""
    count = len(registered)
    # Unhappy and idle customers leave five to ten times as often as happy and busy ones.
    pull = (1.15 - satisfaction) ** 2 * (1.3 - engagement)
    share = np.minimum(_CHURN_A_YEAR * scope.days / 365 * pull / float(pull.mean()), 0.9)
    earliest = np.maximum(registered + 30, min(20, scope.days - 1))
    leaves = stream.chance(np.round(share, 9), count) & (earliest < scope.days)
    day = stream.between(np.minimum(earliest, scope.days - 1), scope.days - 1, count)
    return np.where(leaves, day, NEVER)


def _with_twins(stream: Stream, scope: Scope, first: Customers) -> Customers:
    """The customers with the second records of some, all in the order of their regions."""
    count = len(first.region)
    # Somebody who has left does not register again.
    stays = np.flatnonzero((first.churned == NEVER) & (first.registered < scope.days - 8))
    twins = np.sort(stays[stream.sample(len(stays), max(round(count * _TWINS), 3))])
    again = stream.between(np.maximum(first.registered[twins] + 3, 1), scope.days - 1, len(twins))
    source = np.concatenate([np.arange(count), twins])
    order = np.argsort(first.region[source], kind="stable")
    source = source[order]
    is_twin = (np.arange(count + len(twins)) >= count)[order]
    place = np.empty(count + len(twins), dtype=np.int64)
    place[order] = np.arange(len(order))
    registered = np.concatenate([first.registered, again])[order]
    # Numbers go up with the registration, as a CRM hands them out.
    number = np.empty(len(order), dtype=np.int64)
    number[np.argsort(registered, kind="stable")] = np.arange(len(order))
    return Customers(
        ids=[f"C-{one:07d}" for one in (100_001 + number).tolist()],
        region=first.region[source],
        registered=registered,
        churned=first.churned[source],
        rate=np.where(is_twin, 0.0, first.rate[source]),
        satisfaction=first.satisfaction[source],
        engagement=first.engagement[source],
        favourite=first.favourite[source],
        preferred=first.preferred[source],
        twin_of=np.where(is_twin, place[source], -1),
    )
