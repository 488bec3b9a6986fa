"""The catalogue: every product as of the first day, then each version when it came to be."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.assortment import BRANDS, COLOURS, DEPARTMENTS, MATERIALS
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.lines import Optional, json_lines, json_table, quoted
from controlplane.demo.products import SHELVES
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "catalogue"
# A version with one of these is wrong, and put right an hour later.
_INVALID = {
    "price_negative": "price.amount",
    "price_zero": "price.amount",
    "category_missing": "category.l3",
    "cost_above_price": "cost",
}
_SHARE = 0.004
_AGAIN = 0.006
_STATUS = ("active", "discontinued")
_FLAGS = {"all_year": "[]", "summer": '["summer"]', "winter": '["winter"]',
          "christmas": '["christmas","gift"]', "back_to_school": '["back_to_school"]'}  # fmt: skip
_WARRANTY_MONTHS = 24


def catalogue_extract(world: World, truth: Truth) -> Extract:
    """What the catalogue sends, with the faults that are planted in it."""
    scope, products = world.scope, world.products
    stream = scope.stream("catalogue")
    count = len(products.ids)
    # A version when the product is first told of, when its price changes, and when it goes.
    gone = np.flatnonzero(products.retired < scope.days)
    changed, changed_on = products.changes[:, 0], products.changes[:, 1]
    told = (changed_on > products.launched[changed]) & (changed_on < products.retired[changed])
    changed, changed_on = changed[told], changed_on[told]
    product = np.concatenate([np.arange(count), changed, gone])
    day = np.concatenate([products.launched, changed_on, products.retired[gone]])
    status = np.concatenate([np.zeros(count + len(changed), int), np.ones(len(gone), int)])
    # A change that takes effect on a day is made in the night before it opens.
    second = day * SECONDS + stream.between(1, 4 * 3_600, len(product))
    order = np.lexsort((product, second))
    product, second, status = product[order], second[order], status[order]
    faults = Faults(stream, status == 0)
    faults.plant(dict.fromkeys(_INVALID, _SHARE))
    wrong = np.concatenate([faults.of[kind] for kind in _INVALID])
    fault = np.repeat(np.arange(len(_INVALID)), [len(faults.of[kind]) for kind in _INVALID])
    # The wrong version comes first; what stands in the list already puts it right.
    size = len(product)
    product = np.concatenate([product, product[wrong]])
    status = np.concatenate([status, status[wrong]])
    second = np.concatenate([second, second[wrong] - 3_600])
    fault = np.concatenate([np.full(size, -1), fault])
    made = np.maximum(second, 0)
    sending = send(stream, scope, made, allowed=faults.free, again_share=_AGAIN)
    price = products.prices[product, np.maximum(np.maximum(second, 0) // SECONDS, 0)]
    cost = products.cost[product]
    price = np.where(fault == 0, -price, np.where(fault == 1, 0, price))
    cost = np.where(fault == 3, cost * 4, cost)
    department, shelf = products.department[product], products.shelf[product]
    kind = np.where(fault == 2, -1, products.kind[product])
    widest = max(len(one.kinds) for one in SHELVES)
    kinds = json_table(
        name for one in SHELVES for name in (*one.kinds, *[None] * (widest + 1 - len(one.kinds)))
    )
    ids, names = json_table(products.ids), json_table(products.names)
    first = json_table(one.name for one in DEPARTMENTS)
    second_level = json_table(one.name for one in SHELVES)
    flags = cells.table(_FLAGS[one.season] for one in SHELVES)
    brands, colours = json_table(BRANDS), json_table(COLOURS)
    materials, statuses = json_table(MATERIALS), json_table(_STATUS)
    electric = np.asarray([one.name == "Electronics" for one in DEPARTMENTS])

    def render(at: Ints) -> bytes:
        one = product[at]
        return json_lines(
            {
                "product_id": ids[one],
                "name": names[one],
                "category": {
                    "l1": first[department[at]],
                    "l2": second_level[shelf[at]],
                    "l3": kinds[shelf[at] * (widest + 1) + kind[at] % (widest + 1)],
                },
                "brand": brands[products.brand[one]],
                "price": {"amount": cells.money(price[at]), "currency": '"EUR"'},
                "cost": cells.money(cost[at]),
                "launch_date": quoted(cells.day(products.launched[one] + scope.first_day)),
                "status": statuses[status[at]],
                "attributes": {
                    "colour": colours[products.colour[one]],
                    "material": materials[products.material[one]],
                    "weight_grams": cells.number(products.weight[one]),
                    "warranty_months": Optional(str(_WARRANTY_MONTHS), electric[department[at]]),
                },
                "seasonal_flags": flags[shelf[at]],
                "updated_at": quoted(cells.moment(scope.since_1970(second[at]))),
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="catalogue/products.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={"price.amount": Measure(price, 2), "cost": Measure(cost, 2)},
    )

    def keys(at: Ints) -> list[str]:
        when = cells.texts(cells.moment(scope.since_1970(second[at])))
        return [
            f"{products.ids[one]}@{t}" for one, t in zip(product[at].tolist(), when, strict=True)
        ]

    truth.add_sending(extract, sending, made, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [
            (np.flatnonzero(fault == number), column, name)
            for number, (name, column) in enumerate(_INVALID.items())
        ],
    )
    truth.add(
        "companions",
        (
            (name, products.ids[other])
            for name, other in zip(products.ids, products.companion.tolist(), strict=True)
        ),
    )
    return extract  # fmt: skip
