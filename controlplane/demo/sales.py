"""The sales and refunds of all channels, before any source tells of them in its own words.

Baskets are drawn by day, channel and region, and filled with products by their popularity; a line
stays with the probability that the demand for its product gives. What stays therefore follows all
curves at once: season, trend, price, campaign, empty shelves. Then each basket finds a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from controlplane.demo.anomalies import GLITCH_DIVISOR, WAVE_FACTOR, Anomalies
from controlplane.demo.assortment import DEPARTMENTS
from controlplane.demo.baskets import (
    FRAUD,
    GLITCH,
    NORMAL,
    Baskets,
    draw_baskets,
    draw_lines,
    find_customers,
)
from controlplane.demo.calendar import Calendar
from controlplane.demo.campaigns import Campaign
from controlplane.demo.customers import Customers
from controlplane.demo.demand import Demand
from controlplane.demo.places import LIST_RATES, REGIONS, STORE
from controlplane.demo.products import Products
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Flags, Ints, Stream

PAYMENT_METHODS = ("card", "cash", "wallet", "gift_card", "invoice")
CARD, CASH = 0, 1
_IN_STORE, _ON_LINE = (0.55, 0.27, 0.13, 0.05, 0.0), (0.52, 0.0, 0.30, 0.06, 0.12)
_QUANTITIES, _QUANTITY_SHARES = (1, 2, 3, 4, 6, 10), (0.72, 0.18, 0.06, 0.02, 0.015, 0.005)


@dataclass(frozen=True)
class Sales:
    """One value a transaction, which is a line of a basket or its refund, in the order of time.

    Amounts are in hundredths of the region's currency; -1 stands for none. `refund_of` is the
    position of the sale that a refund takes back; its quantity, discount, tax and total are the
    sale's with the other sign. `mark` says which anomaly planted the line.
    """

    second: Ints
    basket: Ints
    line: Ints
    channel: Ints
    region: Ints
    store: Ints
    customer: Ints
    product: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    tax: Ints
    total: Ints
    campaign: Ints
    medium: Ints
    method: Ints
    mark: Ints
    refund_of: Ints

    @property
    def count(self) -> int:
        """How many transactions there are."""
        return len(self.second)

    @property
    def day(self) -> Ints:
        """The day of each transaction."""
        return np.asarray(self.second // SECONDS)

    @property
    def is_refund(self) -> Flags:
        """Which of them are refunds."""
        return np.asarray(self.refund_of >= 0)

    @property
    def currency(self) -> Ints:
        """The currency of each transaction: that of its region."""
        return np.asarray(np.asarray([one.currency for one in REGIONS])[self.region])


def make_sales(
    scope: Scope,
    products: Products,
    customers: Customers,
    campaigns: Sequence[Campaign],
    calendar: Calendar,
    demand: Demand,
    anomalies: Anomalies,
) -> Sales:
    """Every sale and refund of the period."""
    stream = scope.stream("sales")
    level = calendar.level
    accepted = demand.accepted(products, level)
    baskets = draw_baskets(
        stream, scope, calendar.cells * anomalies.cell_factors(scope), accepted, anomalies
    )
    basket, line, product = draw_lines(stream, baskets, products, demand, anomalies)
    customer = find_customers(stream, baskets, customers, np.unique(basket), anomalies)
    sales = _priced(stream, scope, products, campaigns, baskets, basket, line, product, customer)
    return _with_refunds(scope, products, anomalies, sales)


def _priced(
    stream: Stream,
    scope: Scope,
    products: Products,
    campaigns: Sequence[Campaign],
    baskets: Baskets,
    basket: Ints,
    line: Ints,
    product: Ints,
    customer: Ints,
) -> Sales:
    """The lines with quantity, price, discount, tax and total."""
    count = len(basket)
    second, channel, region = (
        baskets.second[basket], baskets.channel[basket], baskets.region[basket]
    )  # fmt: skip
    day, mark = second // SECONDS, baskets.mark[basket]
    buyer = customer[basket]
    rate = np.asarray(LIST_RATES)[np.asarray([one.currency for one in REGIONS])[region]]
    price = (products.prices[product, day] * rate + 5_000) // 10_000
    price = np.where(mark == GLITCH, np.maximum(price // GLITCH_DIVISOR, 1), price)
    quantity = stream.choose(_QUANTITIES, _QUANTITY_SHARES, count)
    quantity = np.where(mark == FRAUD, np.minimum(quantity, 2), quantity)
    campaign = _campaign(stream, scope, campaigns, products.department[product], day)
    campaign[mark != NORMAL] = -1
    medium, percent = _medium(stream, campaigns, campaign)
    # Somebody who is known is given something off now and then.
    friendly = (campaign < 0) & (buyer >= 0) & stream.chance(0.07, count) & (mark == NORMAL)
    percent[friendly] = stream.choose((5, 10), (0.7, 0.3), count)[friendly]
    discount = (quantity * price * percent + 50) // 100
    net = quantity * price - discount
    tax = (net * np.asarray([one.tax_permille for one in REGIONS])[region] + 500) // 1000
    stores = np.asarray([one.stores for one in REGIONS])
    first_store = np.cumsum(stores) - stores
    shelf = stream.between(0, np.maximum(stores[baskets.region] - 1, 0), baskets.count)
    store = np.where(baskets.channel == STORE, first_store[baskets.region] + shelf, -1)
    in_store = stream.pick(_IN_STORE, baskets.count)
    method = np.where(baskets.channel == STORE, in_store, stream.pick(_ON_LINE, baskets.count))
    method[baskets.mark == FRAUD] = CARD
    return Sales(
        second=second, basket=basket, line=line, channel=channel, region=region,
        store=store[basket], customer=buyer, product=product, quantity=quantity, price=price,
        discount=discount, tax=tax, total=net + tax, campaign=campaign, medium=medium,
        method=method[basket], mark=mark, refund_of=np.full(count, -1),
    )  # fmt: skip


def _campaign(
    stream: Stream, scope: Scope, campaigns: Sequence[Campaign], department: Ints, day: Ints
) -> Ints:
    """The campaign that each line is owed to; of several at once, the strongest."""
    strongest = np.full((len(DEPARTMENTS), scope.days), -1)
    share = np.zeros(strongest.shape)
    for number, one in sorted(enumerate(campaigns), key=lambda pair: pair[1].uplift):
        if not one.cancelled:
            strongest[one.department, one.first : one.last + 1] = number
            # What would not have been sold without it, and some that would.
            owed = min(one.uplift / (1 + one.uplift) + 0.12, 0.9)
            share[one.department, one.first : one.last + 1] = owed
    owed_to = strongest[department, day]
    return np.where(stream.chance(share[department, day], len(day)), owed_to, -1)


def _medium(stream: Stream, campaigns: Sequence[Campaign], campaign: Ints) -> tuple[Ints, Ints]:
    """Through which medium the campaign reached the buyer, and the discount in per cent."""
    sizes = np.asarray([len(one.media) for one in campaigns])
    media = np.asarray([[*one.media, 0, 0, 0][:3] for one in campaigns])
    discounts = np.asarray([one.discount for one in campaigns])
    known = campaign >= 0
    at = stream.between(0, sizes[campaign] - 1, len(campaign))
    return (
        np.where(known, media[campaign, at], -1),
        np.where(known, discounts[campaign], 0),
    )


def _with_refunds(scope: Scope, products: Products, anomalies: Anomalies, sales: Sales) -> Sales:
    """The sales and, days later, the refunds of some; refunds after the period did not happen yet."""
    stream = scope.stream("refunds")
    share = np.asarray([one.returned for one in DEPARTMENTS])[products.department[sales.product]]
    share = share * products.fragile[sales.product]
    share = np.where(sales.channel == STORE, share, share * 1.6)
    waved = sales.product == anomalies.wave_product
    waved &= (sales.day >= anomalies.wave_first) & (sales.day <= anomalies.wave_last)
    share = np.where(waved, np.maximum(share, 0.05) * WAVE_FACTOR, share)
    back = stream.chance(np.minimum(share, 0.65), sales.count) & (sales.mark == NORMAL)
    days = 2 + np.floor(29 * stream.uniform(sales.count) ** 2).astype(np.int64)
    second = (sales.day + days) * SECONDS + stream.between(9 * 3600, 19 * 3600, sales.count)
    rows = np.flatnonzero(back & (second < scope.length))
    values = {
        one.name: np.concatenate([getattr(sales, one.name), getattr(sales, one.name)[rows]])
        for one in fields(Sales)
    }
    count = sales.count
    values["second"][count:] = second[rows]
    values["refund_of"][count:] = rows
    for name in ("quantity", "discount", "tax", "total"):
        values[name][count:] *= -1
    order = np.argsort(values["second"], kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    values = {name: column[order] for name, column in values.items()}
    sold = values["refund_of"]
    values["refund_of"] = np.where(sold >= 0, place[sold], -1)
    return Sales(**values)
