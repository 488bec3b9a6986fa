"""Keys, references, roles and hierarchies of small databases that show one thing each."""

from __future__ import annotations

import random
from typing import Any

from controlplane.discover.findings import Findings, Table


def references(table: Table) -> dict[tuple[str, ...], str]:
    """What each reference of a table points to."""
    return {
        key.columns: f"{key.ref_table}.{','.join(key.ref_columns)}" for key in table.foreign_keys
    }


def key_of(findings: Findings, table: str) -> tuple[str, ...]:
    """The columns of a table's key."""
    key = findings.table(table).primary_key
    return key.columns if key else ()


def shop(orders: int = 120) -> dict[str, list[list[Any]]]:
    """Customers, products, orders and their lines."""
    chance = random.Random(4)
    tiers = ["gold", "silver", "bronze"]
    lines = [
        [order, line, chance.randint(101, 140), chance.randint(1, 9), f"{chance.random() * 90:.2f}"]
        for order in range(1, orders + 1)
        for line in range(1, chance.randint(2, 5))
    ]
    return {
        "customers": [
            ["customer_id", "name", "tier"],
            *[[n, f"Customer {n}", chance.choice(tiers)] for n in range(1, 41)],
        ],
        "products": [
            ["product_id", "title", "category"],
            *[[n, f"Thing {n}", f"Kind {n % 5}"] for n in range(101, 141)],
        ],
        "orders": [
            ["order_id", "customer_id", "ordered_at"],
            *[
                [
                    n,
                    chance.randint(1, 40),
                    f"2026-{n % 12 + 1:02}-{n % 28 + 1:02} 10:{n % 60:02}:00",
                ]
                for n in range(1, orders + 1)
            ],
        ],
        "order_lines": [["order_id", "line_no", "product_id", "quantity", "price"], *lines],
    }


def test_a_shop_is_found_whole(found_in: Any) -> None:
    found = found_in(shop())
    assert key_of(found, "customers") == ("customer_id",)
    assert key_of(found, "order_lines") == ("order_id", "line_no")
    assert references(found.table("orders")) == {("customer_id",): "customers.customer_id"}
    assert references(found.table("order_lines")) == {
        ("order_id",): "orders.order_id",
        ("product_id",): "products.product_id",
    }
    roles = {table.name: table.role for table in found.tables}
    assert roles["order_lines"] == "fact"
    assert roles["orders"] == "fact"
    assert roles["products"] in ("dimension", "lookup")
    lines = found.table("order_lines")
    assert lines.column("quantity").additivity == "additive"
    assert lines.column("price").additivity == "non-additive"
    assert lines.column("order_id").additivity is None


def test_orphans_and_missing_values_are_counted_and_said(found_in: Any) -> None:
    tables = shop()
    tables["orders"][3][1] = 999
    tables["orders"][4][1] = None
    found = found_in(tables)
    (key,) = found.table("orders").foreign_keys
    assert (key.ref_table, key.orphans, key.nulls) == ("customers", 1, 1)
    assert key.coverage == 118 / 119
    assert key.cardinality == "many-to-one"


def test_a_column_with_one_repeated_value_is_no_key(found_in: Any) -> None:
    """An estimate could not tell: 30,000 values, one of them twice."""
    rows = [[n, n % 7] for n in range(30_000)]
    rows[-1][0] = 5
    found = found_in({"things": [["thing_id", "kind"], *rows]})
    assert key_of(found, "things") == ()
    (almost,) = [each for each in found.table("things").candidate_keys if each.duplicates]
    assert (almost.columns, almost.duplicates, almost.confidence) == (("thing_id",), 1, 0.0)
    rows[-1][0] = 30_000
    assert key_of(found_in({"things": [["thing_id", "kind"], *rows]}), "things") == ("thing_id",)


def test_a_table_refers_to_itself(found_in: Any) -> None:
    staff = [[n, f"Person {n}", None if n == 1 else max(1, n // 3)] for n in range(1, 60)]
    found = found_in({"employees": [["employee_id", "name", "reports_to"], *staff]})
    assert references(found.table("employees")) == {("reports_to",): "employees.employee_id"}


def test_a_bridge_is_known_by_its_references_together(found_in: Any) -> None:
    tables = shop()
    pairs = [[c, p] for c in range(1, 41) for p in range(101, 141) if (c * p) % 11 == 0]
    tables["wishes"] = [["customer_id", "product_id"], *pairs]
    found = found_in(tables)
    assert key_of(found, "wishes") == ("customer_id", "product_id")
    assert found.table("wishes").role == "bridge"


def test_a_reference_of_two_columns_is_found(found_in: Any) -> None:
    stations = ["ABC", "DEF", "GHI"]
    hours = [f"2026-01-{d:02} {h:02}:00:00" for d in range(1, 29) for h in range(24)]
    weather = [[s, h, f"{len(s) + i % 30}.5"] for s in stations for i, h in enumerate(hours)]
    chance = random.Random(9)
    trips = [
        [n, chance.choice(stations), chance.choice(hours), chance.randint(1, 500)]
        for n in range(1, 2000)
    ]
    found = found_in(
        {
            "weather": [["station", "hour", "celsius"], *weather],
            "trips": [["trip_id", "station", "hour", "miles"], *trips],
        }
    )
    assert key_of(found, "weather") == ("station", "hour")
    assert references(found.table("trips"))["station", "hour"] == "weather.station,hour"


def test_keys_are_found_where_names_say_nothing(found_in: Any) -> None:
    plain = {
        f"t{number}": [[f"c{n}" for n in range(1, len(rows[0]) + 1)], *rows[1:]]
        for number, rows in enumerate(shop(400).values(), 1)
    }
    found = found_in(plain)
    assert key_of(found, "t1") == ("c1",)
    assert key_of(found, "t4") == ("c1", "c2")
    assert references(found.table("t4")) == {("c1",): "t3.c1", ("c3",): "t2.c1"}


def test_what_refers_to_codes_is_a_code(found_in: Any) -> None:
    shops = [[f"{n:04}", f"Shop {n}"] for n in range(990, 1030)]
    sales = [[n, 1000 + n % 30, n % 17] for n in range(1, 300)]
    found = found_in(
        {
            "shops": [["shop_code", "name"], *shops],
            "sales": [["sale_id", "shop_code", "items"], *sales],
        }
    )
    kinds = [found.table(name).column("shop_code").kind.type for name in ("shops", "sales")]
    assert kinds == ["string", "string"]


def test_hierarchies_run_from_coarse_to_fine(found_in: Any) -> None:
    cities = [[c, f"City {c}", f"Region {c % 12}", f"Country {c % 3}"] for c in range(48)]
    people = [[n, f"Person {n}", *cities[n % 48][1:]] for n in range(1, 600)]
    found = found_in({"people": [["person_id", "name", "city", "region", "country"], *people]})
    chains = [[level.column for level in each.levels] for each in found.table("people").hierarchies]
    assert chains == [["country", "region", "city"]]


def test_first_names_and_yes_or_no_are_no_levels(found_in: Any) -> None:
    rows = [
        [n, "fm"[n % 2], f"Name {n % 24}", "YN"[n % 12 > 5], str(n % 8 < 2).lower(), f"C{n % 24}"]
        for n in range(1, 600)
    ]
    title = ["person_id", "sex", "first_name", "member", "indoor", "colour"]
    assert found_in({"people": [title, *rows]}).table("people").hierarchies == ()


def test_a_hierarchy_runs_across_tables(found_in: Any) -> None:
    found = found_in(
        {
            "countries": [["country_id", "name"], *[[n, f"Country {n}"] for n in range(1, 6)]],
            "cities": [
                ["city_id", "name", "country_id"],
                *[[n, f"City {n}", n % 5 + 1] for n in range(1, 41)],
            ],
            "visits": [
                ["visit_id", "city_id", "visited_on", "spent"],
                *[[n, n % 40 + 1, f"2026-03-{n % 28 + 1:02}", f"{n}.50"] for n in range(1, 300)],
            ],
        }
    )
    levels = [
        [(level.table, level.column) for level in each.levels]
        for each in found.table("cities").hierarchies
    ]
    assert [("countries", "name"), ("cities", "name")] in levels


def test_the_same_data_give_the_same_answers(found_in: Any) -> None:
    tables = shop()
    assert found_in(tables).to_dict() == found_in(tables).to_dict()
