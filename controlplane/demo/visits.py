"""Visits of the web shop and the app: how many there were, and what was done in some of them.

All visits that end with an order are told event by event. Of those that do not, one in a hundred is,
and says so with its weight; how many there were in all stands in the sessions file, day by day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo.places import MOBILE, REGIONS, WEB
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Floats, Ints, Stream
from controlplane.demo.world import World

WEIGHT = 100
PAGE_VIEW, SEARCH, ADD_TO_CART, CHECKOUT, PURCHASE = range(5)
EVENTS = ("page_view", "search", "add_to_cart", "checkout", "purchase")
CHANNELS = (WEB, MOBILE)
# How many visits of a hundred end with an order, by channel; it moves by day and region.
_CONVERSION = (0.034, 0.024)
_CART, _CHECKOUT = 0.16, 0.05


@dataclass(frozen=True)
class Counts:
    """Visits by day, channel and region, in this order; each of the arrays has all three."""

    sessions: Ints
    bounced: Ints
    carts: Ints
    orders: Ints


@dataclass(frozen=True)
class Visits:
    """One value a visit that is told of. `sale` is the first line of the order, or -1."""

    second: Ints
    channel: Ints
    region: Ints
    customer: Ints
    product: Ints
    sale: Ints
    total: Ints
    searches: Ints
    carts: Ints
    checks_out: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.second)


def make_visits(world: World) -> tuple[Visits, Counts]:
    """The visits that are told of, in the order of time, and the numbers of all."""
    scope, sales = world.scope, world.sales
    stream = scope.stream("visits")
    on_line = ((sales.channel == WEB) | (sales.channel == MOBILE)) & ~sales.is_refund
    lines = np.flatnonzero(on_line)
    _, first, inverse = np.unique(sales.basket[lines], return_index=True, return_inverse=True)
    order = lines[first]
    total = np.zeros(len(order), dtype=np.int64)
    np.add.at(total, inverse, sales.total[lines])
    counts = _counts(stream, world, order)
    idle = _idle(stream, world, counts)
    buying = Visits(
        second=np.maximum(sales.second[order] - stream.between(120, 1_500, len(order)), 0),
        channel=sales.channel[order],
        region=sales.region[order],
        customer=sales.customer[order],
        product=sales.product[order],
        sale=order,
        total=total,
        searches=stream.chance(0.3, len(order)).astype(np.int64),
        carts=np.ones(len(order), dtype=np.int64),
        checks_out=np.ones(len(order), dtype=np.int64),
    )
    together = {
        name: np.concatenate([getattr(buying, name), getattr(idle, name)]) for name in vars(buying)
    }
    rows = np.argsort(together["second"], kind="stable")
    return Visits(**{name: column[rows] for name, column in together.items()}), counts


def _counts(stream: Stream, world: World, order: Ints) -> Counts:
    """All visits: as many as the orders and the conversion make them."""
    scope, sales = world.scope, world.sales
    size = scope.days * len(CHANNELS) * len(REGIONS)
    cell = (sales.day[order] * len(CHANNELS) + (sales.channel[order] - WEB)) * len(REGIONS)
    orders = np.bincount(cell + sales.region[order], minlength=size)
    channel = np.arange(size) // len(REGIONS) % len(CHANNELS)
    conversion = np.asarray(_CONVERSION)[channel] * (0.8 + 0.4 * stream.uniform(size))
    # On a day without an order people looked in all the same.
    sessions = np.rint((orders + 0.3 + 0.4 * stream.uniform(size)) / conversion).astype(np.int64)
    idle = sessions - orders
    bounced = (idle * (0.36 + 0.12 * stream.uniform(size))).astype(np.int64)
    carts = orders + (idle * _CART * (0.8 + 0.4 * stream.uniform(size))).astype(np.int64)
    return Counts(sessions, bounced, np.minimum(carts, sessions - bounced), orders)


def _idle(stream: Stream, world: World, counts: Counts) -> Visits:
    """One in a hundred of the visits that buy nothing."""
    idle = counts.sessions - counts.orders
    told = (idle + stream.between(0, WEIGHT - 1, len(idle))) // WEIGHT
    cell = np.repeat(np.arange(len(idle)), told)
    count = len(cell)
    region = cell % len(REGIONS)
    day = cell // (len(REGIONS) * len(CHANNELS))
    return Visits(
        second=day * SECONDS + stream.between(5 * 3_600, SECONDS - 7_200, count),
        channel=WEB + cell // len(REGIONS) % len(CHANNELS),
        region=region,
        customer=_visitors(stream, world, region, day),
        product=stream.pick(world.products.popularity, count),
        sale=np.full(count, -1),
        total=np.zeros(count, dtype=np.int64),
        searches=stream.chance(0.4, count).astype(np.int64),
        carts=stream.chance(_CART, count).astype(np.int64),
        checks_out=stream.chance(_CHECKOUT, count).astype(np.int64),
    )


def _visitors(stream: Stream, world: World, region: Ints, day: Ints) -> Ints:
    """Who is logged in, or -1: engaged customers look in often, and leavers hardly ever."""
    customers = world.customers
    pull: Floats = customers.engagement**2 * (customers.twin_of < 0)
    totals = np.cumsum(np.rint(pull * 1_000_000).astype(np.int64))
    last = np.searchsorted(customers.region, np.arange(len(REGIONS)), side="right")
    ends = np.where(last > 0, totals[np.maximum(last - 1, 0)], 0)
    begins = np.concatenate([[0], ends[:-1]])
    span = (ends - begins)[region]
    at = begins[region] + (stream.uniform(len(region)) * span).astype(np.int64)
    one = np.minimum(np.searchsorted(totals, at, side="right"), customers.count - 1)
    present = customers.presence(one, day) * (span > 0)
    return np.where(stream.uniform(len(region)) < 0.45 * present, one, -1)
