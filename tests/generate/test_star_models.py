"""A star's spec, the silver models that it is made of, and the exact models that they give.

DATABANK_UPDATE_GOLDEN=1 writes the files anew, to be reviewed like any other change.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from controlplane.errors import SpecError
from controlplane.generate.star_resolution import resolve_star
from controlplane.generate.star_source import SourceTable
from controlplane.generate.stars import files_of
from controlplane.specs.files import STAR, parse_spec
from controlplane.sql import Column

ROOT = Path(__file__).parents[2]
CASE = ROOT / "tests" / "golden" / "star_shop"
PATH = "specs/stars/shop.yml"


def tables() -> dict[str, SourceTable]:
    known = json.loads((CASE / "tables.json").read_text(encoding="utf-8"))
    return {
        name: SourceTable(name, tuple(Column(each, kind) for each, kind in columns.items()))
        for name, columns in known.items()
    }


def files(text: str) -> dict[str, str]:
    found = tables()
    star = resolve_star(parse_spec(text, PATH, STAR), PATH, found.get, sorted(found))
    return files_of(star, found)


SPEC = (CASE / "star.yml").read_text(encoding="utf-8")


def problems(old: str, new: str) -> str:
    """What is said of the shop's star with one text in the place of another."""
    assert old in SPEC
    with pytest.raises(SpecError) as caught:
        files(SPEC.replace(old, new))
    return caught.value.message


def test_a_star_gives_exactly_the_files_that_were_reviewed() -> None:
    written = files(SPEC)
    if os.environ.get("DATABANK_UPDATE_GOLDEN"):
        for path in CASE.glob("models/**/*.*"):
            path.unlink()
        for name, text in written.items():
            (CASE / name).parent.mkdir(parents=True, exist_ok=True)
            (CASE / name).write_text(text, encoding="utf-8")
    kept = sorted(path for path in CASE.glob("models/**/*.*") if path.is_file())
    assert sorted(written) == [path.relative_to(CASE).as_posix() for path in kept]
    for path in kept:
        name = path.relative_to(CASE).as_posix()
        assert written[name] == path.read_text(encoding="utf-8"), name


def test_a_line_has_the_keys_of_its_order() -> None:
    fact = files(SPEC)["models/gold/order_lines_fact.sql"]
    for key in ("customer_key", "bill_address_key", "ship_address_key", "placed_date_key"):
        assert f" as {key}" in fact
    assert "left join orders\n        on order_lines.order_id = orders.order_id" in fact


def test_keys_of_other_types_are_compared_as_text() -> None:
    dimension = files(SPEC)["models/gold/addresses_dim.sql"]
    assert "cast(addresses.city_code as text) = cast(cities.code as text)" in dimension


def test_columns_of_what_lies_behind_have_its_name_before_them() -> None:
    """The name of a category is category_name; a city's city is a city, and its code a code."""
    written = files(SPEC)
    product = written["models/gold/products_dim.sql"]
    assert "subcategories.name as subcategory_name" in product
    assert "categories.name as category_name" in product
    assert "        subcategories.category_id," in product
    assert "        cities.city,\n" in written["models/gold/addresses_dim.sql"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "model: tags\n",
            "model: tag\n",
            f"{PATH}:21: dimensions[3].model: no process writes the model 'tag' (has: addresses,"
            " categories, cities, customers, order_lines, orders, product_tags, products,"
            " subcategories, tags, visits). Did you mean 'tags'?",
        ),
        (
            "column: quantity",
            "column: quantty",
            f"{PATH}:39: facts[1].measures[0].column: order_lines: no column 'quantty' (has: order_id,"
            " line_no, product_id, quantity, price_usd, stock_after, note). Did you mean 'quantity'?",
        ),
        (
            "column: quantity",
            "column: note",
            "facts[1].measures[0].column: 'note' is text, and a measure is a number",
        ),
        (
            "column: placed_at",
            "column: order_id",
            "facts[0].dates[0].column: 'order_id' is integer, not a date or timestamp",
        ),
        (
            "levels: [category_name,",
            "levels: [categry_name,",
            "dimensions[2].hierarchies[0].levels[0]: no column 'categry_name' (has: product_id,",
        ),
        (
            "columns: [customer_id], to: customers }\n  - { model: orders, columns: [bill",
            "columns: [customer_id], to: cities, to_columns: [code] }\n"
            "  - { model: orders, columns: [bill",
            "relations[2].to: no dimension or fact is made of 'cities', so 'orders_fact' gets no key",
        ),
        (
            "role: ship_address }",
            "role: bill_address }",
            "relations[4].role: 'orders_fact' has a key 'bill_address_key' already; give this one a",
        ),
        (
            "{ model: order_lines, columns: [order_id], to: orders }",
            "{ model: order_lines, columns: [order_id], to: orders, to_columns: [customer_id] }",
            "relations[0].to_columns: are not the key of 'orders_fact'",
        ),
        (
            "flatten: false",
            "flatten: true",
            "relations[5].flatten: 'customers' cannot be flattened into itself",
        ),
        ("leave_out: [updated_at]", "leave_out: [updated]", "leave_out[0]: no column 'updated'"),
        ("names: { name: customer_name }", "names: { nam: x }", "names.nam: no column 'nam'"),
        (
            "names: { name: customer_name }",
            "names: { name: customer_id }",
            "another column is called 'customer_id' already",
        ),
        (
            "names: { line_no: order_line_number }",
            "names: { quantity: pieces }",
            "facts[1].names.quantity: no column 'quantity' (has: order_id, line_no, note)",
        ),
        (
            "names: { line_no: order_line_number }",
            "names: { line_no: note }",
            "'order_lines_fact' has a column 'note' already",
        ),
        (
            "model: visits, columns: [customer_id]",
            "model: visitors, columns: [customer_id]",
            "relations[11].model: no part of the star is made of 'visitors'",
        ),
        ("- name: visits_fact", "- name: orders_fact", "facts[2].name: another model of the star"),
        (
            "  - { model: product_tags, columns: [tag], to: tags }\n",
            "",
            "bridges[0].model: 'product_tags' has 1 of the relations that a bridge needs",
        ),
        (
            "    surrogate_key: tag_key",
            "    surrogate_key: tag",
            "dimensions[3].key[0]: 'tag' is what the surrogate key would be called",
        ),
        (
            "columns: [tag], to: tags }",
            "columns: [tag], to: tags, to_columns: [tag, tag] }",
            "relations[10].to_columns: has 2 columns, and `columns` 1",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_place(old: str, new: str, said: str) -> None:
    assert said in problems(old, new)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        files(SPEC.replace("column: quantity", "column: pieces").replace("[tag]\n", "[tags]\n", 1))
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["dimensions[3].key[0]", "facts[1].measures[0].column"]
