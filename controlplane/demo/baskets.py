"""Who goes shopping when and where, and what lands in the basket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo.anomalies import FRAUD_SECONDS, Anomalies
from controlplane.demo.assortment import DEPARTMENTS
from controlplane.demo.calendar import HOURS
from controlplane.demo.customers import Customers
from controlplane.demo.demand import CAP, Demand
from controlplane.demo.places import CHANNELS, REGIONS, STORE, WEB
from controlplane.demo.products import Products
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Floats, Ints, Stream, cumulated, pick_at

NORMAL, GLITCH, FRAUD = range(3)
_SIZES, _SIZE_SHARES = (1, 2, 3, 4), (0.55, 0.25, 0.13, 0.07)
# How many buyers a channel does not know: store, web, mobile, marketplace.
_ANONYMOUS = (0.38, 0.07, 0.0, 0.55)
# The share of lines of the basket's own department, and of those bought with the line before.
_OWN_DEPARTMENT, _WITH_THE_LAST = 0.6, 0.35
# How likely somebody is taken who prefers another channel, or another department.
_OTHER_CHANNEL, _OTHER_DEPARTMENT = 0.4, 0.4
_ROUNDS = 60
# One sale in so many is refunded later, and counts towards the number that was asked for.
_REFUNDED = 0.06


@dataclass(frozen=True)
class Baskets:
    """One value a basket."""

    second: Ints
    channel: Ints
    region: Ints
    theme: Ints
    mark: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.second)


def draw_baskets(
    stream: Stream, scope: Scope, cells: Floats, accepted: float, anomalies: Anomalies
) -> Baskets:
    """Baskets by the weights of day, channel and region, and those that the anomalies plant."""
    size = sum(one * share for one, share in zip(_SIZES, _SIZE_SHARES, strict=True))
    count = round(scope.transactions * (1 - _REFUNDED) / (size * accepted))
    cell = stream.pick(cells, count)
    day, place = np.divmod(cell, len(CHANNELS) * len(REGIONS))
    channel, region = np.divmod(place, len(REGIONS))
    hours = np.stack([cumulated(HOURS[name]) for name in CHANNELS])
    hour = np.empty(count, dtype=np.int64)
    draw = stream.uniform(count)
    for number in range(len(CHANNELS)):
        rows = np.flatnonzero(channel == number)
        hour[rows] = pick_at(draw[rows], hours[number])
    second = day * SECONDS + hour * 3600 + stream.between(0, 3599, count)
    glitch, fraud = anomalies.glitch_orders, anomalies.fraud_orders
    planted = glitch + fraud
    return Baskets(
        second=np.concatenate([
            second,
            stream.between(anomalies.glitch_from, anomalies.glitch_to - 1, glitch),
            anomalies.fraud_from + stream.between(0, FRAUD_SECONDS - 1, fraud),
        ]),
        channel=np.concatenate([channel, np.full(planted, WEB)]),
        region=np.concatenate([
            region,
            stream.pick([one.share for one in REGIONS], glitch),
            np.full(fraud, anomalies.fraud_region),
        ]),
        theme=stream.pick([one.share for one in DEPARTMENTS], count + planted),
        mark=np.repeat([NORMAL, GLITCH, FRAUD], [count, glitch, fraud]),
    )  # fmt: skip


def draw_lines(
    stream: Stream, baskets: Baskets, products: Products, demand: Demand, anomalies: Anomalies
) -> tuple[Ints, Ints, Ints]:
    """The lines that stay: basket, number in the basket, and product."""
    sizes = stream.choose(_SIZES, _SIZE_SHARES, baskets.count)
    sizes[baskets.mark != NORMAL] = 1
    basket = np.repeat(np.arange(baskets.count), sizes)
    product = _products(stream, baskets.theme[basket], products)
    follows = np.ones(len(basket), dtype=bool)
    follows[np.cumsum(sizes) - sizes] = False
    follows &= stream.chance(_WITH_THE_LAST, len(basket))
    rows = np.flatnonzero(follows)
    product[rows] = products.companion[product[rows - 1]]
    mark = baskets.mark[basket]
    product[mark == GLITCH] = anomalies.glitch_product
    product[mark == FRAUD] = anomalies.fraud_product
    day = baskets.second[basket] // SECONDS
    stays = stream.uniform(len(basket)) * CAP < demand.multiplier[product, day]
    # While the price is wrong, nobody buys at the right one: the planted orders are all there are.
    second, channel = baskets.second[basket], baskets.channel[basket]
    wrong = (product == anomalies.glitch_product) & (channel != STORE)
    wrong &= (second >= anomalies.glitch_from) & (second < anomalies.glitch_to)
    stays &= ~wrong
    stays |= mark != NORMAL
    basket, product = basket[stays], product[stays]
    starts = np.flatnonzero(np.diff(basket, prepend=-1))
    lengths = np.diff(np.append(starts, len(basket)))
    line = np.arange(len(basket)) - np.repeat(starts, lengths) + 1
    return basket, line, product


def _products(stream: Stream, theme: Ints, products: Products) -> Ints:
    """A product for each line: of the basket's department more often than not."""
    totals = cumulated(products.popularity)
    last = np.searchsorted(products.department, np.arange(len(DEPARTMENTS)), side="right")
    ends = totals[last - 1]
    begins = np.concatenate([[0], ends[:-1]])
    own = stream.chance(_OWN_DEPARTMENT, len(theme))
    low = np.where(own, begins[theme], 0)
    high = np.where(own, ends[theme], totals[-1])
    place = low + (stream.uniform(len(theme)) * (high - low)).astype(np.int64)
    return np.asarray(np.searchsorted(totals, place, side="right"), dtype=np.int64)


def find_customers(
    stream: Stream, baskets: Baskets, customers: Customers, wanted: Ints, anomalies: Anomalies
) -> Ints:
    """The customer of each basket, -1 for those whom nobody knows.

    Somebody of the region is proposed by how much they buy, and taken by whether they are there on
    that day and like the channel and the department; else somebody else is proposed.
    """
    found = np.full(baskets.count, -1)
    known = ~stream.chance(np.asarray(_ANONYMOUS)[baskets.channel[wanted]], len(wanted))
    known &= baskets.mark[wanted] != FRAUD
    open_baskets = wanted[known]
    totals = cumulated(customers.rate)
    last = np.searchsorted(customers.region, np.arange(len(REGIONS)), side="right")
    ends = np.where(last > 0, totals[np.maximum(last - 1, 0)], 0)
    begins = np.concatenate([[0], ends[:-1]])
    day = baskets.second // SECONDS
    for _ in range(_ROUNDS):
        region = baskets.region[open_baskets]
        span = ends[region] - begins[region]
        at = begins[region] + (stream.uniform(len(open_baskets)) * span).astype(np.int64)
        one = np.minimum(np.searchsorted(totals, at, side="right"), customers.count - 1)
        likes = np.where(
            customers.preferred[one] == baskets.channel[open_baskets], 1.0, _OTHER_CHANNEL
        )
        likes *= np.where(
            customers.favourite[one] == baskets.theme[open_baskets], 1.0, _OTHER_DEPARTMENT
        )
        likes *= customers.presence(one, day[open_baskets]) * (span > 0)
        takes = stream.uniform(len(open_baskets)) < likes
        found[open_baskets[takes]] = one[takes]
        open_baskets = open_baskets[~takes]
        if not len(open_baskets):
            break
    found = _under_second_name(stream, customers, found, day)
    found[baskets.mark == FRAUD] = anomalies.fraud_customer
    return found


def _under_second_name(stream: Stream, customers: Customers, found: Ints, day: Ints) -> Ints:
    """The customers, with the second record of those who shop under it now and then."""
    twin = np.full(customers.count + 1, -1)
    second = np.flatnonzero(customers.twin_of >= 0)
    twin[customers.twin_of[second]] = second
    other = twin[found]
    uses = (other >= 0) & (found >= 0) & stream.chance(0.4, len(found))
    uses &= day > customers.registered[np.maximum(other, 0)]
    return np.where(uses, other, found)
