"""Every fault that the truth tells of is in the files, and no other one is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.demo.conftest import Company

# How the truth calls a record, as an expression over the source's columns.
KEYS: Mapping[str, str] = {
    "pos": "transaction_id",
    "web": "line_id",
    "payments": "event_id",
    "crm": "customer_id || '@' || updated_at",
    "catalogue": "product_id || '@' || strftime(updated_at, '%Y-%m-%dT%H:%M:%SZ')",
    "events": "event_id",
    "support": "interaction_id || case resolution_status when 'open' then '@opened' else '@closed' end",
    "feedback": "feedback_id",
    "social": "mention_id",
    "logs": "log_id",
}
MAIL = "regexp_full_match(email, '[a-z]+\\.[a-z]+[0-9]+@(?i:example\\.(com|org|net))')"
DATE = "%Y-%m-%d %H:%M:%S"
# What is wrong with a record, in words of SQL.
INVALID: Mapping[tuple[str, str], str] = {
    ("pos", "price_zero"): "unit_price = '0.00'",
    ("pos", "price_negative"): "unit_price like '-%'",
    ("pos", "quantity_zero"): "quantity = '0'",
    ("pos", "total_mismatch"): "total_amount::decimal(12,2) <> quantity::int"
    " * unit_price::decimal(12,2) - discount::decimal(12,2) + tax::decimal(12,2)"
    " and quantity <> '0' and unit_price::decimal(12,2) > 0",
    ("pos", "currency_unknown"): "currency not in ('EUR', 'GBP', 'CHF', 'SEK', 'USD')",
    ("pos", "date_impossible"): f"occurred_at like '____-__-__ %' and try_strptime(occurred_at,"
    f" '{DATE}') is null",
    ("pos", "product_missing"): "product_id is null",
    ("web", "price_zero"): "item.unit_price = 0",
    ("web", "price_negative"): "item.unit_price < 0",
    ("web", "quantity_negative"): "item.quantity < 0 and kind = 'order'",
    ("web", "currency_missing"): "amounts.currency is null",
    ("web", "date_missing"): "placed_at is null",
    ("web", "product_missing"): "item.sku is null",
    ("payments", "amount_negative"): "amount_minor like '-%'",
    ("payments", "type_unknown"): "event_type not in"
    " ('authorised', 'captured', 'failed', 'refunded')",
    ("crm", "birth_in_future"): "birth_date::date > date '2025-06-30'",
    ("crm", "birth_placeholder"): "birth_date = '1900-01-01'",
    ("crm", "name_missing"): "last_name is null",
    ("crm", "tier_unknown"): "tier not in ('bronze', 'silver', 'gold', 'platinum')",
    ("crm", "mail_without_at"): "email not like '%@%' and email like '%.%'",
    ("crm", "mail_two_ats"): "email like '%@%@%'",
    ("crm", "mail_with_blank"): "email like '% %'",
    ("crm", "mail_without_host"): "email like '%@'",
    ("crm", "mail_text"): "email = 'n/a'",
    ("catalogue", "price_negative"): "price.amount < 0",
    ("catalogue", "price_zero"): "price.amount = 0",
    ("catalogue", "category_missing"): "category.l3 is null",
    ("catalogue", "cost_above_price"): "cost > abs(price.amount) and price.amount > 0",
    ("events", "type_missing"): "event_type is null",
    ("events", "time_in_future"): "timestamp >= timestamp '2025-07-01'",
    ("support", "response_before_opening"): "first_response_at < opened_at",
    ("support", "type_missing"): "type is null",
    ("feedback", "rating_out_of_range"): "rating::int not between 1 and 5",
    ("feedback", "text_missing"): "feedback_text is null",
    ("social", "text_missing"): "text is null",
}
FORMATS: Mapping[tuple[str, str], str] = {
    ("pos", "dotted"): "occurred_at like '__.__.____ %'",
    ("pos", "slashed"): "occurred_at like '__/__/____ %M'",
    ("pos", "iso_utc"): "occurred_at like '%T%Z'",
    ("web", "without_zone"): "placed_at like '____-__-__ %'",
    ("crm", "dotted"): "registration_date like '__.__.____'",
}
CUSTOMERS = "(select customer_id from crm)"
PRODUCTS = "(select product_id from catalogue)"
ORPHANS: Mapping[tuple[str, str], str] = {
    ("pos", "product_id"): f"product_id not in {PRODUCTS}",
    ("pos", "customer_id"): f"customer_id not in {CUSTOMERS}",
    ("web", "item.sku"): f"item.sku not in {PRODUCTS}",
    ("web", "customer.id"): f"customer.id not in {CUSTOMERS}",
    ("payments", "reference"): "reference not in (select id from facts)",
    ("feedback", "customer_id"): f"customer_id not in {CUSTOMERS}",
    ("support", "customer.id"): f"customer.id not in {CUSTOMERS}",
}


def test_every_kind_of_fault_is_known_here(company: Company) -> None:
    found = {(row["source"], row["kind"]) for row in company.truth("invalid_values")}
    assert found == set(INVALID)
    assert {(row["source"], row["format"]) for row in company.truth("date_formats")} == set(FORMATS)
    assert {(row["source"], row["field"]) for row in company.truth("orphans")} == set(ORPHANS)


@pytest.mark.parametrize(("source", "kind"), INVALID)
def test_invalid_values_are_those_of_the_truth(company: Company, source: str, kind: str) -> None:
    assert_same(company, source, INVALID[source, kind], f"invalid_values where kind = '{kind}'")


@pytest.mark.parametrize(("source", "kind"), FORMATS)
def test_date_formats_are_those_of_the_truth(company: Company, source: str, kind: str) -> None:
    assert_same(company, source, FORMATS[source, kind], f"date_formats where format = '{kind}'")


@pytest.mark.parametrize(("source", "field"), ORPHANS)
def test_orphans_are_those_of_the_truth(company: Company, source: str, field: str) -> None:
    assert_same(company, source, ORPHANS[source, field], f"orphans where field = '{field}'")
    assert_same(
        company, source, ORPHANS[source, field], f"orphans where field = '{field}'", value=field
    )


def assert_same(
    company: Company, source: str, wrong: str, truth: str, *, value: str | None = None
) -> None:
    """The records that are wrong so are those of the truth, each in the file that it names."""
    what = f", {value}" if value else ""
    found = company.rows(f"select {KEYS[source]} as record, file{what} from {source} where {wrong}")
    columns = "record, file" + (", value" if value else "")
    told = company.rows(f"select {columns} from truth_{truth} and source = '{source}'")
    assert len(told) >= 2
    assert sorted(found) == sorted(told)


JSON_KEYS: Mapping[str, Callable[[Any], str]] = {
    "web": lambda one: one["line_id"],
    "catalogue": lambda one: f"{one['product_id']}@{one['updated_at']}",
    "events": lambda one: one["event_id"],
    "support": lambda one: (
        f"{one['interaction_id']}@{'opened' if one['resolution_status'] == 'open' else 'closed'}"
    ),
    "social": lambda one: one["mention_id"],
    "logs": lambda one: one["log_id"],
}


def test_duplicates_are_the_same_line_twice_and_all_are_told(company: Company) -> None:
    found: Counter[tuple[str, str, str, str]] = Counter()
    for source in KEYS:
        places: dict[str, list[str]] = {}
        for total in company.demo.files:
            if total.source == source:
                text = (company.folder / total.file).read_text(encoding="utf-8")
                lines = text.split("\n")[1 if total.file.endswith(".csv") else 0 : -1]
                for line in lines:
                    places.setdefault(line, []).append(total.file)
        for line, files in places.items():
            if len(files) > 1:
                assert len(files) == 2
                if source in JSON_KEYS:
                    key = JSON_KEYS[source](json.loads(line))
                else:
                    cells = line.split(",")
                    key = f"{cells[0]}@{cells[-1]}" if source == "crm" else cells[0]
                found[source, key, files[0], files[1]] += 1
    told = company.truth("duplicates")
    assert found == Counter(
        (row["source"], row["record"], row["first_file"], row["again_file"]) for row in told
    )
    assert {row["source"] for row in told} == set(KEYS)
    # Some come with the same file, and some with a later one.
    same = sum(row["first_file"] == row["again_file"] for row in told)
    assert 0 < same < len(told)


def test_late_records_are_in_a_later_file_than_their_date(company: Company) -> None:
    late = company.truth("late_records")
    assert {"pos", "web", "crm", "events", "feedback"} <= {row["source"] for row in late}
    for row in late:
        assert row["file"] > row["expected_file"]
        assert row["sent_at"] > row["occurred_at"]
    # Of what the tills tell with an ordinary date, all that is in a later file is in the truth.
    found = company.rows(
        "select transaction_id, file from pos where try_strptime(occurred_at, '%Y-%m-%d %H:%M:%S')"
        " < strptime(regexp_extract(file, '([0-9-]{10}).csv', 1), '%Y-%m-%d')"
        " and (transaction_id, file) not in"
        " (select (record, again_file) from truth_duplicates where source = 'pos')"
    )
    assert sorted(found) == sorted((r["record"], r["file"]) for r in late if r["source"] == "pos")


def test_second_records_are_of_the_same_person_with_a_misspelt_name(company: Company) -> None:
    pairs = company.rows(
        "with first as (select customer_id, arg_min(struct_pack(first_name, last_name, birth_date,"
        " email, phone), updated_at) as one from crm where birth_date > '1901' and birth_date <"
        " '2020' and last_name is not null group by all)"
        " select kind, a.one, b.one from truth_customer_matches"
        " join first as a using (customer_id) join first as b on b.customer_id = same_as"
    )
    told = company.truth("customer_matches")
    assert len(told) >= 60
    assert len(pairs) > 0.9 * len(told)
    assert {kind for kind, _, _ in pairs} == {
        "swapped", "dropped", "doubled", "ascii", "short_first_name",
    }  # fmt: skip
    for kind, twin, first in pairs:
        assert twin["birth_date"] == first["birth_date"]
        names = (twin["first_name"], twin["last_name"]), (first["first_name"], first["last_name"])
        assert names[0] != names[1]
        assert (kind == "short_first_name") == (names[0][1] == names[1][1])
    shared = sum(twin["phone"] == first["phone"] for _, twin, first in pairs)
    assert 0.5 < shared / len(pairs) < 0.9
    # Both shop: what is known of a customer is spread over two records.
    assert company.value(
        "select count(*) from facts where customer_id in"
        " (select customer_id from truth_customer_matches)"
    )


def test_a_valid_address_belongs_to_one_customer_but_for_second_records(company: Company) -> None:
    shared = company.rows(
        f"select lower(email), list_sort(list(distinct customer_id)) from crm where {MAIL}"
        " group by all having count(distinct customer_id) > 1"
    )
    matches = {
        tuple(sorted((row["customer_id"], row["same_as"])))
        for row in company.truth("customer_matches")
    }
    assert len(shared) > 10
    assert all(tuple(ids) in matches for _, ids in shared)


def test_the_records_of_anomalies_are_in_the_files(company: Company) -> None:
    told = {(row["anomaly_id"], row["record"]) for row in company.truth("anomaly_records")}
    (glitch,) = (r for r in company.truth("anomalies") if r["kind"] == "price_glitch")
    (fraud,) = (r for r in company.truth("anomalies") if r["kind"] == "fraud_burst")
    between = "between '{starts_at}' and '{ends_at}'"
    cheap = company.rows(
        f"select id from facts where product_id = '{glitch['entity_id']}' and channel <> 'store'"
        f" and moment {between.format(**glitch)} and not is_refund"
    )
    assert {("A-3", row[0]) for row in cheap} == {one for one in told if one[0] == "A-3"}
    usual = company.value(
        f"select median(price) from facts where product_id = '{glitch['entity_id']}'"
    )
    assert (
        company.value(
            "select max(price) from facts where id in"
            " (select record from truth_anomaly_records where anomaly_id = 'A-3')"
        )
        < usual * 12 / 20
    )  # in kronor, ten times as many
    burst = company.rows(
        f"select id from facts where customer_id = '{fraud['entity_id']}'"
        f" and moment {between.format(**fraud)}"
    )
    assert {("A-4", row[0]) for row in burst} == {one for one in told if one[0] == "A-4"}
    assert len(burst) >= 24
