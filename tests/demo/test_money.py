"""Money is exact to the cent, and the sums that the truth tells are those of the files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.demo.conftest import Company

# Planted on purpose: there the amounts do not add up.
ODD = """(select record from truth_invalid_values where kind in ('price_zero', 'price_negative',
    'quantity_zero', 'quantity_negative', 'total_mismatch'))"""


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file, numbers as exact decimals."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            yield from csv.DictReader(file)
        else:
            yield from (json.loads(line, parse_float=Decimal) for line in file)


def test_each_file_holds_what_the_truth_says(company: Company) -> None:
    told = {row["file"]: row for row in company.truth("files")}
    on_disk = {
        path.relative_to(company.folder).as_posix(): path
        for path in company.folder.rglob("*_????-??-??.*")
    }
    assert told.keys() == on_disk.keys()
    for name, row in told.items():
        path = on_disk[name]
        sums = {column: Decimal(0) for column in json.loads(row["sums"])}
        count = 0
        for record in records(path):
            count += 1
            for column in sums:
                value: Any = record
                for part in column.split("."):
                    value = value.get(part) or 0
                sums[column] += Decimal(value)
        assert (count, path.stat().st_size) == (int(row["records"]), int(row["bytes"])), name
        assert sums == {c: Decimal(total) for c, total in json.loads(row["sums"]).items()}, name
        assert row["first_date"] == name.rpartition("_")[2][:10]


def test_the_total_is_what_the_parts_make(company: Company) -> None:
    wrong = "from facts where total <> quantity * price - discount + tax"
    assert company.value(f"select count(*) {wrong} and id not in {ODD}") == 0
    assert company.value(f"select count(*) {wrong}") == company.value(
        f"select count(*) from facts where id in {ODD}"
    )


def test_tax_is_the_rate_of_the_region(company: Company) -> None:
    off = company.value(
        "select max(abs(tax - (quantity * price - discount) * rate)) from facts join (values"
        " ('Germany North', 0.19), ('Spain', 0.21), ('Switzerland', 0.081)) as r(region, rate)"
        f" using (region) where id not in {ODD}"
    )
    assert off <= Decimal("0.005")


def test_a_refund_takes_back_what_was_paid_days_later(company: Company) -> None:
    backs, wrong, soonest, longest = company.rows(
        "select count(*), count(*) filter (back.total <> -sale.total or back.quantity <>"
        " -sale.quantity or back.product_id <> sale.product_id), min(back.day - sale.day),"
        " max(back.day - sale.day) from facts as back join facts as sale on sale.id = back.refund_of"
        f" where sale.id not in {ODD}"
    )[0]
    assert backs == company.value("select count(*) from facts where is_refund")
    assert backs > 1_000
    assert wrong == 0
    assert soonest >= 2
    assert longest > 20


def test_payments_are_what_the_sales_cost(company: Company) -> None:
    wrong = company.rows(
        "with events as (select distinct * exclude (file) from payments)"
        " select event_id from events join facts on facts.id = reference"
        " where amount_minor::int <> abs(total * 100) and amount_minor::int > 0"
        f" and facts.id not in {ODD}"
    )
    assert wrong == []
    unpaid = company.value(
        "select count(*) from facts where not is_refund and method in ('card', 'wallet')"
        " and day < date '2025-06-27' and id not in (select reference from payments)"
    )
    # Those whose event names a transaction that nobody knows.
    lost = company.value("select count(*) from truth_orphans where source = 'payments'")
    assert unpaid <= lost


def test_stock_adds_up_from_day_to_day(company: Company) -> None:
    wrong = company.value(
        "with days as (select product_id, on_hand::int as on_hand, received::int + adjusted::int"
        " - sold::int as moved, lag(on_hand::int) over (partition by product_id order by"
        " snapshot_date) as before from inventory)"
        " select count(*) from days where on_hand <> before + moved or on_hand < 0"
    )
    assert wrong == 0
    # Sold is what the tills and the web shop sold; a wrong quantity or product is theirs alone.
    assert company.value("select sum(sold::int) from inventory") == company.value(
        "select sum(abs(quantity)) from facts where not is_refund"
    ) + company.value(
        "select round(sum((total - tax + discount) / price)) from facts where id in (select record"
        " from truth_invalid_values where kind = 'quantity_zero')"
    )


def test_attributed_revenue_is_that_of_the_sales_in_euro(company: Company) -> None:
    """By campaign; those are left out in which a sale is told wrongly."""
    rows = company.rows(
        """
        with sold as (
            select campaign_id, count(*) as conversions,
                sum(round(total / coalesce(rate::double, 1), 2)) as revenue
            from facts
            left join rates on rates.currency = facts.currency and rate_date::date = day
            where campaign_id is not null and not is_refund
            group by all
            having not bool_or(id in (select record from truth_invalid_values))
        ), told as (
            select campaign_id, sum(conversions::int) as conversions,
                sum(revenue::double) as revenue
            from performance group by all
        )
        select told.conversions, sold.conversions, told.revenue, sold.revenue
        from told join sold using (campaign_id)
        """
    )
    assert len(rows) >= 5
    for told, sold, told_revenue, revenue in rows:
        assert told == sold > 0
        assert abs(told_revenue - revenue) < 0.015
