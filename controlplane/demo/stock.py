"""The warehouse: the stock of each product at the end of each day, down to the piece.

What is there is what was there, and what came in, less what was sold, and what was moved elsewhere.
Returned goods do not go back on the shelf. While a product is sold out, nothing comes in.
"""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.deliver import Extract, Measure
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.world import World

SOURCE = "inventory"
HEADER = "snapshot_date,product_id,on_hand,received,sold,adjusted,reorder_point,inventory_status\n"
STATUSES = ("in_stock", "low_stock", "out_of_stock")
_COVER_DAYS = 24


def stock_extract(world: World) -> Extract:
    """The snapshots of every product from its launch to its end."""
    scope, products = world.scope, world.products
    on_hand, received, sold, adjusted, reorder = _movements(world)
    days = np.arange(scope.days)
    listed = (days >= products.launched[:, None]) & (days < products.retired[:, None])
    day, product = np.nonzero(listed.T)
    at_end = on_hand[product, day]
    status = np.where(at_end == 0, 2, np.where(at_end <= reorder[product], 1, 0))
    columns = [received[product, day], sold[product, day], adjusted[product, day]]
    ids, statuses = csv_table(products.ids), csv_table(STATUSES)

    def render(at: Ints) -> bytes:
        return csv_lines(
            [
                cells.day(day[at] + scope.first_day),
                ids[product[at]],
                cells.number(at_end[at]),
                *(cells.number(column[at]) for column in columns),
                cells.number(reorder[product[at]]),
                statuses[status[at]],
            ]
        )

    return Extract(
        source=SOURCE,
        stem="inventory/stock.csv",
        header=HEADER,
        records=np.arange(len(day)),
        sent=day * SECONDS + SECONDS - 60,
        render=render,
        measures={
            "on_hand": Measure(at_end),
            "received": Measure(columns[0]),
            "sold": Measure(columns[1]),
            "adjusted": Measure(columns[2]),
        },
    )


def _movements(world: World) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Products by days: on hand, received, sold, adjusted; and the reorder point of each product."""
    scope, products, sales = world.scope, world.products, world.sales
    count = len(products.ids)
    stream = scope.stream("stock")
    sold = np.zeros((count, scope.days), dtype=np.int64)
    out = ~sales.is_refund
    np.add.at(sold, (sales.product[out], sales.day[out]), sales.quantity[out])
    usual = np.maximum(np.ceil(sold.sum(axis=1) / scope.days), 1).astype(np.int64)
    reorder = usual * 7
    full = usual * _COVER_DAYS + stream.between(5, 40, count)
    on_hand, received, adjusted = (np.zeros_like(sold) for _ in range(3))
    now = full - stream.between(0, full // 2, count)
    for day in range(scope.days):
        gone = products.sold_out[:, day]
        left = now - sold[:, day]
        # A lorry comes when little is left, and brings what the day sold on top.
        comes = ~gone & (left < reorder)
        received[:, day] = np.where(comes, full + sold[:, day] - np.minimum(left, 0), 0)
        received[:, day] += np.where(gone, np.maximum(-left, 0), 0)
        left += received[:, day]
        adjusted[:, day] = np.where(gone, -left, 0)
        now = left + adjusted[:, day]
        on_hand[:, day] = now
    return on_hand, received, sold, adjusted, reorder
