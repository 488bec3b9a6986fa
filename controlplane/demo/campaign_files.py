"""The marketing platform: campaigns as they are planned and run, and what each did on each day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from controlplane.demo import cells
from controlplane.demo.assortment import DEPARTMENTS
from controlplane.demo.campaigns import MEDIA, Campaign
from controlplane.demo.deliver import Extract, Measure
from controlplane.demo.lines import csv_lines, csv_table, put_together
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Ints
from controlplane.demo.world import World

PERFORMANCE_HEADER = (
    "date,campaign_id,channel,impressions,clicks,spend,currency,conversions,revenue,"
    "attribution_model\n"
)
_HEADLINES = ("Now or never", "New for you", "Treat yourself", "Only this week", "Together")
# What a click costs in euro cents, and how many of a thousand who see it click: by medium.
_CLICK_CENTS = (8, 55, 38, 24, 45)
_CLICK_PERMILLE = (28, 41, 12, 4, 18)


def campaigns_extract(world: World) -> Extract:
    """A record when a campaign is planned, when it starts, and when it ends or is called off."""
    scope = world.scope
    lines, seconds = [], []
    for number, one in enumerate(world.campaigns):
        planned = one.first * SECONDS - (7 + number % 14) * 86_400 + 9 * 3600 + number * 61 % 3600
        steps = [("planned", planned)]
        if one.cancelled:
            steps.append(("cancelled", one.first * SECONDS - 40_000))
        else:
            steps.append(("active", one.first * SECONDS))
            steps.append(("completed", (one.last + 1) * SECONDS + 7_200))
        for status, second in steps:
            if second < scope.length:
                lines.append(_definition(scope, one, status, second))
                seconds.append(second)
    texts = cells.table(lines)

    def render(at: Ints) -> bytes:
        return put_together([texts[at], b"\n"], len(at))

    return Extract(
        source="campaigns",
        stem="campaigns/campaigns.jsonl",
        header="",
        records=np.arange(len(lines)),
        sent=np.maximum(np.asarray(seconds, dtype=np.int64), 0),
        render=render,
    )


def _definition(scope: Scope, one: Campaign, status: str, second: int) -> str:
    day, rest = divmod(second, SECONDS)
    department = DEPARTMENTS[one.department].name
    shares = _shares(one)
    document: dict[str, Any] = {
        "campaign_id": one.campaign_id,
        "name": one.name,
        "type": one.kind,
        "period": {
            "start": scope.date_of(one.first).isoformat(),
            "end": scope.date_of(one.last).isoformat(),
        },
        "channels": [MEDIA[medium] for medium in one.media],
        "objectives": list(one.objectives),
        "budget": {
            "total": one.budget / 100,
            "currency": "EUR",
            "by_channel": {
                MEDIA[medium]: cents / 100 for medium, cents in zip(one.media, shares, strict=True)
            },
        },
        "target_audience": {"segment": one.audience, "interests": [department]},
        "creative": {
            "headline": _HEADLINES[one.headline],
            "format": ("image", "video", "carousel")[one.headline % 3],
            "coupon": one.coupon or None,
            "discount_percent": one.discount,
        },
        "kpi_targets": {"return_on_ad_spend": 3.0, "conversions": one.budget // 2_500},
        "attribution_model": one.model,
        "status": status,
        "updated_at": f"{scope.date_of(day)}T{rest // 3600:02d}:{rest // 60 % 60:02d}"
        f":{rest % 60:02d}Z",
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _shares(one: Campaign) -> list[int]:
    """The budget of each medium in cents; the first has what does not divide."""
    part = one.budget // len(one.media)
    return [one.budget - part * (len(one.media) - 1), *[part] * (len(one.media) - 1)]


def performance_extract(world: World) -> Extract:
    """A line for each day, campaign and medium; conversions and revenue are the sales' own sums.

    Revenue is in euro, each sale at the rate of its day.
    """
    scope, sales, running = world.scope, world.sales, _running(world.campaigns, world.scope)
    stream = scope.stream("performance")
    campaign, medium, day = running.T
    cell = (campaign * len(MEDIA) + medium) * scope.days + day
    size = len(world.campaigns) * len(MEDIA) * scope.days
    owed = (sales.campaign >= 0) & ~sales.is_refund
    at = (sales.campaign[owed] * len(MEDIA) + sales.medium[owed]) * scope.days + sales.day[owed]
    conversions = np.bincount(at, minlength=size)[cell]
    cents = np.zeros(size, dtype=np.int64)
    np.add.at(cents, at, world.sales_in_euro()[owed])
    revenue = cents[cell]
    count = len(cell)
    # Of those who click, two to six in a hundred buy; the others just look.
    clicks = conversions * stream.between(16, 45, count) + stream.between(4, 60, count)
    seen = clicks * 1000 // np.asarray(_CLICK_PERMILLE)[medium]
    impressions = seen * stream.between(85, 118, count) // 100 + clicks
    cost = np.asarray(_CLICK_CENTS)[medium] * stream.between(80, 125, count)
    spend = clicks * cost // 100
    # No medium spends more than its budget of the day.
    budgets = np.asarray(
        [
            [
                _shares(one)[one.media.index(number)] if number in one.media else 0
                for number in range(len(MEDIA))
            ]
            for one in world.campaigns
        ]
    )
    lengths = np.asarray([one.last - one.first + 1 for one in world.campaigns])
    a_day = budgets[campaign, medium] // lengths[campaign]
    spend = np.minimum(spend, a_day * stream.between(88, 100, count) // 100)
    order = np.lexsort((medium, campaign, day))
    ids, media = csv_table(one.campaign_id for one in world.campaigns), csv_table(MEDIA)
    models = csv_table(one.model for one in world.campaigns)

    def render(rows: Ints) -> bytes:
        return csv_lines(
            [
                cells.day(day[rows] + scope.first_day),
                ids[campaign[rows]],
                media[medium[rows]],
                cells.number(impressions[rows]),
                cells.number(clicks[rows]),
                cells.money(spend[rows]),
                cells.constant("EUR", len(rows)),
                cells.number(conversions[rows]),
                cells.money(revenue[rows]),
                models[campaign[rows]],
            ]
        )

    return Extract(
        source="performance",
        stem="campaigns/performance.csv",
        header=PERFORMANCE_HEADER,
        records=order,
        sent=day[order] * SECONDS + SECONDS - 30,
        render=render,
        measures={
            "impressions": Measure(impressions),
            "clicks": Measure(clicks),
            "spend": Measure(spend, 2),
            "conversions": Measure(conversions),
            "revenue": Measure(revenue, 2),
        },
    )  # fmt: skip


def _running(campaigns: Sequence[Campaign], scope: Scope) -> Ints:
    """Campaign, medium and day of each line."""
    found = [
        (number, medium, day)
        for number, one in enumerate(campaigns)
        if not one.cancelled
        for medium in one.media
        for day in range(one.first, min(one.last + 1, scope.days))
    ]
    return np.asarray(found, dtype=np.int64).reshape(-1, 3)
