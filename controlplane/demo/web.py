"""The web shop, its app and the marketplace: one JSON line an order line, in the shop's own words."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.campaigns import MEDIA
from controlplane.demo.cells import Cells
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import Optional, json_lines, json_table, or_null, quoted
from controlplane.demo.places import CHANNELS, CURRENCIES, LANGUAGES, REGIONS, STORE
from controlplane.demo.pos import sound, unknown_ids
from controlplane.demo.sales import PAYMENT_METHODS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "web"
_INVALID = {
    "price_zero": (0.0005, "item.unit_price"),
    "price_negative": (0.0005, "item.unit_price"),
    "quantity_negative": (0.0004, "item.quantity"),
    "currency_missing": (0.0004, "amounts.currency"),
    "date_missing": (0.0004, "placed_at"),
    "product_missing": (0.0004, "item.sku"),
}
_ORPHANS = {"item.sku": 0.0006, "customer.id": 0.0006}
_FORMATS = {"without_zone": 0.010}
_LATE, _AGAIN = 0.002, 0.004
_SHIPPING = ("standard", "express", "pickup")


def web_extract(world: World, ids: TransactionIds, truth: Truth) -> Extract:
    """What the web shop sends, with the faults that are planted in it."""
    sales, scope = world.sales, world.scope
    rows = np.flatnonzero(sales.channel != STORE)
    stream = scope.stream("web")
    faults = Faults(stream, sound(sales)[rows])
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant({"item.sku": _ORPHANS["item.sku"]})
    faults.plant({"customer.id": _ORPHANS["customer.id"]}, only=sales.customer[rows] >= 0)
    faults.plant(_FORMATS)
    of, made = faults.of, sales.second[rows]
    sending = send(stream, scope, made, allowed=faults.free, late_share=_LATE, again_share=_AGAIN)
    price, quantity, total = sales.price[rows], sales.quantity[rows], sales.total[rows]
    price[of["price_zero"]] = 0
    price[of["price_negative"]] *= -1
    quantity[of["quantity_negative"]] *= -1
    strange = unknown_ids(stream, "P-", 90_000, len(of["item.sku"]))
    strangers = unknown_ids(stream, "C-", 9_000_000, len(of["customer.id"]))
    product, customer = sales.product[rows], sales.customer[rows]
    product[of["item.sku"]] = len(world.products.ids) + np.arange(len(strange))
    product[of["product_missing"]] = -1
    customer[of["customer.id"]] = len(world.customers.ids) + np.arange(len(strangers))
    currency = sales.currency[rows]
    currency[of["currency_missing"]] = len(CURRENCIES)
    layout = np.zeros(len(rows), dtype=np.int64)
    layout[of["without_zone"]], layout[of["date_missing"]] = 1, 2
    shipping = stream.pick((0.7, 0.2, 0.1), int(sales.basket.max()) + 1)
    # Names that are looked up; -1 finds the last row of a table.
    skus = json_table([*world.products.ids, *strange, None])
    names = json_table([*world.products.names, *["unknown"] * len(strange), None])
    buyers = json_table([*world.customers.ids, *strangers, None])
    currencies = json_table([*CURRENCIES, None])
    campaigns = json_table([*(one.campaign_id for one in world.campaigns), None])
    coupons = json_table([*(one.coupon or None for one in world.campaigns), None])
    media = json_table([*MEDIA, None])
    channels, methods = json_table(CHANNELS), json_table(PAYMENT_METHODS)
    countries = json_table(one.country for one in REGIONS)
    regions = json_table(one.name for one in REGIONS)
    languages = json_table(LANGUAGES[one.language] for one in REGIONS)
    kinds, ways = json_table(["order", "return"]), json_table(_SHIPPING)

    def render(at: Ints) -> bytes:
        now = rows[at]
        region, campaign = sales.region[now], sales.campaign[now]
        back = sales.refund_of[now]
        return json_lines(
            {
                "line_id": quoted(ids.own[now]),
                "order_id": quoted(ids.basket[now]),
                "line": cells.number(sales.line[now]),
                "kind": kinds[sales.is_refund[now].astype(np.int64)],
                "return_of": or_null(quoted(ids.own[back]), back < 0),
                "placed_at": _placed(world, sales.second[now], layout[at]),
                "channel": channels[sales.channel[now]],
                "customer": {
                    "id": buyers[customer[at]],
                    "country": countries[region],
                    "language": languages[region],
                },
                "item": {
                    "sku": skus[product[at]],
                    "name": names[product[at]],
                    "quantity": cells.number(quantity[at]),
                    "unit_price": cells.money(price[at]),
                    "discount": cells.money(sales.discount[now]),
                },
                "amounts": {
                    "currency": currencies[currency[at]],
                    "tax": cells.money(sales.tax[now]),
                    "total": cells.money(total[at]),
                },
                "payment": {"method": methods[sales.method[now]]},
                "attribution": Optional(
                    {
                        "campaign_id": campaigns[campaign],
                        "medium": media[sales.medium[now]],
                        "coupon": coupons[campaign],
                    },
                    campaign >= 0,
                    null=True,
                ),
                "shipping": {
                    "region": regions[region],
                    "method": ways[shipping[sales.basket[now]]],
                },
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="web/orders.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={
            "item.quantity": Measure(quantity),
            "item.discount": Measure(sales.discount[rows], 2),
            "amounts.tax": Measure(sales.tax[rows], 2),
            "amounts.total": Measure(total, 2),
        },
    )

    def keys(at: Ints) -> list[str]:
        return ids.names(rows[at])

    truth.add_sending(extract, sending, made, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [(of[kind], column, kind) for kind, (_, column) in _INVALID.items()],
    )
    truth.add_faults(
        "date_formats", extract, sending, keys, [(of[kind], "placed_at", kind) for kind in _FORMATS]
    )
    for column, unknown in (("item.sku", strange), ("customer.id", strangers)):
        truth.add_faults(
            "orphans",
            extract,
            sending,
            keys,
            [(of[column][[place]], column, one) for place, one in enumerate(unknown)],
        )
    return extract  # fmt: skip


def _placed(world: World, seconds: Ints, layout: Ints) -> Cells:
    """When orders were placed: in UTC and saying so, but for some that do not say it."""
    since = world.scope.since_1970(seconds)
    out = quoted(cells.moment(since))
    rows = np.flatnonzero(layout == 1)
    out = cells.replaced(out, rows, quoted(cells.moment(since[rows], between=" ", end="")))
    return or_null(out, layout == 2)
