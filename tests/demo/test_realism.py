"""What a model should find in the data is there: each curve and habit by its own statistic."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from controlplane.demo.calendar import WEEK, yearly
from controlplane.demo.streams import Floats

if TYPE_CHECKING:
    from tests.demo.conftest import Company

GOOD_DATES = "day between '2024-07-01' and '2025-06-30' and not is_refund"


@pytest.fixture(scope="module")
def daily(company: Company) -> dict[str, Floats]:
    """Sales a day, and the factors that the truth tells, from the first day to the last."""
    rows = company.rows(
        "select day, count(*) filter (channel = 'store') from facts"
        f" where {GOOD_DATES} group by all order by all"
    )
    truth = company.truth("expected_sales")
    assert [row[0].isoformat() for row in rows] == [row["date"] for row in truth]
    columns = {
        key: np.asarray([float(row[key]) for row in truth]) for key in truth[0] if key != "date"
    }
    sold = company.rows(f"select count(*) from facts where {GOOD_DATES} group by day order by day")
    return {
        **columns,
        "sold": np.asarray([row[0] for row in sold], dtype=float),
        "in_store": np.asarray([row[1] for row in rows], dtype=float),
    }


@pytest.mark.parametrize("channel", ["store", "web", "mobile"])
def test_weekdays_differ_as_they_should(company: Company, channel: str) -> None:
    rows = company.rows(
        f"select isodow(day), count(*) from facts where {GOOD_DATES} and channel = '{channel}'"
        " group by all order by all"
    )
    share = np.asarray([row[1] for row in rows]) / sum(row[1] for row in rows)
    true = np.asarray(WEEK[channel]) / sum(WEEK[channel])
    assert np.abs(share / true - 1).max() < 0.10


def test_the_year_has_its_seasons(daily: dict[str, Floats]) -> None:
    rest = daily["sold"] / (daily["week"] * daily["trend"] * daily["demand"] * daily["anomaly"])
    days = [date(2024, 7, 1) + timedelta(days=day) for day in range(365)]
    true = np.asarray([yearly(one.timetuple().tm_yday) for one in days])
    assert np.allclose(true, daily["year"], atol=1e-4)
    assert np.corrcoef(np.log(rest), np.log(true))[0, 1] > 0.75
    assert rest[150:170].mean() / rest[210:260].mean() > 1.25


def test_business_grows(daily: dict[str, Floats], company: Company) -> None:
    rest = daily["sold"] / (daily["week"] * daily["year"] * daily["demand"] * daily["anomaly"])
    slope = np.polyfit(np.arange(365) / 365.25, np.log(rest), 1)[0]
    assert math.exp(slope) - 1 == pytest.approx(company.seasonality["trend_a_year"], abs=0.06)


def test_chance_alone_is_between_what_was_expected_and_what_was_sold(
    daily: dict[str, Floats],
) -> None:
    assert np.corrcoef(daily["sold"], daily["expected"])[0, 1] > 0.9
    # Lines of one basket come together, so the spread is more than that of single sales.
    spread = ((daily["sold"] - daily["expected"]) ** 2 / daily["expected"]).mean()
    assert 0.8 < spread < 2.0


def test_promotions_raise_the_sales_of_their_department(company: Company) -> None:
    sold: dict[tuple[str, date], int] = {
        (row[0], row[1]): row[2]
        for row in company.rows(
            "select l1, day, count(*) from facts join (select distinct product_id, category.l1 as l1"
            f" from catalogue) using (product_id) where {GOOD_DATES} group by all"
        )
    }
    departments = {name for name, _ in sold}
    ratios, truths = [], []
    for one in company.seasonality["promotions"]:
        if one["uplift"] < 0.5:
            continue
        first, last = (date.fromisoformat(one[key]) for key in ("first_date", "last_date"))
        during = [first + timedelta(days=day) for day in range((last - first).days + 1)]
        around = [first - timedelta(days=day) for day in range(1, 15)]
        around += [last + timedelta(days=day) for day in range(1, 15)]

        def odds(days: list[date], name: str) -> float:
            own = sum(sold.get((name, day), 0) for day in days)
            others = sum(sold.get((o, day), 0) for o in departments - {name} for day in days)
            return (own + 0.5) / (others + 0.5)

        ratios.append(odds(during, one["category_l1"]) / odds(around, one["category_l1"]))
        truths.append(1 + one["uplift"])
    assert len(ratios) >= 5
    assert sum(ratio > 1.15 for ratio in ratios) >= 0.85 * len(ratios)
    assert np.median(np.asarray(ratios) / np.asarray(truths)) == pytest.approx(1, abs=0.2)


def test_dearer_products_sell_less(company: Company) -> None:
    """The slope of sales over price within a product is about the elasticity that was put in."""
    rows = company.rows(
        """
        with versions as (
            select distinct product_id, category.l1 as l1, price.amount as price,
                greatest(updated_at::date, date '2024-07-01') as since,
                status, updated_at
            from catalogue
            where (product_id || '@' || strftime(updated_at, '%Y-%m-%dT%H:%M:%SZ')) not in
                (select record from truth_invalid_values where source = 'catalogue')
        ), periods as (
            select *, coalesce(lead(since) over (partition by product_id order by updated_at),
                date '2025-07-01') as until
            from versions
        )
        select l1, product_id, price, until - since as days,
            (select count(*) from facts where facts.product_id = periods.product_id
                and day >= since and day < until and not is_refund) as sold
        from periods where status = 'active' and until - since >= 21
        """
    )
    by_product: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for _, product, price, days, sold in rows:
        by_product[product].append((math.log(price), math.log((sold + 0.5) / days), sold + 1.0))
    up = down = 0.0
    for periods in by_product.values():
        price, rate, weight = (np.asarray(column) for column in zip(*periods, strict=True))
        price = price - np.average(price, weights=weight)
        up += float((weight * price * (rate - np.average(rate, weights=weight))).sum())
        down += float((weight * price**2).sum())
    true = company.seasonality["price_elasticity"].values()
    assert min(true) - 0.2 < up / down < max(true)
    assert up / down == pytest.approx(-1.6, abs=0.45)


def test_few_customers_buy_most(company: Company) -> None:
    bought = np.asarray(
        [
            row[0]
            for row in company.rows(
                f"select count(*) from facts where {GOOD_DATES} and customer_id is not null"
                " group by customer_id order by 1 desc"
            )
        ]
    )
    assert bought[: len(bought) // 100].sum() / bought.sum() > 0.10
    assert bought[: len(bought) // 5].sum() / bought.sum() > 0.6
    assert bought.mean() > 1.5 * np.median(bought)


def test_companions_are_bought_together(company: Company) -> None:
    together = company.value(
        """
        with lines as (select regexp_extract(id, '^W-[0-9]+') as basket, product_id from facts
            where channel <> 'store' and not is_refund)
        select avg((exists (select 1 from lines as other where other.basket = lines.basket
            and other.product_id = companion_id))::int)
        from lines join truth_companions using (product_id)
        where (select count(*) from lines as other where other.basket = lines.basket) > 1
        """
    )
    # By chance alone it would be about one in a hundred.
    assert together > 0.08


def test_products_sell_out_and_then_do_not_sell(company: Company) -> None:
    rows = dict(company.rows("select inventory_status, count(*) from inventory group by all"))
    assert 0.005 < rows["out_of_stock"] / sum(rows.values()) < 0.06
    assert (
        company.value(
            "select sum(sold::int) from inventory where inventory_status = 'out_of_stock'"
        )
        == 0
    )
    before = company.value(
        "with spans as (select product_id, snapshot_date::date as day, inventory_status as status,"
        " sold::int as sold, lead(inventory_status, 4) over w as later from inventory"
        " window w as (partition by product_id order by snapshot_date))"
        " select avg(sold) from spans where later = 'out_of_stock' and status <> 'out_of_stock'"
    )
    assert before > 0.3


def test_refunds_depend_on_the_department_and_the_channel(company: Company) -> None:
    share = dict(
        company.rows(
            "select l1, avg((id in (select refund_of from facts where is_refund))::int) from facts"
            " join (select distinct product_id, category.l1 as l1 from catalogue) using (product_id)"
            " where not is_refund and day < '2025-05-30' group by all"
        )
    )
    assert share["Fashion"] > 2 * share["Toys and Books"] > 2 * share["Food and Care"]
    shops = dict(
        company.rows(
            "select channel, avg((id in (select refund_of from facts where is_refund))::int)"
            " from facts where not is_refund and day < '2025-05-30' group by all"
        )
    )
    assert shops["web"] > 1.3 * shops["store"]


def test_several_currencies_at_rates_that_move(company: Company) -> None:
    shares = dict(company.rows("select currency, count(*) from facts group by all"))
    assert {"EUR", "GBP", "CHF", "SEK", "USD"} <= shares.keys()
    rates = np.asarray(
        [
            float(r[0])
            for r in company.rows(
                "select rate from rates where currency = 'GBP' order by rate_date"
            )
        ]
    )
    moves = np.diff(np.log(rates))
    assert len(rates) == 365
    assert 0.002 < moves.std() < 0.007
    assert abs(rates.mean() / 0.86 - 1) < 0.08


def test_anonymous_and_known_buyers(company: Company) -> None:
    shares = dict(
        company.rows("select channel, avg((customer_id is null)::int) from facts group by all")
    )
    assert shares["store"] == pytest.approx(0.38, abs=0.03)
    assert shares["mobile"] < 0.02


def test_customers_change(company: Company) -> None:
    versions = company.rows(
        "select count(distinct address), count(distinct email), count(distinct tier),"
        " count(distinct marketing_consent) from crm group by customer_id"
    )
    for column, least in enumerate((0.04, 0.02, 0.04, 0.04)):
        assert sum(row[column] > 1 for row in versions) / len(versions) > least
    assert company.value(
        "select count(*) from (select product_id from catalogue where price.amount > 0"
        " group by all having count(distinct price.amount) > 1)"
    ) > 0.5 * company.value("select count(distinct product_id) from catalogue")


# --- leaving -----------------------------------------------------------------------------------


def test_who_left_buys_no_more(company: Company) -> None:
    left = company.value("select count(*) from truth_churn where churned_on is not null")
    assert 0.12 < left / company.value("select count(*) from truth_churn") < 0.26
    assert (
        company.value(
            "select count(*) from facts join truth_churn using (customer_id)"
            " where not is_refund and day >= churned_on::date"
        )
        == 0
    )


def test_who_is_about_to_leave_buys_less_and_less(company: Company) -> None:
    late, early = company.rows(
        "select count(*) filter (churned_on::date - day between 1 and 40),"
        " count(*) filter (churned_on::date - day between 81 and 120) from facts"
        " join truth_churn using (customer_id) where not is_refund"
        " and churned_on::date > date '2024-11-01' and churned_on::date < date '2025-06-01'"
        " and customer_id in (select customer_id from crm where registration_date < '2024')"
    )[0]
    assert late < 0.6 * early


def test_who_leaves_was_unhappy_and_had_no_answer(company: Company) -> None:
    leaving, staying = (
        company.value(
            "select avg(rating::int) from feedback join truth_churn using (customer_id)"
            f" where rating::int <= 5 and {which}"
        )
        for which in (
            "churned_on::date - submitted_at::date between 0 and 75", "churned_on is null",
        )
    )  # fmt: skip
    assert leaving < staying - 1
    unsolved = dict(
        company.rows(
            "select churned_on is not null, avg((resolution_status = 'unresolved')::int)"
            " from support join truth_churn on truth_churn.customer_id = support.customer.id"
            " where resolution_status <> 'open' group by all"
        )
    )
    assert unsolved[True] > 2 * unsolved[False]


def test_who_leaves_looks_in_less_often(company: Company) -> None:
    visits = dict(
        company.rows(
            "select churned_on is not null, sum(coalesce(visits, 0)) / count(*) from truth_churn"
            " left join (select customer_id, count(distinct session_id) as visits from events"
            " where weight > 1 group by all) using (customer_id) group by all"
        )
    )
    assert visits[True] < 0.6 * visits[False]


# --- what went wrong ---------------------------------------------------------------------------


def test_the_spike_and_the_outage_stand_out(company: Company) -> None:
    anomalies = {row["kind"]: row for row in company.truth("anomalies")}
    assert list(anomalies) == [
        "revenue_spike", "regional_outage", "price_glitch", "fraud_burst", "refund_wave",
    ]  # fmt: skip
    spike = date.fromisoformat(anomalies["revenue_spike"]["starts_at"][:10])
    days = dict(
        company.rows(
            f"select day, sum(total)::double from facts where {GOOD_DATES} and channel in ('web', 'mobile')"
            " group by all"
        )
    )
    around = [days[spike + timedelta(days=7 * week)] for week in (-2, -1, 1, 2)]
    assert days[spike] > 1.6 * max(around)
    outage = anomalies["regional_outage"]
    first = date.fromisoformat(outage["starts_at"][:10])
    sales = dict(
        company.rows(
            f"select day, count(*) from facts where {GOOD_DATES} and region = '{outage['entity_id']}'"
            " group by all"
        )
    )
    usual = [sales[first + timedelta(days=7 * week)] for week in (-2, -1, 1, 2)]
    assert sales.get(first, 0) < 0.3 * min(usual)


def test_a_bad_lot_comes_back(company: Company) -> None:
    (wave,) = (row for row in company.truth("anomalies") if row["kind"] == "refund_wave")
    share = dict(
        company.rows(
            f"select day between '{wave['starts_at'][:10]}' and '{wave['ends_at'][:10]}',"
            " avg((id in (select refund_of from facts where is_refund))::int) from facts"
            f" where product_id = '{wave['entity_id']}' and not is_refund group by all"
        )
    )
    assert share[True] > 2.5 * share[False]


def test_a_burst_of_fraud_has_many_declined_cards(company: Company) -> None:
    failed, usual = (
        company.value(
            "select count(*) filter (event_type = 'failed') / count(distinct reference) from payments"
            f" where reference {which} (select record from truth_anomaly_records"
            " where anomaly_id = 'A-4') and method = 'card'"
        )
        for which in ("in", "not in")
    )
    assert failed > 1
    assert usual < 0.05


# --- the web, the help desk and words ----------------------------------------------------------


def test_visits_are_counted_and_sampled_honestly(company: Company) -> None:
    sessions, orders, bounced = company.rows(
        "select sum(sessions::int), sum(orders::int), sum(bounced::int) from sessions"
    )[0]
    assert 0.02 < orders / sessions < 0.04
    assert 0.3 < bounced / sessions < 0.5
    told = company.value(
        "select sum(weight) from (select session_id, max(weight) as weight from events group by all)"
    )
    assert told == pytest.approx(sessions, rel=0.02)
    assert orders == company.value(
        "select count(distinct order_id) from web where channel in ('web', 'mobile')"
        " and kind = 'order'"
    )
    buying = company.value("select count(*) from events where weight = 1")
    assert 3 <= buying / orders <= 5


def test_an_order_has_the_events_that_lead_to_it(company: Company) -> None:
    steps = company.rows(
        "select list_sort(list(distinct event_type)) as steps, count(*) from (select distinct"
        " session_id, event_type, weight from events where event_type is not null)"
        " where weight = 1 group by session_id"
    )
    complete = sum({"add_to_cart", "checkout", "purchase"} <= set(row[0]) for row in steps)
    assert complete == len(steps)
    wrong = company.value(
        "select count(*) from (select event_data.order_id as id, max(event_data.value) as value"
        " from events where event_type = 'purchase' group by all) join (select order_id as id,"
        " sum(amounts.total) as total from (select distinct * exclude (file) from web"
        " where kind = 'order') group by all) using (id) where abs(value - total) > 0.001"
    )
    assert wrong == 0


def test_words_go_with_the_marks_most_of_the_time(company: Company) -> None:
    rows = company.rows(
        "select label, rating_agrees, rating::int, count(*) from truth_sentiment join (select"
        " distinct feedback_id, rating from feedback where rating::int <= 5) using (feedback_id)"
        " where source = 'feedback' group by all"
    )
    agree = sum(
        count
        for label, _, rating, count in rows
        if label == ("negative" if rating < 3 else "neutral" if rating == 3 else "positive")
    )
    total = sum(row[-1] for row in rows)
    assert 0.93 < agree / total < 0.99
    assert total - agree == sum(row[-1] for row in rows if row[1] == "no")
    assert {row["language"] for row in company.truth("sentiment")} == {"en", "de", "fr", "es"}
    assert all(
        (float(row["polarity"]) > 0.3) == (row["label"] == "positive")
        and (float(row["polarity"]) < -0.3) == (row["label"] == "negative")
        for row in company.truth("sentiment")
    )


def test_texts_differ(company: Company) -> None:
    texts = company.value("select count(distinct feedback_text) from feedback")
    assert texts > 0.7 * company.value("select count(distinct feedback_id) from feedback")


def test_contacts_are_opened_answered_and_closed_in_this_order(company: Company) -> None:
    wrong = company.value(
        "select count(*) from support where (first_response_at < opened_at or resolved_at <"
        " first_response_at) and (interaction_id || '@closed') not in"
        " (select record from truth_invalid_values where source = 'support')"
    )
    assert wrong == 0
    states = dict(company.rows("select resolution_status, count(*) from support group by all"))
    assert states.keys() == {"open", "resolved", "unresolved"}
    assert states["open"] > states["resolved"] > 3 * states["unresolved"]
    escalated = dict(
        company.rows(
            "select resolution_status, avg(escalated::int) from support"
            " where resolution_status <> 'open' group by all"
        )
    )
    assert escalated["unresolved"] > 3 * escalated["resolved"]


def test_logs_show_agents_that_sometimes_fail(company: Company) -> None:
    failed = company.value("select avg((status <> 'success')::int) from logs")
    assert 0.005 < failed < 0.05
    assert (
        company.value(
            "select count(*) from logs where (status = 'success') <> (error_details is null)"
        )
        == 0
    )
    assert company.value("select count(distinct layer) from logs") == 4


def test_campaigns_go_through_their_states(company: Company) -> None:
    states = defaultdict(list)
    for campaign, status in company.rows(
        "select campaign_id, status from campaigns order by updated_at"
    ):
        states[campaign].append(status)
    allowed = (["planned", "active", "completed"], ["planned", "cancelled"])
    for found in states.values():
        assert any(found == whole[: len(found)] for whole in allowed)
    assert ["planned", "cancelled"] in states.values()
    clicks, seen, over = company.rows(
        "select sum(clicks::bigint), sum(impressions::bigint),"
        " count(*) filter (conversions::int > clicks::int) from performance"
    )[0]
    assert 0.005 < clicks / seen < 0.05
    assert over == 0
    assert list(itertools.chain(*states.values())).count("active") > 10
