"""The five things that go wrong on purpose: where, when, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from controlplane.demo.customers import NEVER, Customers
from controlplane.demo.places import MARKETPLACE, MOBILE, REGIONS, WEB
from controlplane.demo.products import Products
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Floats

SPIKE_FACTOR = 3.5
OUTAGE_FACTOR = 0.03
WAVE_FACTOR = 8.0
GLITCH_DIVISOR = 100
FRAUD_SECONDS = 40 * 60
_GLITCH_HOURS = (10, 14)


@dataclass(frozen=True)
class Anomalies:
    """Days count from the period's first, seconds too; lasts are included."""

    spike_day: int
    outage_region: int
    outage_first: int
    outage_last: int
    glitch_product: int
    glitch_from: int
    glitch_to: int
    glitch_orders: int
    fraud_customer: int
    fraud_region: int
    fraud_product: int
    fraud_from: int
    fraud_orders: int
    wave_product: int
    wave_first: int
    wave_last: int

    def cell_factors(self, scope: Scope) -> Floats:
        """By what the weight of each day, channel and region is multiplied."""
        out = np.ones((scope.days, 4, len(REGIONS)))
        out[self.spike_day, [WEB, MOBILE, MARKETPLACE]] = SPIKE_FACTOR
        out[self.outage_first : self.outage_last + 1, :, self.outage_region] = OUTAGE_FACTOR
        return out

    def truth(
        self, scope: Scope, products: Products, customers: Customers
    ) -> list[tuple[Any, ...]]:
        """A row for each, as in `truth/anomalies.csv`."""

        def at(second: int) -> str:
            day, rest = divmod(second, SECONDS)
            clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
            return f"{scope.date_of(day)}T{clock}Z"

        def days(first: int, last: int) -> tuple[str, str]:
            return at(first * SECONDS), at((last + 1) * SECONDS - 1)

        glitched, waved = products.ids[self.glitch_product], products.ids[self.wave_product]
        buyer, bought = customers.ids[self.fraud_customer], products.ids[self.fraud_product]
        region = REGIONS[self.outage_region].name
        return [
            ("A-1", "revenue_spike", "channel", "web|mobile|marketplace",
             *days(self.spike_day, self.spike_day), SPIKE_FACTOR,
             "on-line sales of one day are a multiple of the usual"),
            ("A-2", "regional_outage", "region", region,
             *days(self.outage_first, self.outage_last), OUTAGE_FACTOR,
             "hardly any sale in the region, in all channels"),
            ("A-3", "price_glitch", "product", glitched,
             at(self.glitch_from), at(self.glitch_to - 1), 1 / GLITCH_DIVISOR,
             "the web shop sold at a hundredth of the price"),
            ("A-4", "fraud_burst", "customer", buyer,
             at(self.fraud_from), at(self.fraud_from + FRAUD_SECONDS - 1), self.fraud_orders,
             f"one account orders {bought} again and again, with many declined cards"),
            ("A-5", "refund_wave", "product", waved,
             *days(self.wave_first, self.wave_last), WAVE_FACTOR,
             "a bad lot: what was sold on these days comes back far more often"),
        ]  # fmt: skip


def make_anomalies(scope: Scope, products: Products, customers: Customers) -> Anomalies:
    """Place the anomalies, spread over the period."""
    stream = scope.stream("anomalies")
    shift = stream.between(-scope.days // 40, scope.days // 40, 5).tolist()

    def near(share: float, number: int) -> int:
        return min(max(int(scope.days * share) + int(shift[number]), 1), scope.days - 3)

    wave_first = near(0.22, 4)
    wave_last = min(wave_first + max(scope.days // 18, 3), scope.days - 1)
    outage = near(0.40, 1)
    glitch_day, fraud_day = near(0.76, 2), near(0.86, 3)
    on_sale = products.on_sale(scope.days)
    # The best sellers that are there all along, so that something can be seen.
    steady = on_sale[:, max(wave_first - 5, 0) : wave_last + 1].all(axis=1)
    wave_product = int(np.argmax(products.popularity * steady))
    dear = products.prices[:, glitch_day] > 3_000
    glitch_product = int(
        np.argmax(
            products.popularity
            * (on_sale[:, glitch_day] & dear)
            * (np.arange(len(products.ids)) != wave_product)
        )
    )
    fraud_product = int(np.argmax(products.prices[:, fraud_day] * on_sale[:, fraud_day]))
    known = (customers.registered < fraud_day) & (customers.churned == NEVER)
    known &= customers.twin_of < 0
    suspects = np.flatnonzero(known if known.any() else customers.twin_of < 0)
    suspect = int(suspects[stream.between(0, len(suspects) - 1, 1)[0]])
    return Anomalies(
        spike_day=near(0.62, 0),
        outage_region=int(stream.between(0, 4, 1)[0]),
        outage_first=outage,
        outage_last=outage + 1,
        glitch_product=glitch_product,
        glitch_from=glitch_day * SECONDS + _GLITCH_HOURS[0] * 3600,
        glitch_to=glitch_day * SECONDS + _GLITCH_HOURS[1] * 3600,
        glitch_orders=max(round(scope.transactions * 0.0003), 12),
        fraud_customer=suspect,
        fraud_region=int(customers.region[suspect]),
        fraud_product=fraud_product,
        fraud_from=fraud_day * SECONDS + 2 * 3600 + int(stream.between(0, 7_200, 1)[0]),
        fraud_orders=int(stream.between(24, 36, 1)[0]),
        wave_product=wave_product,
        wave_first=wave_first,
        wave_last=wave_last,
    )
