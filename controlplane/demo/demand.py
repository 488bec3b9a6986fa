"""How much a product is wanted on a day, against its usual: season, price, campaigns, empty shelves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from controlplane.demo.assortment import DEPARTMENTS, SEASONS
from controlplane.demo.products import SHELVES, Products
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Floats

# What is drawn is thinned by the multiplier, so it needs a top; more than this is cut off.
CAP = 3.0
_RAMP = 30


@dataclass(frozen=True)
class Demand:
    """`multiplier` is products by days: 1 is the usual, 0 cannot be bought."""

    multiplier: Floats

    def by_day(self, products: Products) -> Floats:
        """The multiplier of the whole assortment on each day."""
        return np.asarray(products.popularity @ self.multiplier / products.popularity.sum())

    def accepted(self, products: Products, level: Floats) -> float:
        """The share of drawn lines that become sales."""
        return float((self.by_day(products) * level).sum() / level.sum()) / CAP


def make_demand(scope: Scope, products: Products, uplift: Floats) -> Demand:
    """The multipliers; `uplift` is what campaigns do, departments by days."""
    seasons = {name: _over_year(scope, months) for name, months in SEASONS.items()}
    season = np.stack([seasons[shelf.season] for shelf in SHELVES])[products.shelf]
    elasticity = np.asarray([one.elasticity for one in DEPARTMENTS])[products.department]
    price = (products.prices / products.base_price[:, None]) ** elasticity[:, None]
    age = np.arange(scope.days) - products.launched[:, None]
    ramp = np.clip((age + 10) / (_RAMP + 10), 0.0, 1.0)
    wanted = season * price * uplift[products.department] * ramp
    return Demand(np.round(np.minimum(wanted * products.on_sale(scope.days), CAP), 9))


def true_parameters() -> dict[str, Any]:
    """Elasticities and seasons, as they were put in."""
    return {
        "price_elasticity": {one.name: one.elasticity for one in DEPARTMENTS},
        "return_share": {one.name: one.returned for one in DEPARTMENTS},
        "shelf_seasons": {shelf.name: shelf.season for shelf in SHELVES},
        "season_by_month": {
            name: [one / 100 for one in months] for name, months in SEASONS.items()
        },
        "multiplier_cap": CAP,
    }


def _over_year(scope: Scope, months: tuple[int, ...]) -> Floats:
    """The season's level on each day: a month's in its middle, and straight lines between."""
    middles = np.asarray([30.44 * (month + 0.5) for month in range(-1, 13)])
    levels = np.asarray([months[-1], *months, months[0]]) / 100
    days = [scope.date_of(day).timetuple().tm_yday for day in range(scope.days)]
    return np.asarray(np.interp(days, middles, levels))
