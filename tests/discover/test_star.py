"""The star that is drawn is the one that a modeller would draw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controlplane.discover.findings import Findings, Hierarchy, Level
from controlplane.discover.levels import with_hierarchies
from controlplane.discover.names import TableName, name_tables
from controlplane.discover.star import draw_star
from controlplane.generate.star import StarModels
from controlplane.generate.star_resolution import resolve_star
from controlplane.generate.star_source import SourceTable
from controlplane.naming import column_names
from controlplane.specs.files import STAR, parse_spec
from controlplane.sql import Column
from tests.discover.from_truth import findings_of
from tests.discover.made import column, findings, key, table, to

DATA = Path(__file__).parents[3] / "shared" / "data"


def types_of(found: Findings) -> dict[str, dict[str, str]]:
    return {
        each.name: dict(
            zip(
                column_names(one.name for one in each.columns),
                (one.kind.storage for one in each.columns),
                strict=True,
            )
        )
        for each in found.tables
    }


def drawn(found: Findings, violations: int = 0) -> dict[str, Any]:
    """The star's document, where the raw tables have so many values that lie in two others."""
    names, types = name_tables(found.tables), types_of(found)
    document = draw_star("shop", found, names, types)
    return with_hierarchies(document, found, names, types, lambda _: [(violations,)])


def models(found: Findings) -> StarModels:
    """The star as the generator understands it: whatever is drawn can be used."""
    names: Mapping[str, TableName] = name_tables(found.tables)
    tables = {
        names[name].model: SourceTable(
            names[name].model, tuple(Column(each, kind) for each, kind in kinds.items())
        )
        for name, kinds in types_of(found).items()
    }
    file = parse_spec(json.dumps(drawn(found)), "star", STAR)
    return resolve_star(file, "star", tables.get, sorted(tables))


def columns(found: Findings) -> dict[str, list[str]]:
    """The columns of each model, by its name."""
    star = models(found)
    dimensions = {
        each.name: [
            *(each.surrogate_key, *(one.column.name for one in each.attributes)),
            *(one.name for one in each.outriggers),
        ]
        for each in star.dimensions
    }
    return dimensions | {
        each.name: [
            *(one.column.name for one in each.key),
            *(one.name for one in each.references),
            *(one.column.name for one in each.degenerate),
            *(one.attribute.column.name for one in each.measures),
        ]
        for each in star.facts
    }


CATEGORIES = table("categories", ["category_id", "name"], "category_id", role="dimension")
SUBCATEGORIES = table(
    "subcategories",
    ["subcategory_id", "name", "category_id", "last_update"],
    "subcategory_id",
    to("categories", "category_id", "category_id"),
    role="dimension",
)
PRODUCTS = table(
    "products",
    ["product_id", "name", "subcategory_id"],
    "product_id",
    to("subcategories", "subcategory_id", "subcategory_id"),
    role="dimension",
    hierarchies=(
        Hierarchy(
            "assortment",
            (
                Level("categories", "name"),
                Level("subcategories", "name"),
                Level("products", "product_id"),
            ),
            {},
        ),
    ),
)
ADDRESSES = table("addresses", ["id", "city"], "id", role="dimension")
CUSTOMERS = table("customers", ["id", "name"], "id", role="dimension")
ORDERS = table(
    "orders",
    [
        *("id", "customer", "bill_address_id", "ship_address_id"),
        *(column("ordered_at", "timestamp"), column("due_date", "date")),
        column("freight", "decimal(12,2)", additivity="additive"),
    ],
    "id",
    to("customers", "customer", "id", orphans=2),
    to("addresses", "bill_address_id", "id"),
    to("addresses", "ship_address_id", "id"),
    role="fact",
)
LINES = table(
    "order_lines",
    [
        *("order_id", "line", "product_id"),
        column("quantity", "integer", additivity="additive"),
        column("price", "decimal(12,2)", additivity="non-additive"),
        column("note"),
    ],
    key("order_id", "line"),
    to("orders", "order_id", "id"),
    to("products", "product_id", "product_id"),
    role="fact",
)
SHOP = findings(LINES, ORDERS, PRODUCTS, SUBCATEGORIES, CATEGORIES, CUSTOMERS, ADDRESSES)


def test_a_shop_becomes_two_facts_and_their_dimensions() -> None:
    assert list(columns(SHOP)) == [
        *("products_dim", "customers_dim", "addresses_dim"),
        *("order_lines_fact", "orders_fact"),
    ]


def test_a_snowflake_is_flattened_with_its_hierarchy() -> None:
    dimension = next(each for each in models(SHOP).dimensions if each.name == "products_dim")
    assert [each.column.name for each in dimension.attributes] == [
        *("product_id", "name", "subcategory_id", "subcategory_name", "category_id"),
        "category_name",
    ]
    assert dimension.hierarchies == (
        ("assortment", ("category_name", "subcategory_name", "product_id")),
    )


def test_a_part_of_a_longer_hierarchy_is_not_written_beside_it() -> None:
    def chain(name: str, *levels: tuple[str, str]) -> Hierarchy:
        return Hierarchy(name, tuple(Level(*each) for each in levels), {})

    names = ("categories", "name"), ("subcategories", "name"), ("products", "product_id")
    products = replace(
        PRODUCTS,
        hierarchies=(
            *(chain("upper", *names[:2]), chain("all", *names)),
            *(chain("lower", *names[1:]), chain("far", names[0], names[2])),
        ),
    )
    (dimension,) = drawn(findings(products, *SHOP.tables[3:5]))["dimensions"]
    assert [each["name"] for each in dimension["hierarchies"]] == ["all", "far"]


def test_a_hierarchy_that_rows_speak_against_is_not_written() -> None:
    dimensions = {each["name"]: each for each in drawn(SHOP, violations=2)["dimensions"]}
    assert "hierarchies" not in dimensions["products_dim"]


def test_a_line_has_its_own_keys_and_those_of_its_order() -> None:
    assert columns(SHOP)["order_lines_fact"] == [
        *("order_id", "line", "product_key"),
        *("customer_key", "bill_address_key", "ship_address_key"),
        *("ordered_date_key", "due_date_key", "note", "quantity", "price"),
    ]


def test_what_has_orphans_is_kept_beside_its_key() -> None:
    """The unknown member says that there is no customer; the column says which there is not."""
    orders = columns(SHOP)["orders_fact"]
    assert "customer" in orders
    assert "bill_address_id" not in orders
    # Of a time the day is a key, and the time itself stays.
    assert "ordered_at" in orders
    assert "due_date" not in orders


def test_a_key_that_is_called_id_gets_the_name_of_what_it_names() -> None:
    assert columns(SHOP)["customers_dim"] == ["customer_key", "customer_id", "name"]
    assert columns(SHOP)["orders_fact"][0] == "order_id"


def test_a_source_that_is_a_star_keeps_its_names() -> None:
    day = table("DimDate", ["DateKey", column("Day", "date")], "DateKey", role="dimension")
    account = table(
        "DimAccount",
        ["AccountKey", "ParentAccountKey", "Kind"],
        "AccountKey",
        to("DimAccount", "ParentAccountKey", "AccountKey"),
        role="dimension",
    )
    finance = table(
        "FactFinance",
        [
            "DateKey",
            "AccountKey",
            column("Amount", "decimal(12,2)", additivity="additive"),
            column("Date", "timestamp"),
        ],
        None,
        to("DimDate", "DateKey", "DateKey"),
        to("DimAccount", "AccountKey", "AccountKey"),
        role="fact",
    )
    found = columns(findings(day, account, finance))
    assert found["account_dim"] == [
        *("account_sk", "account_key", "parent_account_key", "kind", "parent_account_sk")
    ]
    assert found["finance_fact"] == [
        *("_batch_id", "_row_number", "date_sk", "account_sk", "date_key", "date", "amount")
    ]
    assert drawn(findings(day, account, finance))["calendar"] == {"name": "calendar_dim"}


def test_dimensions_that_name_each_other_keep_keys() -> None:
    store = table(
        "store",
        ["store_id", "manager_id"],
        "store_id",
        to("staff", "manager_id", "staff_id"),
        role="dimension",
    )
    staff = table(
        "staff",
        ["staff_id", "name", "store_id"],
        "staff_id",
        to("store", "store_id", "store_id"),
        role="dimension",
    )
    sale = table(
        "sale", ["sale_id", "staff_id"], "sale_id", to("staff", "staff_id", "staff_id"), role="fact"
    )
    found = columns(findings(store, staff, sale))
    assert found["store_dim"] == ["store_key", "store_id", "manager_id", "manager_key"]
    assert found["staff_dim"] == ["staff_key", "staff_id", "name", "store_id", "store_key"]
    assert found["sale_fact"] == ["sale_id", "staff_key"]


def test_a_line_has_what_its_header_has_before_what_few_lines_name() -> None:
    payer = table("payers", ["id", "name"], "id", role="dimension")
    stay = table(
        "stays",
        ["id", "payer_id", column("begun", "date")],
        "id",
        to("payers", "payer_id", "id"),
        role="fact",
    )
    treatment = table(
        "treatments",
        ["id", "stay_id", column("done", "date")],
        "id",
        to("stays", "stay_id", "id"),
        role="fact",
    )
    bill = table(
        "bills",
        ["id", "stay_id", "payer_id", column("billed", "date")],
        "id",
        to("stays", "stay_id", "id"),
        to("payers", "payer_id", "id"),
        role="fact",
    )
    for missing in (0, 3):
        line = table(
            "bill_lines",
            ["bill_id", "line", "treatment_id"],
            key("bill_id", "line"),
            replace(to("treatments", "treatment_id", "id"), nulls=missing),
            to("bills", "bill_id", "id"),
            role="fact",
        )
        found = models(findings(payer, stay, treatment, bill, line))
        (fact,) = (each for each in found.facts if each.name == "bill_lines_fact")
        relations = {join.name: join.on for join in fact.joins}
        assert relations["payers_dim"] == (("bills.payer_id", "payers_dim.payer_id"),)
        assert relations["stays"] == (("bills.stay_id", "stays.id"),)


def test_of_what_is_wide_in_two_roles_a_dimension_gets_the_keys() -> None:
    """Currencies are few columns, and are there twice; of chair and treasurer there are keys."""
    person = table("people", ["id", *(f"c{n}" for n in range(9))], "id", role="dimension")
    money = table("currencies", ["code", "label"], "code", role="dimension")
    club = table(
        "clubs",
        ["id", "chair_id", "treasurer_id", "pays", "earns"],
        "id",
        to("people", "chair_id", "id"),
        to("people", "treasurer_id", "id"),
        to("currencies", "pays", "code"),
        to("currencies", "earns", "code"),
        role="dimension",
    )
    assert columns(findings(club, person, money))["clubs_dim"] == [
        *("club_key", "club_id", "chair_id", "treasurer_id", "pays", "earns"),
        *("pays_label", "earns_label", "chair_key", "treasurer_key"),
    ]


def test_a_dimension_ends_at_a_hundred_columns() -> None:
    """What comes first is a part of it; of the rest there are keys."""
    wide = {
        name: table(name, ["id", *(f"{name}{n}" for n in range(36))], "id", role="dimension")
        for name in ("a", "b", "c")
    }
    centre = table(
        "things", ["id", "a", "b", "c"], "id", *(to(name, name, "id") for name in wide),
        role="dimension",
    )  # fmt: skip
    found = columns(findings(centre, *wide.values()))
    assert len(found["things_dim"]) == 78
    assert found["things_dim"][-1] == "c_key"
    assert "c_dim" in found


def test_what_only_links_hands_its_keys_on() -> None:
    film = table("film", ["film_id", "title"], "film_id", role="dimension")
    store = table("store", ["store_id", "city"], "store_id", role="dimension")
    copy = table(
        "inventory",
        ["inventory_id", "film_id", "store_id", column("last_update", "timestamp")],
        "inventory_id",
        to("film", "film_id", "film_id"),
        to("store", "store_id", "store_id"),
        role="dimension",
    )
    rental = table(
        "rental",
        ["rental_id", "inventory_id"],
        "rental_id",
        to("inventory", "inventory_id", "inventory_id"),
        role="fact",
    )
    found = columns(findings(film, store, copy, rental))
    assert found["rental_fact"] == ["rental_id", "film_key", "store_key", "inventory_id"]


def test_a_bridge_links_and_a_bridge_to_one_table_is_a_fact() -> None:
    tags = table("tags", ["tag", "colour"], "tag", role="dimension")
    link = table(
        "product_tags",
        ["product_id", "tag"],
        key("product_id", "tag"),
        to("products", "product_id", "product_id"),
        to("tags", "tag", "tag"),
        role="bridge",
    )
    found = columns(findings(PRODUCTS, SUBCATEGORIES, CATEGORIES, tags, link))
    assert found["product_tags_bridge"] == ["product_id", "tag", "product_key", "tag_key"]
    found = columns(findings(PRODUCTS, SUBCATEGORIES, CATEGORIES, link))
    assert found["product_tags_fact"] == ["product_id", "tag", "product_key"]


def test_a_bridge_with_a_day_or_something_to_add_up_is_a_fact() -> None:
    stock = table(
        "stock",
        ["product_id", "tag", column("pieces", "integer", additivity="semi-additive")],
        key("product_id", "tag"),
        to("products", "product_id", "product_id"),
        to("tags", "tag", "tag"),
        role="bridge",
    )
    tags = table("tags", ["tag", "colour"], "tag", role="dimension")
    assert "stock_fact" in columns(findings(PRODUCTS, SUBCATEGORIES, CATEGORIES, tags, stock))


def test_what_belongs_to_an_event_is_one() -> None:
    """Items without numbers or days of their own, which nothing else names."""
    items = table(
        "items",
        ["id", "order_id", "product_id"],
        "id",
        to("orders", "order_id", "id"),
        to("products", "product_id", "product_id"),
        role="dimension",
    )
    relations = drawn(findings(items, *SHOP.tables[1:]))["relations"]
    (relation,) = (one for one in relations if (one["model"], one["to"]) == ("items", "orders"))
    assert relation == {
        "model": "items",
        "columns": ["order_id"],
        "to": "orders",
        "to_columns": ["id"],
    }
    found = columns(findings(items, *SHOP.tables[1:]))
    assert found["items_fact"] == [
        *("item_id", "product_key", "customer_key", "bill_address_key", "ship_address_key"),
        *("ordered_date_key", "due_date_key", "order_id"),
    ]


def test_an_entity_without_a_day_is_no_event() -> None:
    """A track has a price and a length, and playlists and invoices speak of it."""
    album = table("album", ["album_id", "title"], "album_id", role="dimension")
    track = table(
        "track",
        ["track_id", "album_id", column("milliseconds", "integer", additivity="additive")],
        "track_id",
        to("album", "album_id", "album_id"),
        role="fact",
    )
    line = table(
        "line", ["line_id", "track_id"], "line_id", to("track", "track_id", "track_id"), role="fact"
    )
    assert sorted(columns(findings(album, track, line))) == ["line_fact", "track_dim"]


def test_what_is_wrong_in_findings_is_left_out() -> None:
    """Keys that rows speak against, tables and columns that are not there."""
    doubtful = table("customers", ["id", "name"], key("id", duplicates=3), role="dimension")
    found = findings(
        doubtful,
        table(
            "orders",
            ["id", "customer", column("paid", "integer", additivity="additive")],
            key("id", nulls=1),
            to("customers", "customer", "id"),
            to("nowhere", "customer", "id"),
            to("orders", "gone", "id"),
            role="fact",
        ),
    )
    assert columns(found) == {
        "orders_fact": ["_batch_id", "_row_number", "order_id", "customer", "paid"]
    }


def test_a_role_of_the_same_table_twice_is_told_apart() -> None:
    airports = table("airports", ["faa", "name"], "faa", role="dimension")
    airlines = table("airlines", ["carrier", "name"], "carrier", role="dimension")
    flights = table(
        "flights",
        ["carrier", "origin", "dest", column("flown", "date")],
        None,
        to("airlines", "carrier", "carrier"),
        to("airports", "origin", "faa"),
        to("airports", "dest", "faa"),
        role="fact",
    )
    assert columns(findings(airports, airlines, flights))["flights_fact"] == [
        *("_batch_id", "_row_number", "airline_key", "origin_key", "dest_key", "flown_date_key")
    ]


def test_a_role_is_called_by_what_tells_it_apart() -> None:
    """Each customer is known by company and number, and the company is the same."""
    customer = table("customers", ["firm", "nr"], key("firm", "nr"), role="dimension")
    order = table(
        "orders",
        ["id", "firm", "customer_nr", "payer", "receiver"],
        "id",
        to("customers", ("firm", "customer_nr"), ("firm", "nr")),
        to("customers", ("firm", "payer"), ("firm", "nr")),
        to("customers", ("firm", "receiver"), ("firm", "nr")),
        role="fact",
    )
    assert columns(findings(customer, order))["orders_fact"] == [
        *("order_id", "customer_key", "payer_key", "receiver_key")
    ]


def test_short_names_of_columns_mean_their_table() -> None:
    demographics = table(
        "customer_demographics", ["cd_demo_sk", "cd_a"], "cd_demo_sk", role="dimension"
    )
    sales = table(
        "store_sales",
        ["ss_ticket", "ss_cdemo_sk", column("ss_paid", "integer", additivity="additive")],
        "ss_ticket",
        to("customer_demographics", "ss_cdemo_sk", "cd_demo_sk"),
        role="fact",
    )
    found = columns(findings(demographics, sales))["store_sales_fact"]
    assert found == ["ss_ticket", "customer_demographics_key", "ss_paid"]


def test_an_open_database_becomes_the_star_that_one_knows() -> None:
    if not (DATA / "chinook").is_dir():
        pytest.skip("the open database chinook is not beside the project")
    found = columns(findings_of(DATA / "chinook"))
    assert sorted(found) == [
        *("customer_dim", "invoice_fact", "invoice_line_fact", "playlist_dim"),
        *("playlist_track_bridge", "track_dim"),
    ]
    line = found["invoice_line_fact"]
    assert {"track_key", "customer_key", "invoice_date_key", "quantity"} <= set(line)
    assert {"album_title", "artist_name", "genre_name"} <= set(found["track_dim"])
    assert "support_rep_last_name" in found["customer_dim"]
