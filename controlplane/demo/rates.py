"""Daily exchange rates against the euro: random walks that come back to the rate of the price lists."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.deliver import Extract, Measure
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.places import CURRENCIES, LIST_RATES
from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Ints

HEADER = "rate_date,base_currency,currency,rate\n"
# A rate is kept in millionths.
_STEPS_A_LIST_UNIT = 100


def make_rates(scope: Scope) -> Ints:
    """Millionths of each currency for a euro: days by currencies, the euro's own among them.

    All in whole numbers, so that no rounding differs between machines.
    """
    stream = scope.stream("rates")
    usual = np.asarray(LIST_RATES, dtype=np.int64) * _STEPS_A_LIST_UNIT
    rates = np.empty((scope.days, len(CURRENCIES)), dtype=np.int64)
    # In millionths of the rate: about 0.4 % a day.
    moves = np.rint(stream.normal(scope.days * len(CURRENCIES)) * 4_000).astype(np.int64)
    moves = moves.reshape(rates.shape)
    moves[:, 0] = 0
    now = usual
    for day in range(scope.days):
        now = now + now * moves[day] // 1_000_000 + (usual - now) // 40
        rates[day] = now
    rates[:, 0] = usual[0]
    return rates


def in_euro_cents(amounts: Ints, rates: Ints) -> Ints:
    """Amounts in hundredths at these rates, in euro cents, halves away from zero."""
    size = (np.abs(amounts) * 1_000_000 * 2 + rates) // (2 * rates)
    return np.asarray(np.sign(amounts) * size)


def rates_extract(scope: Scope, rates: Ints) -> Extract:
    """The central bank's file: a line a day and currency."""
    others = len(CURRENCIES) - 1
    days = np.repeat(np.arange(scope.days), others)
    currency = np.tile(np.arange(1, others + 1), scope.days)
    values = rates[days, currency]
    names = csv_table(CURRENCIES)

    def render(rows: Ints) -> bytes:
        return csv_lines(
            [
                cells.day(days[rows] + scope.first_day),
                cells.constant("EUR", len(rows)),
                names[currency[rows]],
                cells.number(values[rows], decimals=6),
            ]
        )

    return Extract(
        source="rates",
        stem="rates/exchange_rates.csv",
        header=HEADER,
        records=np.arange(len(days)),
        sent=days * SECONDS + 16 * 3600,
        render=render,
        measures={"rate": Measure(values, 6)},
    )
