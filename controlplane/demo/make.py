"""Writes the files of every source, one source at a time, and the truth about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controlplane.demo import folder
from controlplane.demo.agents import agents_extract
from controlplane.demo.baskets import FRAUD, GLITCH
from controlplane.demo.campaign_files import campaigns_extract, performance_extract
from controlplane.demo.catalogue import catalogue_extract
from controlplane.demo.contacts import make_contacts
from controlplane.demo.crm import crm_extract
from controlplane.demo.customers import NEVER
from controlplane.demo.deliver import Extract, FileTotals, write_extract
from controlplane.demo.events import events_extract, sessions_extract
from controlplane.demo.feedback import feedback_extract
from controlplane.demo.ids import TransactionIds, transaction_ids
from controlplane.demo.payments import payments_extract
from controlplane.demo.places import STORE
from controlplane.demo.pos import pos_extract
from controlplane.demo.rates import rates_extract
from controlplane.demo.scope import Scope
from controlplane.demo.social import social_extract
from controlplane.demo.stock import stock_extract
from controlplane.demo.support import support_extract
from controlplane.demo.truth import Truth
from controlplane.demo.visits import make_visits
from controlplane.demo.web import web_extract
from controlplane.demo.world import World, make_world


@dataclass(frozen=True)
class Demo:
    """What was written."""

    folder: Path
    scope: Scope
    files: tuple[FileTotals, ...]

    def totals(self) -> list[tuple[str, int, int, int]]:
        """Source, files, records and bytes, in the order of writing."""
        found: dict[str, tuple[int, int, int]] = {}
        for one in self.files:
            files, records, size = found.get(one.source, (0, 0, 0))
            found[one.source] = (files + 1, records + one.records, size + one.size)
        return [(source, *numbers) for source, numbers in found.items()]


def make_demo(scope: Scope, out: Path, narrate: Callable[[str], None] = lambda _: None) -> Demo:
    """Write the sources of this scope into a folder, in the place of an earlier run's.

    Raises:
        DatabankError: the folder holds what this did not write, or cannot be written.
    """
    folder.check(out)
    totals: list[FileTotals] = []

    def write(place: Path) -> list[str]:
        narrate("drawing the sales")
        world = make_world(scope)
        truth = Truth(scope)
        for extract in _extracts(world, truth):
            narrate(f"writing {extract.source}")
            totals.extend(write_extract(extract, scope, place))
        truth.add_files(totals)
        return [*(one.file for one in totals), *truth.write(place)]

    folder.fill(out, scope.to_dict(), write)
    return Demo(out, scope, tuple(totals))


def _extracts(world: World, truth: Truth) -> Iterator[Extract]:
    """Each source when its turn comes, so that only one of them is in memory."""
    ids = transaction_ids(world.sales)
    _tell(world, ids, truth)
    yield pos_extract(world, ids, truth)
    yield web_extract(world, ids, truth)
    yield payments_extract(world, ids, truth)
    yield crm_extract(world, truth)
    yield catalogue_extract(world, truth)
    yield stock_extract(world)
    yield campaigns_extract(world)
    yield performance_extract(world)
    visits, counts = make_visits(world)
    yield events_extract(world, ids, visits, truth)
    yield sessions_extract(world, counts)
    del visits
    contacts = make_contacts(world)
    yield support_extract(world, ids, contacts, truth)
    yield feedback_extract(world, ids, contacts, truth)
    yield social_extract(world, truth)
    yield agents_extract(world, truth)
    yield rates_extract(world.scope, world.rates)


def _tell(world: World, ids: TransactionIds, truth: Truth) -> None:
    """The truth that is of no single source: curves, anomalies, and who leaves."""
    scope, sales, customers = world.scope, world.sales, world.customers
    truth.seasonality = world.true_parameters()
    truth.add("expected_sales", world.expected_sales())
    truth.add("anomalies", world.anomalies.truth(scope, world.products, customers))
    for mark, name in ((GLITCH, "A-3"), (FRAUD, "A-4")):
        rows = np.flatnonzero(sales.mark == mark)
        places = ["pos" if one == STORE else "web" for one in sales.channel[rows].tolist()]
        truth.add(
            "anomaly_records",
            ((name, place, key) for place, key in zip(places, ids.names(rows), strict=True)),
        )
    truth.add(
        "churn",
        (
            (
                customers.ids[one],
                None if day == NEVER else scope.date_of(day).isoformat(),
                f"{customers.satisfaction[one]:.6f}",
                f"{customers.engagement[one]:.6f}",
            )
            for one, day in enumerate(customers.churned.tolist())
        ),
    )
