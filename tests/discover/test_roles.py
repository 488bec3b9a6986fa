"""What tables are in a star schema: who takes part is a dimension, what happened is a fact."""

from __future__ import annotations

import random
from typing import Any


def test_persons_are_no_fact_however_much_is_known_of_them(found_in: Any) -> None:
    chance = random.Random(1)
    found = found_in(
        {
            "city": [["city_id", "name"], *[[n, f"City {n}"] for n in range(1, 30)]],
            "tier": [["tier_id", "name"], *[[n, f"Tier {n}"] for n in range(1, 5)]],
            "customer": [
                ["customer_id", "first_name", "last_name", "city_id", "tier_id", "since", "spent"],
                *[
                    [
                        n,
                        f"F{n % 50}",
                        f"L{n % 90}",
                        chance.randint(1, 29),
                        chance.randint(1, 4),
                        f"2020-{n % 12 + 1:02}-{n % 28 + 1:02}",
                        f"{chance.random() * 900:.2f}",
                    ]
                    for n in range(1, 900)
                ],
            ],
            "ticket_order": [
                ["ticket_order_id", "customer_id", "amount"],
                *[
                    [n, chance.randint(1, 899), f"{chance.random() * 90:.2f}"]
                    for n in range(1, 1500)
                ],
            ],
        }
    )
    assert found.table("customer").role == "dimension"
    assert found.table("ticket_order").role == "fact"


def test_what_is_referred_to_in_several_roles_or_very_often_did_not_happen(found_in: Any) -> None:
    """A referee has a date of his own, as an order has; but orders have a few lines each."""
    chance = random.Random(2)
    found = found_in(
        {
            "level": [["level_id", "name"], *[[n, f"Level {n}"] for n in range(1, 6)]],
            "referee": [
                ["referee_id", "level_id", "licensed_on"],
                *[
                    [n, chance.randint(1, 5), f"20{n % 20 + 1:02}-{n % 12 + 1:02}-{n % 28 + 1:02}"]
                    for n in range(1, 60)
                ],
            ],
            "fixture": [
                ["fixture_id", "referee_id", "assistant_referee_id", "spectators"],
                *[
                    [n, chance.randint(1, 59), chance.randint(1, 59), n * 37 % 9001]
                    for n in range(1, 1200)
                ],
            ],
        }
    )
    assert found.table("referee").role == "dimension"
    assert found.table("fixture").role == "fact"


def test_numbers_add_up_as_their_names_say(found_in: Any) -> None:
    chance = random.Random(3)
    names = ["unit_amount", "line_amount", "end_bal", "batch_no", "quantity", "fill_rate"]
    rows = [[chance.randint(1, 5000) / 100 for _ in names] for _ in range(400)]
    table = found_in({"line": [["line_id", *names], *[[n, *row] for n, row in enumerate(rows, 1)]]})
    assert {name: table.table("line").column(name).additivity for name in names} == {
        "unit_amount": "non-additive",
        "line_amount": "additive",
        "end_bal": "semi-additive",
        "batch_no": None,
        "quantity": "additive",
        "fill_rate": "non-additive",
    }
