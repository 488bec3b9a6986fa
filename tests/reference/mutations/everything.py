"""All mutations, tried one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.reference.mutations import (
    beside,
    campaigns,
    conduct,
    files,
    gold,
    master_data,
    sales,
    silver,
    star,
)
from tests.reference.mutations.copy import Copy
from tests.reference.mutations.deliveries import try_deliveries
from tests.reference.mutations.generic import HOW, Breaker
from tests.reference.mutations.mutation import Failing, Mutation
from tests.reference.mutations.page import write_page
from tests.reference.mutations.project import Built
from tests.reference.mutations.sources import SOURCES
from tests.reference.mutations.trying import Trial

RECORDS = (
    *(*sales.TILLS, *sales.SHOP, *sales.PAYMENTS, *sales.RATES),
    *(*master_data.CUSTOMERS, *master_data.PRODUCTS, *master_data.STOCK),
    *(*campaigns.CAMPAIGNS, *campaigns.PERFORMANCE),
    *(*conduct.EVENTS, *conduct.SESSIONS, *conduct.FEEDBACK, *conduct.MENTIONS),
    *(*conduct.CONTACTS, *conduct.LOGS),
)
FILES = (*files.REFUSED, *files.DELIVERED_TWICE)
TABLES = (*gold.GOLD, *star.STAR, *silver.REFERENCE, *beside.BESIDE)


@dataclass(frozen=True)
class Report:
    """What was found, and the page that says so."""

    missed: list[str]
    cannot_fail: list[str]
    page: str


def try_everything(built: Built, folder: Path) -> Report:
    """Try every mutation of sources and tables, and break every data test."""
    with closing(Copy(built)) as copy:
        red = [
            test.label
            for test in built.graph.tests.values()
            if copy.normal[test.id] and not test.is_alarm
        ]
        missed = [f"not corrupted at all: data test `{label}`" for label in red]
        trial = Trial(copy)
        together = trial.try_together(RECORDS)
        for mutation in (*RECORDS, *TABLES):
            missing = together.get(mutation)
            missed += _told(mutation, trial.try_out(mutation) if missing is None else missing)
        breaker = Breaker(copy)
        named = {
            notice.test
            for mutation in (*RECORDS, *TABLES)
            for notice in mutation.noticed
            if isinstance(notice, Failing)
        }
        cannot_fail = [
            test.label
            for test in built.graph.tests.values()
            if test.label not in named and not (test.kind in HOW and breaker.can_fail(test))
        ]
    for mutation, missing in try_deliveries(built, FILES, folder).items():
        missed += _told(mutation, missing)
    order = list(SOURCES)
    of_sources = sorted((*RECORDS, *FILES), key=lambda each: order.index(each.place))
    return Report(missed, cannot_fail, write_page(built.graph, of_sources, TABLES))


def _told(mutation: Mutation, missing: Iterable[str]) -> list[str]:
    return [f"{mutation.place}: {mutation.corruption}: not noticed by {each}" for each in missing]
