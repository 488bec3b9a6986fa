"""What the CRM knows of each customer at each time: the changes of addresses, tiers and consent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo.customers import NEVER, Customers
from controlplane.demo.places import CHANNELS
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Flags, Ints, Stream
from controlplane.demo.world import World

ADDRESS, EMAIL, PHONE, CONSENT, CHANNEL, TIER, REGISTERED = range(7)
# How many customers change it in a year.
_A_YEAR = {ADDRESS: 0.09, EMAIL: 0.05, PHONE: 0.03, CONSENT: 0.05, CHANNEL: 0.03}
_QUARTER = 90
# Euros in half a year from which on a customer is silver, gold, platinum.
_TIER_EUROS = (250, 900, 3_000)


@dataclass(frozen=True)
class Versions:
    """One value a version, sorted by customer and time; `..._number` counts the changes so far.

    `second` is when it came to be, before the period for customers who were there already.
    """

    customer: Ints
    second: Ints
    address_number: Ints
    email_number: Ints
    phone_number: Ints
    consent: Ints
    channel: Ints
    tier: Ints


def make_versions(world: World) -> Versions:
    """Every version of every customer up to the end of the period."""
    scope, customers = world.scope, world.customers
    stream = scope.stream("profiles")
    count = customers.count
    customer, second, kind = _changes(stream, scope, customers)
    tiers = _tiers(world)
    tier_customer, quarter = np.nonzero(np.diff(tiers, axis=1))
    at = (quarter + 1) * _QUARTER
    here = (customers.registered[tier_customer] < at) & (at < customers.churned[tier_customer])
    here &= at < scope.days
    tier_customer, at = tier_customer[here], at[here]
    registered = customers.registered * SECONDS + stream.between(8 * 3600, 20 * 3600, count)
    customer = np.concatenate([np.arange(count), customer, tier_customer])
    second = np.concatenate([registered, second, at * SECONDS + 3 * 3600])
    kind = np.concatenate([np.full(count, REGISTERED), kind, np.full(len(at), TIER)])
    order = np.lexsort((second, customer))
    customer, second, kind = customer[order], second[order], kind[order]
    agreed = stream.chance(0.5 + 0.4 * customers.engagement, count).astype(np.int64)
    moved = _so_far(customer, kind == CHANNEL)
    return Versions(
        customer=customer,
        second=second,
        address_number=_so_far(customer, kind == ADDRESS),
        email_number=_so_far(customer, kind == EMAIL),
        phone_number=_so_far(customer, kind == PHONE),
        consent=(agreed[customer] + _so_far(customer, kind == CONSENT)) % 2,
        channel=(customers.preferred[customer] + moved) % len(CHANNELS),
        tier=tiers[customer, np.clip(second // (_QUARTER * SECONDS), 0, tiers.shape[1] - 1)],
    )


def _changes(stream: Stream, scope: Scope, customers: Customers) -> tuple[Ints, Ints, Ints]:
    """Customer, second and kind of each change that a customer makes."""
    count = customers.count
    found: list[tuple[Ints, Ints, Ints]] = []
    first = np.maximum(customers.registered, 0) + 1
    last = np.minimum(customers.churned, scope.days) - 1
    for kind, a_year in _A_YEAR.items():
        happens = stream.chance(a_year * scope.days / 365, count)
        day = stream.between(first, np.maximum(last, first), count)
        rows = np.flatnonzero(happens & (first <= last))
        found.append((rows, day[rows], np.full(len(rows), kind)))
    # Who is about to leave does not want to hear of us any more.
    leaves = stream.chance(0.5, count) & (customers.churned != NEVER)
    day = customers.churned - stream.between(5, 60, count)
    rows = np.flatnonzero(leaves & (day >= first))
    found.append((rows, day[rows], np.full(len(rows), CONSENT)))
    customer, on_day, kinds = (np.concatenate(parts) for parts in zip(*found, strict=True))
    second = on_day * SECONDS + stream.between(6 * 3600, 22 * 3600, len(on_day))
    return customer, second, kinds


def _so_far(customer: Ints, counted: Flags) -> Ints:
    """How many of the counted versions a customer has had, this one included."""
    totals = np.cumsum(counted)
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    before: Ints = (totals - counted)[starts]
    lengths = np.diff(np.append(starts, len(customer)))
    return np.asarray(totals - np.repeat(before, lengths), dtype=np.int64)


def _tiers(world: World) -> Ints:
    """The tier of each customer in each quarter, from what half a year before it brought."""
    scope, sales, count = world.scope, world.sales, world.customers.count
    quarters = -(-scope.days // _QUARTER)
    known = sales.customer >= 0
    cell = sales.customer[known] * quarters + sales.day[known] // _QUARTER
    cents = np.zeros(count * quarters, dtype=np.int64)
    np.add.at(cents, cell, world.sales_in_euro()[known])
    spent = cents.reshape(count, quarters)
    tiers = np.empty((count, quarters), dtype=np.int64)
    for quarter in range(quarters):
        # The first half-year has none before it: those who were there had the tier it shows.
        until = max(quarter, min(2, quarters))
        from_ = max(until - 2, 0)
        length = min(until * _QUARTER, scope.days) - from_ * _QUARTER
        half_year = spent[:, from_:until].sum(axis=1) * 2 * _QUARTER // length
        tiers[:, quarter] = np.searchsorted(np.asarray(_TIER_EUROS) * 100, half_year, side="right")
    return tiers
