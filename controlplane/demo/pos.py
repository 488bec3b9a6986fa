"""The tills of the stores: one CSV line a transaction."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.baskets import NORMAL
from controlplane.demo.cells import Cells
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.places import CURRENCIES, REGIONS, STORE, stores
from controlplane.demo.sales import PAYMENT_METHODS, Sales
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints, Stream
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "pos"
HEADER = (
    "transaction_id,receipt_id,type,refund_of,store_id,region,till,occurred_at,customer_id,"
    "product_id,quantity,unit_price,discount,tax,total_amount,currency,payment_method,campaign_id\n"
)
# Share of all records with each fault, the field it is in, and what is wrong with it.
_INVALID = {
    "price_zero": (0.0004, "unit_price"),
    "price_negative": (0.0004, "unit_price"),
    "quantity_zero": (0.0003, "quantity"),
    "total_mismatch": (0.0003, "total_amount"),
    "currency_unknown": (0.0003, "currency"),
    "date_impossible": (0.0003, "occurred_at"),
    "product_missing": (0.0003, "product_id"),
}
_FORMATS = {"dotted": 0.020, "slashed": 0.012, "iso_utc": 0.010}
# Date, what stands between, hours of the clock, and the end, in the order of the formats.
_LAYOUTS = (("d.m.y", " ", "24", ""), ("m/d/y", " ", "12", ""), ("y-m-d", "T", "24", "Z"))
_ORPHANS = {"product_id": 0.0005, "customer_id": 0.0005}
_LATE, _AGAIN = 0.006, 0.003
_TOO_MUCH = 1_000
_NO_DATES = ("2025-02-30 10:15:00", "2024-13-01 09:00:00", "2025-04-31 18:20:00")


def pos_extract(world: World, ids: TransactionIds, truth: Truth) -> Extract:
    """What the tills send, with the faults that are planted in it."""
    sales, scope = world.sales, world.scope
    rows = np.flatnonzero(sales.channel == STORE)
    stream = scope.stream("pos")
    faults = Faults(stream, sound(sales)[rows])
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant({"product_id": _ORPHANS["product_id"]})
    faults.plant({"customer_id": _ORPHANS["customer_id"]}, only=sales.customer[rows] >= 0)
    faults.plant(_FORMATS)
    made = sales.second[rows]
    sending = send(stream, scope, made, allowed=faults.free, late_share=_LATE, again_share=_AGAIN)
    price, quantity, total = sales.price[rows], sales.quantity[rows], sales.total[rows]
    price[faults.of["price_zero"]] = 0
    price[faults.of["price_negative"]] *= -1
    quantity[faults.of["quantity_zero"]] = 0
    total[faults.of["total_mismatch"]] += _TOO_MUCH
    texts = _Texts(world, rows, faults, stream)

    def render(at: Ints) -> bytes:
        now = rows[at]
        return csv_lines(
            [
                ids.own[now],
                ids.basket[now],
                texts.types[sales.is_refund[now].astype(np.int64)],
                cells.blank(ids.own[sales.refund_of[now]], sales.refund_of[now] < 0),
                texts.stores[sales.store[now]],
                texts.regions[sales.region[now]],
                cells.number(sales.basket[now] % 4 + 1),
                texts.occurred(at),
                texts.customers[texts.customer[at]],
                texts.products[texts.product[at]],
                cells.number(quantity[at]),
                cells.money(price[at]),
                cells.money(sales.discount[now]),
                cells.money(sales.tax[now]),
                cells.money(total[at]),
                texts.currencies[texts.currency[at]],
                texts.methods[sales.method[now]],
                texts.campaigns[sales.campaign[now]],
            ]
        )

    extract = Extract(
        source=SOURCE,
        stem="pos/transactions.csv",
        header=HEADER,
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={
            "quantity": Measure(quantity),
            "discount": Measure(sales.discount[rows], 2),
            "tax": Measure(sales.tax[rows], 2),
            "total_amount": Measure(total, 2),
        },
    )

    def keys(at: Ints) -> list[str]:
        return ids.names(rows[at])

    of = faults.of
    truth.add_sending(extract, sending, made, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [(of[kind], column, kind) for kind, (_, column) in _INVALID.items()],
    )
    truth.add_faults(
        "date_formats",
        extract,
        sending,
        keys,
        [(of[kind], "occurred_at", kind) for kind in _FORMATS],
    )
    for column, names in texts.orphans.items():
        truth.add_faults(
            "orphans",
            extract,
            sending,
            keys,
            [(of[column][[place]], column, one) for place, one in enumerate(names)],
        )
    return extract  # fmt: skip


def sound(sales: Sales) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The transactions that may get a fault: sales that nothing else refers to or is planted on."""
    out = np.asarray((sales.mark == NORMAL) & ~sales.is_refund)
    out[sales.refund_of[sales.is_refund]] = False
    return out


class _Texts:
    """The names that the columns are looked up in, with those that exist nowhere else."""

    def __init__(self, world: World, rows: Ints, faults: Faults, stream: Stream) -> None:
        sales, of = world.sales, faults.of
        self._world, self._rows, self._faults = world, rows, faults
        self.types = csv_table(["sale", "refund"])
        self.stores = csv_table(name for name, _ in stores())
        self.regions = csv_table(one.name for one in REGIONS)
        self.methods = csv_table(PAYMENT_METHODS)
        self.currencies = csv_table([*CURRENCIES, "EURO"])
        self.currency = sales.currency[rows]
        self.currency[of["currency_unknown"]] = len(CURRENCIES)
        # The last row of a table is what -1 finds: nothing.
        self.campaigns = csv_table([*(one.campaign_id for one in world.campaigns), ""])
        strange = unknown_ids(stream, "P-", 90_000, len(of["product_id"]))
        strangers = unknown_ids(stream, "C-", 9_000_000, len(of["customer_id"]))
        self.orphans = {"product_id": strange, "customer_id": strangers}
        self.products = csv_table([*world.products.ids, *strange, ""])
        self.product = sales.product[rows]
        self.product[of["product_id"]] = len(world.products.ids) + np.arange(len(strange))
        self.product[of["product_missing"]] = -1
        self.customers = csv_table([*world.customers.ids, *strangers, ""])
        self.customer = sales.customer[rows]
        self.customer[of["customer_id"]] = len(world.customers.ids) + np.arange(len(strangers))
        # Which way a date is written: plain, or one of the formats, or as no calendar has it.
        self._layout = np.zeros(len(rows), dtype=np.int64)
        for number, kind in enumerate([*_FORMATS, "date_impossible"], start=1):
            self._layout[of[kind]] = number

    def occurred(self, at: Ints) -> Cells:
        """The moments of some records, each in the format that its till has."""
        layout = self._layout[at]
        seconds = self._world.sales.second[self._rows[at]]
        day, rest = seconds // SECONDS + self._world.scope.first_day, seconds % SECONDS
        out = cells.joined(cells.day(day), " ", cells.clock(rest))
        for number, (dates, between, clock, end) in enumerate(_LAYOUTS, start=1):
            at_odds = np.flatnonzero(layout == number)
            text = cells.joined(
                cells.day(day[at_odds], dates), between, cells.clock(rest[at_odds], clock), end
            )
            out = cells.replaced(out, at_odds, text)
        broken = np.flatnonzero(layout == len(_LAYOUTS) + 1)
        return cells.replaced(out, broken, csv_table(_NO_DATES)[at[broken] % len(_NO_DATES)])


def unknown_ids(stream: Stream, prefix: str, first: int, count: int) -> list[str]:
    """Names that look like the others, and that no source of theirs knows."""
    digits = len(str(first))
    numbers = first + stream.sample(9_000, count)
    return [f"{prefix}{number:0{digits}d}" for number in numbers.tolist()]
