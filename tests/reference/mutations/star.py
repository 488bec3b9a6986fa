"""What may be wrong with the star, the roll-ups and the metadata."""

from __future__ import annotations

from tests.reference.mutations.mutation import Rewrite, mutation
from tests.reference.mutations.rewriting import (
    changed,
    doubled,
    each_changed,
    lost,
)

SALES = "gold.transactions_fact"
FEEDBACK = "gold.feedback_fact"
CAMPAIGNS = "gold.campaign_performance_fact"
MONTHS = "gold.scout_kpi_revenue_monthly"
DATES = "gold.dates_dim"
LINEAGE = "metadata.neural_data_lineage"
RECONCILED = "assert_facts_reconcile"

STAR = (
    *each_changed(SALES, RECONCILED, {"amount": "0.01", "quantity": "1", "transaction_date": "1"}),
    changed(SALES, "a sale in another region", "region = 'Atlantis'", RECONCILED),
    lost(SALES, RECONCILED),
    doubled(SALES, RECONCILED),
    *each_changed(FEEDBACK, RECONCILED, {"rating_sum": "1"}),
    changed(FEEDBACK, "an answer of another channel", "channel = 'fax'", RECONCILED),
    lost(FEEDBACK, RECONCILED),
    *each_changed(
        CAMPAIGNS,
        RECONCILED,
        {
            "impressions": "1",
            "clicks": "1",
            "conversions": "1",
            "spend_amount": "0.01",
            "revenue_amount": "0.01",
        },
    ),
    lost(CAMPAIGNS, RECONCILED),
    *each_changed(
        MONTHS,
        "assert_months_add_up",
        {"total_revenue": "0.01", "total_transactions": "1", "days_with_sales": "1"},
    ),
    lost(MONTHS, "assert_months_add_up"),
    *each_changed(
        DATES,
        "assert_dates_are_whole_years",
        {"weekday": "1", "iso_week": "1", "week_start": "1"},
    ),
    lost(DATES, "assert_dates_are_whole_years"),
    mutation(
        LINEAGE,
        "a table that is not said to be read",
        Rewrite(
            "delete from {table} where {one}",
            "transformation_type = 'table' and source_table || target_table in"
            f" (select source_table || target_table from {LINEAGE}"
            " where source_column is not null)",
        ),
        "assert_columns_come_from_tables_that_are_read",
    ),
)
