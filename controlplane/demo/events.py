"""The web analytics: events of the visits that are told of, and the numbers of all visits."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import Optional, csv_lines, csv_table, json_lines, json_table, quoted
from controlplane.demo.places import CHANNELS as SALES_CHANNELS
from controlplane.demo.places import CURRENCIES, REGIONS, WEB
from controlplane.demo.products import SHELVES
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.visits import (
    ADD_TO_CART,
    CHANNELS,
    CHECKOUT,
    EVENTS,
    PAGE_VIEW,
    PURCHASE,
    SEARCH,
    WEIGHT,
    Counts,
    Visits,
)
from controlplane.demo.world import World

SOURCE = "events"
SESSIONS_HEADER = "date,channel,region,sessions,bounced,with_cart,orders\n"
_LATE, _AGAIN = 0.001, 0.003
_INVALID = {"type_missing": (0.0003, "event_type"), "time_in_future": (0.0003, "timestamp")}
_FUTURE = 400 * SECONDS
_AGENTS = {
    WEB: (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/125.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
    ),
    WEB + 1: (
        "ShopApp/4.2 (iPhone; iOS 17.5)",
        "ShopApp/4.2 (Android 14; Pixel)",
        "ShopApp/4.1 (Android 13; Tablet)",
    ),
}


def events_extract(world: World, ids: TransactionIds, visits: Visits, truth: Truth) -> Extract:
    """What the analytics send, with the faults that are planted in it."""
    scope = world.scope
    stream = scope.stream("events")
    visit, kind, second = _steps(world, visits)
    faults = Faults(stream, kind == PAGE_VIEW)
    faults.plant({name: share for name, (share, _) in _INVALID.items()})
    sending = send(stream, scope, second, allowed=faults.free, late_share=_LATE, again_share=_AGAIN)
    shown = kind.copy()
    shown[faults.of["type_missing"]] = len(EVENTS)
    when = second.copy()
    when[faults.of["time_in_future"]] += _FUTURE
    browser = stream.pick((0.5, 0.3, 0.2), visits.count)
    agents = json_table([*_AGENTS[WEB], *_AGENTS[WEB + 1]])
    types = json_table([*EVENTS, None])
    products, buyers = json_table(world.products.ids), json_table([*world.customers.ids, None])
    words = json_table(name.lower() for shelf in SHELVES for name in (shelf.kinds[0], shelf.name))
    currencies = json_table(CURRENCIES)
    channels, regions = json_table(SALES_CHANNELS), json_table(one.name for one in REGIONS)
    currency = np.asarray([one.currency for one in REGIONS])

    def render(at: Ints) -> bytes:
        one, what = visit[at], kind[at]
        product = visits.product[one]
        return json_lines(
            {
                "event_id": quoted(cells.joined("EV-", cells.number(at + 1, digits=9))),
                "event_type": types[shown[at]],
                "timestamp": quoted(cells.moment(scope.since_1970(when[at]))),
                "session_id": quoted(cells.joined("SES-", cells.number(one + 1, digits=8))),
                "user_agent": agents[(visits.channel[one] - WEB) * 3 + browser[one]],
                "customer_id": buyers[visits.customer[one]],
                "weight": cells.number(np.where(visits.sale[one] < 0, WEIGHT, 1)),
                "event_data": {
                    "channel": channels[visits.channel[one]],
                    "region": regions[visits.region[one]],
                    "product_id": Optional(
                        products[product], (what == PAGE_VIEW) | (what == ADD_TO_CART)
                    ),
                    "query": Optional(
                        words[world.products.shelf[product] * 2 + one % 2], what == SEARCH
                    ),
                    "order_id": Optional(
                        quoted(ids.basket[np.maximum(visits.sale[one], 0)]), what == PURCHASE
                    ),
                    "value": Optional(cells.money(visits.total[one]), what == PURCHASE),
                    "currency": Optional(
                        currencies[currency[visits.region[one]]], what == PURCHASE
                    ),
                },
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="events/events.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={
            "event_data.value": Measure(np.where(kind == PURCHASE, visits.total[visit], 0), 2)
        },
    )

    def keys(at: Ints) -> list[str]:
        return [f"EV-{number + 1:09d}" for number in at.tolist()]

    truth.add_sending(extract, sending, second, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [(faults.of[name], column, name) for name, (_, column) in _INVALID.items()],
    )
    return extract  # fmt: skip


def _steps(world: World, visits: Visits) -> tuple[Ints, Ints, Ints]:
    """Visit, kind and second of every event, in the order of time."""
    does = np.stack(
        [
            np.ones(visits.count, dtype=np.int64),
            visits.searches,
            visits.carts,
            visits.checks_out * visits.carts,
            (visits.sale >= 0).astype(np.int64),
        ]
    )
    # A visit without an order takes some minutes; one with an order ends when it is placed.
    ends = np.where(
        visits.sale >= 0, world.sales.second[np.maximum(visits.sale, 0)], visits.second + 540
    )
    length = np.maximum(ends - visits.second, 0)
    share = {SEARCH: 0, PAGE_VIEW: 25, ADD_TO_CART: 60, CHECKOUT: 85, PURCHASE: 100}
    kinds, rows = np.nonzero(does)
    second = (
        visits.second[rows]
        + length[rows] * np.asarray([share[kind] for kind in range(len(EVENTS))])[kinds] // 100
    )
    order = np.argsort(second, kind="stable")
    return rows[order], kinds[order], np.minimum(second[order], world.scope.length - 1)


def sessions_extract(world: World, counts: Counts) -> Extract:
    """A line for each day, channel and region with the number of visits."""
    size = len(counts.sessions)
    cell = np.arange(size)
    day = cell // (len(CHANNELS) * len(REGIONS))
    channels = csv_table(SALES_CHANNELS[one] for one in CHANNELS)
    regions = csv_table(one.name for one in REGIONS)
    columns = {
        "sessions": counts.sessions,
        "bounced": counts.bounced,
        "with_cart": counts.carts,
        "orders": counts.orders,
    }

    def render(at: Ints) -> bytes:
        return csv_lines(
            [
                cells.day(day[at] + world.scope.first_day),
                channels[at // len(REGIONS) % len(CHANNELS)],
                regions[at % len(REGIONS)],
                *(cells.number(column[at]) for column in columns.values()),
            ]
        )

    return Extract(
        source="sessions",
        stem="events/sessions.csv",
        header=SESSIONS_HEADER,
        records=cell,
        sent=day * SECONDS + SECONDS - 20,
        render=render,
        measures={name: Measure(column) for name, column in columns.items()},
    )
