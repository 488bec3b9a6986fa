"""The products: what they are, what they cost on each day, and when there are none left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from controlplane.demo.assortment import BRANDS, COLOURS, DEPARTMENTS, LINES, MATERIALS, Shelf
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Flags, Floats, Ints, Stream

SHELVES: tuple[Shelf, ...] = tuple(shelf for one in DEPARTMENTS for shelf in one.shelves)
SHELF_DEPARTMENT = np.asarray(
    [number for number, one in enumerate(DEPARTMENTS) for _ in one.shelves], dtype=np.int64
)
_NEVER = 1_000_000
_PRICE_FACTORS = (0.75, 0.8, 0.85, 0.9, 1.1, 1.15, 1.25, 1.35)


@dataclass(frozen=True)
class Products:
    """Every product, sorted by department; arrays are one value a product unless said otherwise.

    Days count from the period's first; `prices` and `sold_out` are products by days, prices in euro
    cents. `changes` are the price changes as (product, day).
    """

    ids: list[str]
    names: list[str]
    shelf: Ints
    kind: Ints
    brand: Ints
    colour: Ints
    material: Ints
    weight: Ints
    launched: Ints
    retired: Ints
    cost: Ints
    popularity: Floats
    fragile: Floats
    companion: Ints
    prices: Ints
    sold_out: Flags
    changes: Ints

    @cached_property
    def department(self) -> Ints:
        """The first level of the hierarchy."""
        return np.asarray(SHELF_DEPARTMENT[self.shelf])

    @property
    def base_price(self) -> Ints:
        """The price on the first day: what demand is measured against."""
        return np.asarray(self.prices[:, 0])

    def on_sale(self, days: int) -> Flags:
        """Whether a product can be bought: products by days."""
        day = np.arange(days)
        there = (day >= self.launched[:, None]) & (day < self.retired[:, None])
        return np.asarray(there & ~self.sold_out)


def make_products(scope: Scope) -> Products:
    """The assortment of a run."""
    stream = scope.stream("products")
    count = scope.products
    shelf = _shelves(stream, count)
    department = SHELF_DEPARTMENT[shelf]
    lowest = np.asarray([one.lowest for one in SHELVES])[shelf]
    highest = np.asarray([one.highest for one in SHELVES])[shelf]
    # Cheap ones are more common than dear ones.
    base = _price_point(100 * (lowest + (highest - lowest) * stream.uniform(count) ** 1.6))
    kind = stream.between(0, np.asarray([len(one.kinds) - 1 for one in SHELVES])[shelf], count)
    brand = stream.between(0, len(BRANDS) - 1, count)
    line = stream.between(0, len(LINES) - 1, count)
    prices, changes = _prices(stream, scope, base)
    shares = np.asarray([one.share for one in DEPARTMENTS])
    weight = np.round(np.exp(0.8 * stream.normal(count)), 9)
    within = np.bincount(department, weights=weight, minlength=len(shares))
    launched = np.where(
        stream.chance(0.12, count),
        stream.between(0, scope.days - 1, count),
        -stream.between(30, 1500, count),
    )
    retired = np.where(
        stream.chance(0.04, count), stream.between(scope.days // 3, scope.days - 1, count), _NEVER
    )
    return Products(
        ids=[f"P-{number:05d}" for number in range(1001, 1001 + count)],
        names=[
            f"{BRANDS[b]} {LINES[n]} {SHELVES[s].kinds[k]}"
            for b, n, s, k in zip(
                brand.tolist(), line.tolist(), shelf.tolist(), kind.tolist(), strict=True
            )
        ],
        shelf=shelf,
        kind=kind,
        brand=brand,
        colour=stream.between(0, len(COLOURS) - 1, count),
        material=stream.between(0, len(MATERIALS) - 1, count),
        weight=stream.between(5, 900, count) * 10,
        launched=launched,
        retired=np.maximum(retired, launched + 60),
        cost=base * stream.between(42, 74, count) // 100,
        popularity=weight * shares[department] / within[department],
        # One in twenty comes back three times as often as the others of its department.
        fragile=np.where(stream.chance(0.05, count), 3.0, 1.0),
        companion=_companions(stream, department),
        prices=prices,
        sold_out=_sold_out(stream, scope, count),
        changes=changes,
    )


def _shelves(stream: Stream, count: int) -> Ints:
    """The shelf of each product, in order: every shelf has some, large departments have more."""
    shares = np.asarray([DEPARTMENTS[one].share for one in SHELF_DEPARTMENT.tolist()])
    every = np.arange(len(SHELVES)).repeat(max(1, min(2, count // len(SHELVES))))[:count]
    return np.sort(np.concatenate([every, stream.pick(shares, count - len(every))]))


def _price_point(cents: Floats | Ints) -> Ints:
    """Prices as shops write them: the next 9 in the last place."""
    return np.asarray(np.maximum(np.rint(np.asarray(cents) / 10).astype(np.int64) * 10 - 1, 99))


def _prices(stream: Stream, scope: Scope, base: Ints) -> tuple[Ints, Ints]:
    """The price of each product on each day, and when it changes."""
    count, days = len(base), scope.days
    prices = np.repeat(base[:, None], days, axis=1)
    # More than one change a year on average, for as long as the period is.
    times = np.floor(stream.uniform(count) * 3.2 * max(days / 365, 0.35)).astype(np.int64)
    product = np.repeat(np.arange(count), times)
    day = stream.between(min(7, days - 1), days - 1, len(product))
    factor = np.asarray(_PRICE_FACTORS)[stream.between(0, len(_PRICE_FACTORS) - 1, len(product))]
    price = _price_point(base[product] * factor)
    order = np.lexsort((day, product))
    changes: list[tuple[int, int]] = []
    for one, at, cents in zip(
        product[order].tolist(), day[order].tolist(), price[order].tolist(), strict=True
    ):
        if prices[one, at] != cents:
            prices[one, at:] = cents
            # A later change on the same day would take the place of this one.
            if changes and changes[-1] == (one, at):
                changes.pop()
            changes.append((one, at))
    return prices, np.asarray(changes, dtype=np.int64).reshape(-1, 2)


def _companions(stream: Stream, department: Ints) -> Ints:
    """A product that is often bought with each product: one of the same department, never itself."""
    count = len(department)
    first = np.searchsorted(department, department, side="left")
    size = np.searchsorted(department, department, side="right") - first
    step = stream.between(1, np.maximum(size - 1, 1), count)
    return np.asarray(first + (np.arange(count) - first + step) % size)


def _sold_out(stream: Stream, scope: Scope, count: int) -> Flags:
    """When the shelves are empty: less than once a product and year, for five to eighteen days."""
    out = np.zeros((count, scope.days), dtype=bool)
    times = stream.chance(min(0.6 * scope.days / 365, 1.0), count)
    starts = stream.between(min(5, scope.days - 1), scope.days - 1, count)
    lengths = stream.between(5, 18, count)
    for product in np.flatnonzero(times).tolist():
        start = int(starts[product])
        out[product, start : start + int(lengths[product])] = True
    return out
