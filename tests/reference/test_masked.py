"""A warehouse with masking on: nobody is to be recognised in it, and the same are still the same."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.demo import Scope, make_demo
from tests.reference.conftest import WITHOUT_TESTS, Reference, _project

pytestmark = pytest.mark.slow
SALT = "a-salt-that-must-not-be-found-anywhere"
MASKED = ("--", "--vars", "mask_pii: true")
# Raw tables keep what the source sent, and these views show it.
SHOWS_RAW = ("raw_", "load_")
PLACES = frozenset({"city", "region", "country", "postcode"})


@pytest.fixture
def masked(tmp_path: Path) -> Reference:
    """The reference warehouse, masked from its first load on."""
    target = "duckdb"
    environment = {
        "DATABANK_TARGET": target,
        "DATABANK_DUCKDB_PATH": "warehouse.duckdb",
        "DATABANK_PII_SALT": SALT,
    }
    scope = Scope(scale=0.05, days=120, seed=7, deliveries=1)
    make_demo(scope, tmp_path / "demo")
    reference = _project(tmp_path / "project", target, environment, scope)
    reference.deliver(tmp_path / "demo", 0)
    reference.run(*WITHOUT_TESTS, *MASKED)
    return reference


def values_of(reference: Reference) -> Iterator[tuple[str, str, str]]:
    """Table, column or key, and text of every value that tells of somebody."""

    def inside(name: str, value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, str) and value[:1] in "{[":
            try:
                value = json.loads(value)
            except ValueError:
                yield name, str(value)
                return
        if isinstance(value, dict):
            for key, item in value.items():
                yield from inside(key, item)
        elif isinstance(value, list):
            for item in value:
                yield from inside(name, item)
        elif value is not None:
            yield name, str(value)

    for schema, table in sorted(reference.target.relations()):
        if schema not in ("bronze", "silver", "gold") or table.startswith(SHOWS_RAW):
            continue
        names = [name for name, _ in reference.target.columns(schema, table)]
        for row in reference.rows(f"select * from {schema}.{table}"):
            for name, cell in zip(names, row, strict=True):
                for key, text in inside(name, cell):
                    yield table, key, text


def test_nobody_is_recognised_and_who_is_the_same_still_is(masked: Reference) -> None:
    records: list[dict[str, str]] = []
    for file in sorted((masked.root / "data/demo/crm").glob("*.csv")):
        with file.open(encoding="utf-8") as lines:
            records += csv.DictReader(lines)
    names = {record[key].strip() for record in records for key in ("first_name", "last_name")}
    unique = {record[key].strip() for record in records for key in ("email", "phone")}
    unique |= {json.loads(record["address"])["street"] for record in records if record["address"]}
    unique |= {value.lower() for value in unique}
    births = {record["birth_date"] for record in records} - {""}
    names, unique = names - {""}, unique - {"", "n/a"}
    assert len(names) > 100
    assert len(unique) > 1000

    found, seen = set(), set()
    for table, key, text in values_of(masked):
        seen.add(table)
        named = "customer" in table and key not in PLACES and text in names
        born = key == "birth_date" and text in births and not text.endswith("-01-01")
        if named or born or text in unique:
            found.add((table, key, text))
    assert found == set()
    assert {"scout_raw_customers", "scout_clean_customers", "customers_dim"} <= seen

    count = (
        "select count(*), count(case when pii_masked then 1 end) from bronze.scout_raw_customers"
    )
    assert masked.rows(count) == [(len(records), len(records))]
    # What was wrong is known, though what it was cannot be seen.
    wrong = "select count(*) from bronze.scout_raw_customers where 'email' = any(quality_flags)"
    assert masked.rows(wrong)[0][0] > 0
    typed = "select count(phone), count(email), count(birth_date) from silver.scout_clean_customers"
    assert min(masked.rows(typed)[0]) > 0.8 * len({record["customer_id"] for record in records})

    crosswalk = "select customer_id_given, customer_id from silver.scout_customer_crosswalk"
    same = {frozenset(pair) for pair in masked.rows(crosswalk) if pair[0] != pair[1]}
    with (masked.root.parent / "demo/truth/customer_matches.csv").open(encoding="utf-8") as lines:
        kinds = {
            frozenset((row["customer_id"], row["same_as"])): row["kind"]
            for row in csv.DictReader(lines)
        }
    assert same <= set(kinds)
    # A name without one of its letters is another name; other slips make no difference.
    missed = {pair: kind for pair, kind in kinds.items() if pair not in same}
    assert len(kinds) > 10
    assert len(missed) <= 0.4 * len(kinds)
    assert [kind for kind in missed.values() if kind != "dropped"] == []

    written = [path for path in masked.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sql" and "compiled" in path.parts for path in written)
    assert [path for path in written if SALT.encode() in path.read_bytes()] == []
