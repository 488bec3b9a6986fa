"""What may be wrong with campaigns and with what they did."""

from __future__ import annotations

from tests.reference.mutations.mutation import (
    Again,
    Booked,
    Change,
    Missing,
    Quarantined,
    Repeated,
    mutation,
    patched,
)

CAMPAIGNS = (
    mutation(
        "campaigns",
        "ends before it begins",
        Change(patched("period", end="2001-01-01")),
        Quarantined("period.end"),
    ),
    mutation(
        "campaigns",
        "a broken date",
        Change(patched("period", start="2025-02-31")),
        Quarantined("period.start"),
    ),
    mutation(
        "campaigns",
        "a negative budget",
        Change(patched("budget", total=-1)),
        Quarantined("budget.total"),
    ),
    mutation(
        "campaigns",
        "a budget in pounds",
        Change(patched("budget", currency="GBP")),
        Quarantined("budget.currency"),
    ),
    mutation(
        "campaigns",
        "channels that are no list",
        Change("channels = '\"all\"'"),
        Quarantined("channels"),
    ),
    mutation(
        "campaigns",
        "a status that nobody knows",
        Change("status = 'secret'"),
        Quarantined("status"),
    ),
    mutation("campaigns", "no key", Change("campaign_id = null"), Quarantined("campaign_id")),
    mutation(
        "campaigns",
        "a change of 2099",
        Change("updated_at = '2099-01-01T00:00:00Z'"),
        Quarantined("updated_at"),
    ),
    mutation("campaigns", "the same state again", Again(), Repeated(("scout_clean_campaigns",))),
)

SETTLED = "difference = 0 and booked_sales > 0"
SETTLED_DAYS = (
    "date || campaign_id in"
    f" (select date || campaign_id from silver.scout_campaign_reconciliation where {SETTLED})"
)

PERFORMANCE = (
    mutation(
        "performance",
        "more clicks than impressions",
        Change("clicks = '999999999'"),
        Quarantined("clicks"),
    ),
    mutation("performance", "a negative spend", Change("spend = '-0.01'"), Quarantined("spend")),
    mutation("performance", "spent in yen", Change("currency = 'JPY'"), Quarantined("currency")),
    mutation("performance", "no medium", Change("channel = null"), Quarantined("channel")),
    mutation("performance", "a broken date", Change("date = '2025-06-31'"), Quarantined("date")),
    mutation("performance", "a day of 2099", Change("date = '2099-06-01'"), Quarantined("date")),
    mutation(
        "performance",
        "a campaign that nobody ran",
        Change("campaign_id = 'K-0'"),
        Booked("scout_campaign_performance", "campaign_id"),
    ),
    mutation(
        "performance",
        "a negative revenue",
        Change("revenue = '-1.00'"),
        "scout_campaign_performance satisfies revenue >= 0",
    ),
    mutation(
        "performance",
        "more conversions than clicks",
        Change("conversions = cast(cast(clicks as integer) + 1 as varchar)"),
        "scout_campaign_performance satisfies conversions between 0 and clicks",
    ),
    mutation(
        "performance",
        "revenue that was not booked",
        Change(
            "revenue = cast(cast(revenue as decimal(12,2)) + 0.01 as varchar)", where=SETTLED_DAYS
        ),
        "scout_campaign_reconciliation satisfies difference = 0 or platform_conversions <> booked_sales",
    ),
    mutation(
        "performance",
        "a sale that the platform forgot",
        Change(
            "conversions = cast(cast(conversions as integer) - 1 as varchar)", where=SETTLED_DAYS
        ),
        "campaign_revenue_reconciles",
    ),
    mutation(
        "performance",
        "forty sales that nobody made",
        Change(
            "conversions = cast(cast(conversions as integer) + 40 as varchar)",
            where="cast(clicks as integer) > 100",
        ),
        "campaign_revenue_reconciles",
    ),
    mutation(
        "performance",
        "a day that was never sent",
        Missing(
            "date || campaign_id ="
            f" (select min(date || campaign_id) from silver.scout_campaign_reconciliation where {SETTLED})"
        ),
        "campaign_revenue_reconciles",
    ),
    mutation(
        "performance",
        "the same day again",
        Again(),
        Repeated(("scout_campaign_performance", "scout_kpi_campaign_attribution")),
    ),
)
