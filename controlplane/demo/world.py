"""Everything that happened, before anybody writes it down: what the sources draw on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.demo import campaigns, demand
from controlplane.demo.anomalies import Anomalies, make_anomalies
from controlplane.demo.baskets import NORMAL
from controlplane.demo.calendar import Calendar, make_calendar
from controlplane.demo.campaigns import Campaign, make_campaigns
from controlplane.demo.customers import Customers, make_customers
from controlplane.demo.demand import Demand, make_demand
from controlplane.demo.products import Products, make_products
from controlplane.demo.rates import in_euro_cents, make_rates
from controlplane.demo.sales import Sales, make_sales
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Ints


@dataclass(frozen=True)
class World:
    """The company and its period; each source tells a part of it."""

    scope: Scope
    products: Products
    customers: Customers
    campaigns: Sequence[Campaign]
    calendar: Calendar
    demand: Demand
    anomalies: Anomalies
    rates: Ints
    sales: Sales

    def sales_in_euro(self) -> Ints:
        """The total of each transaction in euro cents, at its day's rate."""
        sales = self.sales
        return in_euro_cents(sales.total, self.rates[sales.day, sales.currency])

    def expected_sales(self) -> list[tuple[str, ...]]:
        """What each day would have sold without chance, and the factors that it is made of."""
        scope, curves = self.scope, self.calendar
        usual = curves.cells.sum(axis=(1, 2))
        anomaly = (curves.cells * self.anomalies.cell_factors(scope)).sum(axis=(1, 2)) / usual
        wanted = self.demand.by_day(self.products)
        week = usual / curves.level
        expected = usual * anomaly * wanted
        drawn = ~self.sales.is_refund & (self.sales.mark == NORMAL)
        expected = expected * (int(drawn.sum()) / expected.sum())
        columns = (
            expected, curves.year, week, curves.trend, wanted, anomaly, curves.noise,
        )  # fmt: skip
        return [
            (scope.date_of(day).isoformat(), *(f"{column[day]:.4f}" for column in columns))
            for day in range(scope.days)
        ]

    def true_parameters(self) -> dict[str, Any]:
        """What a model of the sales should find."""
        scope = self.scope
        return {
            "first_date": scope.start.isoformat(),
            "last_date": scope.end.isoformat(),
            **self.calendar.true_parameters(),
            **demand.true_parameters(),
            "promotions": [one.truth(scope) for one in self.campaigns],
        }


def make_world(scope: Scope) -> World:
    """Let the period happen."""
    products = make_products(scope)
    customers = make_customers(scope)
    planned = make_campaigns(scope)
    curves = make_calendar(scope)
    anomalies = make_anomalies(scope, products, customers)
    wanted = make_demand(scope, products, campaigns.uplifts(scope, planned))
    sales = make_sales(scope, products, customers, planned, curves, wanted, anomalies)
    return World(
        scope=scope,
        products=products,
        customers=customers,
        campaigns=planned,
        calendar=curves,
        demand=wanted,
        anomalies=anomalies,
        rates=make_rates(scope),
        sales=sales,
    )
