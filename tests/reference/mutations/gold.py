"""What may be wrong with the tables of gold: rows lost, doubled, moved, and values changed."""

from __future__ import annotations

from tests.reference.mutations.mutation import Rewrite, mutation
from tests.reference.mutations.rewriting import (
    NOT_A_MEMBER,
    changed,
    doubled,
    each_changed,
    lost,
)

REVENUE = "gold.scout_kpi_revenue_daily"
CUSTOMERS = "gold.scout_kpi_customer_metrics"
PRODUCTS = "gold.scout_kpi_product_performance"
CAMPAIGNS = "gold.scout_kpi_campaign_attribution"
SCORES = "gold.ces_kpi_satisfaction_scores"
AGENTS = "gold.neural_databank_agent_performance"
CUSTOMER_VERSIONS = "gold.customers_dim"
PRODUCT_VERSIONS = "gold.products_dim"
MOVED = (
    "update {{table}} set {column} = case when {{one}} then {column} + 10 else {column} - 10 end"
    " where {{one}} or rowid = (select arg_max(rowid, cast(each as varchar)) from {{table}} as each)"
)

GOLD = (
    *each_changed(
        REVENUE,
        "revenue_daily_is_recounted",
        {
            "total_revenue": "0.01",
            "total_transactions": "1",
            "avg_order_value": "0.01",
            "new_customers": "1",
            "returning_customers": "1",
            "conversion_rate": "0.0001",
            "refund_rate": "0.0001",
        },
    ),
    mutation(
        REVENUE,
        "revenue is moved from one region and day to another",
        Rewrite(MOVED.format(column="total_revenue")),
        "revenue_daily_is_recounted",
    ),
    changed(
        REVENUE,
        "revenue of which silver knows nothing",
        "total_revenue = total_revenue + 1",
        "revenue_in_gold_is_revenue_in_silver",
    ),
    changed(
        REVENUE,
        "a day counts for another region",
        "region = 'Atlantis'",
        "revenue_daily_is_recounted",
    ),
    lost(REVENUE, "revenue_daily_is_recounted"),
    doubled(
        REVENUE,
        "scout_kpi_revenue_daily unique_combination",
        "revenue_in_gold_is_revenue_in_silver",
    ),
    *each_changed(
        CUSTOMERS,
        "customer_metrics_are_recounted",
        {
            "total_customers": "1",
            "active_customers": "1",
            "new_acquisitions": "1",
            "churn_count": "1",
            "churn_rate": "0.0001",
            "avg_lifetime_value": "0.01",
            "lifetime_value": "0.01",
            "at_risk_customers": "1",
            "earlier_customers": "1",
            "retained_customers": "1",
        },
    ),
    *each_changed(
        CUSTOMERS,
        "customer_metrics_are_recounted",
        {"avg_engagement_score": "0.01"},
        where=f"date = (select max(date) from {CUSTOMERS})",
    ),
    changed(
        CUSTOMERS,
        "a retention nobody can have",
        "retention_rate = 0.5",
        "customer_metrics_are_recounted",
    ),
    mutation(
        CUSTOMERS,
        "customers are moved from one day to another",
        Rewrite(MOVED.format(column="total_customers")),
        "customer_metrics_are_recounted",
    ),
    mutation(
        CUSTOMERS,
        "customers are moved from one tier to another, on the last day",
        Rewrite(
            "update {table} set total_customers = total_customers + case when {one} then 1 else -1 end"
            " where {one} or rowid = (select arg_max(rowid, cast(each as varchar)) from {table} as each)",
            f"date = (select max(date) from {CUSTOMERS})",
        ),
        "customer_metrics_are_recounted",
    ),
    changed(
        CUSTOMERS,
        "a customer too many on the last day",
        "total_customers = total_customers + 1",
        "assert_customer_metrics_add_up",
        where=f"date = (select max(date) from {CUSTOMERS}) and customer_tier = 'gold'",
    ),
    lost(CUSTOMERS, "customer_metrics_are_recounted"),
    doubled(CUSTOMERS, "scout_kpi_customer_metrics unique_combination"),
    *each_changed(
        PRODUCTS,
        "product_performance_is_recounted",
        {
            "revenue": "0.01",
            "units_sold": "1",
            "units_returned": "1",
            "inventory_turnover": "0.0001",
            "margin_percentage": "0.0001",
            "return_rate": "0.0001",
            "stock_out_days": "1",
            "demand_forecast": "0.01",
            "on_hand": "1",
            "gross_profit": "0.01",
        },
    ),
    mutation(
        PRODUCTS,
        "revenue is moved from one product to another",
        Rewrite(MOVED.format(column="revenue")),
        "product_performance_is_recounted",
    ),
    changed(
        PRODUCTS,
        "revenue of which silver knows nothing",
        "revenue = revenue + 1",
        "assert_product_revenue_adds_up",
    ),
    changed(
        PRODUCTS,
        "a product in another department",
        "category_l1 = 'Attic'",
        "product_performance_is_recounted",
    ),
    changed(
        PRODUCTS,
        "a product that nobody has",
        "product_id = 'P-0'",
        "scout_kpi_product_performance.product_id relationships",
    ),
    lost(PRODUCTS, "product_performance_is_recounted"),
    doubled(PRODUCTS, "scout_kpi_product_performance unique_combination"),
    *each_changed(
        CAMPAIGNS,
        "campaign_attribution_adds_up",
        {
            "impressions": "1",
            "clicks": "1",
            "conversions": "1",
            "revenue_attributed": "0.01",
            "spend": "0.01",
            "cost_per_acquisition": "0.01",
            "return_on_ad_spend": "0.0001",
        },
    ),
    mutation(
        CAMPAIGNS,
        "spending is moved from one campaign to another",
        Rewrite(MOVED.format(column="spend")),
        "campaign_attribution_adds_up",
    ),
    changed(
        CAMPAIGNS,
        "spending of which silver knows nothing",
        "spend = spend + 1",
        "campaign_spending_adds_up",
    ),
    changed(
        CAMPAIGNS,
        "another model of attribution",
        "attribution_model = 'guess'",
        "campaign_attribution_adds_up",
    ),
    changed(
        CAMPAIGNS,
        "a campaign that nobody ran",
        "campaign_id = 'K-0'",
        "scout_kpi_campaign_attribution.campaign_id relationships",
    ),
    lost(CAMPAIGNS, "campaign_attribution_adds_up"),
    doubled(CAMPAIGNS, "scout_kpi_campaign_attribution unique_combination"),
    *each_changed(
        SCORES,
        "satisfaction_scores_add_up",
        {
            "avg_rating": "0.01",
            "avg_sentiment_score": "0.0001",
            "response_rate": "0.0001",
            "resolution_rate": "0.0001",
            "avg_resolution_time": "0.01",
            "nps_score": "0.01",
            "total_interactions": "1",
            "escalation_rate": "0.0001",
        },
    ),
    changed(
        SCORES, "answers count for another channel", "channel = 'fax'", "satisfaction_scores_add_up"
    ),
    lost(SCORES, "satisfaction_scores_add_up"),
    doubled(SCORES, "ces_kpi_satisfaction_scores unique_combination"),
    *each_changed(
        AGENTS,
        "agent_performance_adds_up",
        {
            "total_operations": "1",
            "successful_operations": "1",
            "success_rate": "-0.0001",
            "avg_execution_time": "0.01",
            "error_count": "1",
            "throughput_per_hour": "0.01",
            "resource_utilization": "0.0001",
        },
    ),
    changed(AGENTS, "work of another agent", "agent_id = 'nobody'", "agent_performance_adds_up"),
    lost(AGENTS, "agent_performance_adds_up"),
    doubled(AGENTS, "neural_databank_agent_performance unique_combination"),
    changed(
        CUSTOMER_VERSIONS,
        "another tier",
        "customer_tier = 'unknown'",
        "versions_say_what_their_records_say",
        "assert_customer_history_is_gapless",
        where=f"{NOT_A_MEMBER} and is_current and customer_tier <> 'unknown'",
    ),
    changed(
        CUSTOMER_VERSIONS,
        "another e-mail address",
        "email = 'nobody@example.com'",
        "versions_say_what_their_records_say",
        where=NOT_A_MEMBER,
    ),
    changed(
        CUSTOMER_VERSIONS,
        "a version that ends too late",
        "valid_to = valid_to + interval '1 day'",
        "assert_customer_history_is_gapless",
        where="valid_to is not null",
    ),
    changed(
        CUSTOMER_VERSIONS,
        "a customer whom nobody knows",
        "customer_id = 'C-0'",
        "customers_dim.customer_id relationships",
        where=NOT_A_MEMBER,
    ),
    lost(CUSTOMER_VERSIONS, "versions_say_what_their_records_say", where=NOT_A_MEMBER),
    doubled(CUSTOMER_VERSIONS, "customers_dim.customer_key unique", where=NOT_A_MEMBER),
    changed(
        PRODUCT_VERSIONS,
        "another price",
        "price = price + 0.01",
        "versions_say_what_their_records_say",
        "assert_product_history_is_gapless",
        where=f"{NOT_A_MEMBER} and is_current",
    ),
    changed(
        PRODUCT_VERSIONS,
        "a version that begins too early",
        "valid_from = valid_from - interval '1 day'",
        "versions_say_what_their_records_say",
        where=NOT_A_MEMBER,
    ),
    changed(
        PRODUCT_VERSIONS,
        "two versions of today",
        "is_current = true, valid_to = null",
        "assert_product_history_is_gapless",
        where="not is_current",
    ),
    lost(
        PRODUCT_VERSIONS,
        "assert_product_history_is_gapless",
        where=f"{NOT_A_MEMBER} and is_current",
    ),
    doubled(PRODUCT_VERSIONS, "products_dim.product_key unique", where=NOT_A_MEMBER),
)
