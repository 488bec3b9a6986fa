"""The campaigns: what they promote, when, through which media, and how much more is sold by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from controlplane.demo.assortment import DEPARTMENTS
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Floats

MEDIA = ("email", "search", "social", "display", "affiliate")
MODELS = ("last_click", "first_click", "linear", "time_decay", "position_based")
OBJECTIVES = ("revenue", "new_customers", "awareness", "retention", "clearance")
AUDIENCES = ("everyone", "families", "young adults", "loyal customers", "lapsed customers")
# kind: share, discounts in per cent, lowest and highest uplift, and lowest and highest days
_KINDS: dict[str, tuple[float, tuple[int, ...], tuple[float, float], tuple[int, int]]] = {
    "promotion": (0.45, (10, 15, 20, 25, 30), (0.50, 1.30), (5, 14)),
    "seasonal": (0.20, (5, 10), (0.20, 0.50), (14, 28)),
    "loyalty": (0.15, (0, 5), (0.10, 0.30), (14, 35)),
    "brand": (0.20, (0,), (0.04, 0.15), (21, 42)),
}
_TITLES = ("Days", "Weeks", "Sale", "Festival", "Favourites", "Deals")
# Not taken from the locale, which differs between machines.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Campaign:
    """One campaign; days count from the period's first, and may lie beyond its last.

    `uplift` is by how much it raises the demand for its department: 0.5 is half as much again.
    """

    campaign_id: str
    name: str
    kind: str
    department: int
    first: int
    last: int
    discount: int
    uplift: float
    media: tuple[int, ...]
    objectives: tuple[str, ...]
    audience: str
    model: str
    budget: int
    headline: int
    cancelled: bool

    @property
    def coupon(self) -> str:
        """What a customer types to have the discount."""
        return f"{self.kind[:4].upper()}{self.campaign_id[-4:]}" if self.discount else ""

    def truth(self, scope: Scope) -> dict[str, Any]:
        """What it does, for the exam."""
        return {
            "campaign_id": self.campaign_id,
            "category_l1": DEPARTMENTS[self.department].name,
            "first_date": scope.date_of(self.first).isoformat(),
            "last_date": scope.date_of(self.last).isoformat(),
            "uplift": 0.0 if self.cancelled else self.uplift,
        }


def make_campaigns(scope: Scope) -> list[Campaign]:
    """The campaigns of the period, in the order of their beginning."""
    stream = scope.stream("campaigns")
    kinds, count = list(_KINDS), scope.campaigns
    # The first is always a promotion: a short period without one would show no uplift.
    chosen = [0, *stream.pick([_KINDS[kind][0] for kind in kinds], count - 1).tolist()]
    found = []
    for number, (kind_number, share) in enumerate(
        zip(chosen, stream.uniform(count).tolist(), strict=True)
    ):
        kind = kinds[kind_number]
        _, discounts, (low, high), (shortest, longest) = _KINDS[kind]
        draw = stream.uniform(12).tolist()
        days = shortest + int(draw[0] * (longest - shortest + 1))
        # Spread over the period, so that they do not all lie on one another.
        first = int((number + share) * scope.days / count) - days // 2
        first = max(first, 2) if number else max(min(scope.days // 6, scope.days - days), 2)
        department = int(draw[1] * len(DEPARTMENTS))
        media = sorted({int(one * len(MEDIA)) for one in draw[2:5]})
        budget = round((80 + 320 * draw[5]) * days * scope.scale**0.8) * 100
        found.append(
            Campaign(
                campaign_id="",
                name=f"{DEPARTMENTS[department].name} {_TITLES[int(draw[6] * len(_TITLES))]}",
                kind=kind,
                department=department,
                first=first,
                last=first + days - 1,
                discount=discounts[int(draw[7] * len(discounts))],
                uplift=round(low + (high - low) * draw[8], 3),
                media=tuple(media),
                objectives=_some(OBJECTIVES, draw[9]),
                audience=AUDIENCES[int(draw[10] * len(AUDIENCES))],
                model=MODELS[int(draw[11] * len(MODELS))],
                budget=budget,
                headline=number % 5,
                cancelled=number % 13 == 7,
            )
        )
    found.sort(key=lambda one: (one.first, one.name, one.budget))
    return [
        replace(one, campaign_id=f"K-{2001 + number}", name=f"{one.name} {_month(scope, one)}")
        for number, one in enumerate(found)
    ]


def _month(scope: Scope, campaign: Campaign) -> str:
    begins = scope.date_of(campaign.first)
    return f"{_MONTHS[begins.month - 1]} {begins.year}"


def uplifts(scope: Scope, campaigns: Sequence[Campaign]) -> Floats:
    """By what each department's demand is multiplied on each day: departments by days."""
    out = np.ones((len(DEPARTMENTS), scope.days))
    for one in campaigns:
        if not one.cancelled:
            out[one.department, one.first : one.last + 1] *= 1 + one.uplift
    return out


def _some(options: Sequence[str], draw: float) -> tuple[str, ...]:
    """One or two of the options."""
    first = int(draw * len(options))
    return (options[first],) if draw * 7 % 1 < 0.5 else (options[first], options[first - 1])
