"""The payment gateway: what happened to each payment that is not made in cash, event by event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo import cells
from controlplane.demo.baskets import FRAUD
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.places import CURRENCIES, REGIONS, STORE
from controlplane.demo.sales import CARD, CASH, PAYMENT_METHODS, Sales
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Ints, Stream
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "payments"
HEADER = (
    "event_id,payment_id,event_type,reference,amount_minor,currency,method,scheme,country,"
    "risk_score,failure_code,created_at\n"
)
EVENTS = ("authorised", "captured", "failed", "refunded")
AUTHORISED, CAPTURED, FAILED, REFUNDED = range(4)
SCHEMES = ("visa", "mastercard", "amex", "maestro")
FAILURES = ("insufficient_funds", "card_declined", "expired_card", "timeout")
_INVALID = {"amount_negative": (0.0002, "amount_minor"), "type_unknown": (0.0002, "event_type")}
_ORPHANS = 0.0003
_LATE, _AGAIN = 0.001, 0.003
_FAILED = 0.025
_INVOICE = PAYMENT_METHODS.index("invoice")


@dataclass(frozen=True)
class _Events:
    """One value an event: when, which transaction, and what happened."""

    second: Ints
    row: Ints
    kind: Ints


def payments_extract(world: World, ids: TransactionIds, truth: Truth) -> Extract:
    """What the gateway sends, with the faults that are planted in it."""
    sales, scope = world.sales, world.scope
    stream = scope.stream("payments")
    events = _events(stream, scope, sales)
    count = len(events.second)
    faults = Faults(stream, (events.kind == CAPTURED) & (sales.mark[events.row] != FRAUD))
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant({"reference": _ORPHANS})
    of = faults.of
    sending = send(
        stream, scope, events.second, allowed=faults.free, late_share=_LATE, again_share=_AGAIN
    )
    amount = np.abs(sales.total[events.row])
    amount[of["amount_negative"]] *= -1
    kind = events.kind.copy()
    kind[of["type_unknown"]] = len(EVENTS)
    unknown = 900_000_000 + stream.sample(90_000, len(of["reference"]))
    orphan = np.zeros(count, dtype=np.int64)
    orphan[of["reference"]] = unknown
    scheme = stream.pick((0.45, 0.38, 0.07, 0.10), sales.count)
    risk = np.minimum(np.floor(100 * stream.uniform(count) ** 4).astype(np.int64), 99)
    suspicious = sales.mark[events.row] == FRAUD
    risk[suspicious] = 70 + risk[suspicious] * 29 // 100
    failure = np.where(events.kind == FAILED, stream.pick((0.4, 0.35, 0.1, 0.15), count), -1)
    types, failures = csv_table([*EVENTS, "captrued"]), csv_table([*FAILURES, ""])
    currencies = csv_table(one.lower() for one in CURRENCIES)
    countries = csv_table(one.country for one in REGIONS)
    methods, schemes = csv_table(PAYMENT_METHODS), csv_table([*SCHEMES, ""])

    def render(at: Ints) -> bytes:
        row = events.row[at]
        lost = np.flatnonzero(orphan[at])
        by_card = sales.method[row] == CARD
        return csv_lines(
            [
                cells.joined("E-", cells.number(at + 1, digits=10)),
                cells.joined("PAY-", cells.number(row + 1, digits=9)),
                types[kind[at]],
                cells.replaced(
                    ids.own[row], lost, cells.joined("T-", cells.number(orphan[at][lost]))
                ),
                cells.number(amount[at]),
                currencies[sales.currency[row]],
                methods[sales.method[row]],
                schemes[np.where(by_card, scheme[row], -1)],
                countries[sales.region[row]],
                cells.number(risk[at]),
                failures[failure[at]],
                cells.moment(scope.since_1970(events.second[at])),
            ]
        )

    extract = Extract(
        source=SOURCE,
        stem="payments/payments.csv",
        header=HEADER,
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={"amount_minor": Measure(amount)},
    )
    truth.add_sending(extract, sending, events.second, _keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        _keys,
        [(of[name], column, name) for name, (_, column) in _INVALID.items()],
    )
    for place, number in zip(of["reference"].tolist(), unknown.tolist(), strict=True):
        truth.add_faults(
            "orphans", extract, sending, _keys, [(np.asarray([place]), "reference", f"T-{number}")]
        )
    return extract  # fmt: skip


def _keys(at: Ints) -> list[str]:
    return [f"E-{number + 1:010d}" for number in at.tolist()]


def _events(stream: Stream, scope: Scope, sales: Sales) -> _Events:
    """Every event of the period, in the order of time."""
    paid = np.flatnonzero(sales.method != CASH)
    sold = paid[~sales.is_refund[paid]]
    at = sales.second[sold]
    on_line = sales.channel[sold] != STORE
    invoice = sales.method[sold] == _INVOICE
    asked = at + stream.between(1, 4, len(sold))
    # The web shop takes the money when it ships, an invoice is paid when it is paid.
    captured = asked + np.where(
        invoice,
        stream.between(5 * SECONDS, 25 * SECONDS, len(sold)),
        np.where(
            on_line, stream.between(3_600, 2 * SECONDS, len(sold)), stream.between(1, 60, len(sold))
        ),
    )
    fraud = sales.mark[sold] == FRAUD
    tries = np.where(fraud, stream.between(1, 3, len(sold)), stream.chance(_FAILED, len(sold)))
    tries = np.where(invoice, 0, tries)
    failed = np.repeat(np.arange(len(sold)), tries)
    back = paid[sales.is_refund[paid]]
    # A first try is before the payment that went through, but not before the period.
    tried = np.maximum(at[failed] - stream.between(5, 90, len(failed)), 0)
    second = np.concatenate(
        [
            asked[~invoice],
            captured,
            tried,
            sales.second[back] + stream.between(600, 30 * 3_600, len(back)),
        ]
    )
    row = np.concatenate([sold[~invoice], sold, sold[failed], back])
    kind = np.repeat(
        np.asarray([AUTHORISED, CAPTURED, FAILED, REFUNDED]),
        [int((~invoice).sum()), len(sold), len(failed), len(back)],
    )
    within = second < scope.length
    second, row, kind = second[within], row[within], kind[within]
    order = np.argsort(second, kind="stable")
    return _Events(second[order], row[order], kind[order])  # fmt: skip
