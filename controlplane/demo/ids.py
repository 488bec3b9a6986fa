"""What the sources call a transaction: numbers in the order of time, and of the web shop's orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controlplane.demo import cells
from controlplane.demo.cells import Cells
from controlplane.demo.places import STORE
from controlplane.demo.sales import Sales
from controlplane.demo.streams import Flags, Ints


@dataclass(frozen=True)
class TransactionIds:
    """One value a transaction: its own name, and that of its receipt or order."""

    own: Cells
    basket: Cells

    def names(self, rows: Ints) -> list[str]:
        """The names of some as texts."""
        return cells.texts(self.own[rows])


def transaction_ids(sales: Sales) -> TransactionIds:
    """`T-` and a number for a store's line; the order's name and the line for the web shop's."""
    in_store = sales.channel == STORE
    number = np.where(in_store, np.cumsum(in_store), 0)
    # A refund in a store has a receipt of its own; one of the web shop belongs to its order.
    basket = np.where(in_store & sales.is_refund, -1 - np.arange(sales.count), sales.basket)
    receipts = _numbered(basket, in_store)
    orders = _numbered(basket, ~in_store)
    receipt = cells.joined("R-", cells.number(receipts, digits=8))
    order = cells.joined("W-", cells.number(orders, digits=8))
    web = cells.joined(order, "-", cells.number(sales.line), "R")
    web[~sales.is_refund, -1] = 0
    own = cells.joined("T-", cells.number(number, digits=9))
    rows = np.flatnonzero(~in_store)
    return TransactionIds(
        own=cells.replaced(own, rows, web[rows]), basket=cells.replaced(receipt, rows, order[rows])
    )


def _numbered(basket: Ints, rows: Flags) -> Ints:
    """Numbers from 1 for the baskets of these rows, in the order in which they first appear."""
    chosen = np.flatnonzero(rows)
    _, first, inverse = np.unique(basket[chosen], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(1, len(first) + 1)
    out = np.zeros(len(basket), dtype=np.int64)
    out[chosen] = rank[inverse]
    return out
