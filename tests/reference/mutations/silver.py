"""What may be wrong with the reference tables of silver: what is built on them is built anew."""

from __future__ import annotations

from tests.reference.mutations.mutation import Rewrite, mutation
from tests.reference.mutations.rewriting import (
    NOT_A_MEMBER,
    changed,
    doubled,
    each_changed,
    lost,
)

SALES = "silver.scout_clean_transactions"
CUSTOMERS = "silver.scout_clean_customers"
PRODUCTS = "silver.scout_clean_products"
CAMPAIGNS = "silver.scout_clean_campaigns"
FEEDBACK = "silver.ces_clean_feedback"
METRICS = "silver.neural_databank_quality_metrics"
TOLD = "transactions_are_booked_as_told"

REFERENCE = (
    *each_changed(
        SALES,
        TOLD,
        {
            "amount": "0.01",
            "tax_amount": "0.01",
            "discount_applied": "0.01",
            "quantity": "1",
            "exchange_rate": "0.01",
            "original_amount": "0.01",
            "transaction_date": "1",
            "data_quality_score": "-0.1",
        },
    ),
    changed(
        SALES,
        "an amount that is 0.01 too high",
        "amount = amount + 0.01",
        "revenue_in_gold_is_revenue_in_silver",
        "assert_customer_value_is_booked",
        where="customer_id not in ('(anonymous)', '(unknown)')",
    ),
    mutation(
        SALES,
        "two amounts change places",
        Rewrite(
            "update {table} set amount = (select sum(amount) from {table} where {pair}) - amount"
            " where {pair}".replace(
                "{pair}",
                "transaction_id in (select transaction_id from {table} where channel = 'store'"
                " and transaction_type = 'sale' order by amount desc, transaction_id limit 2)",
            )
        ),
        TOLD,
    ),
    changed(SALES, "a sale in another region", "region = 'Atlantis'", TOLD),
    changed(
        SALES,
        "a sale of another channel",
        "channel = 'marketplace'",
        TOLD,
        where="channel <> 'marketplace'",
    ),
    changed(
        SALES,
        "a sale to somebody else",
        f"customer_id = (select max(customer_id) from {CUSTOMERS})",
        TOLD,
        "assert_customer_value_is_booked",
        where="customer_id = '(anonymous)'",
    ),
    changed(
        SALES,
        "a sale of something else",
        f"product_id = (select max(product_id) from {PRODUCTS})",
        TOLD,
    ),
    changed(
        SALES,
        "a sale that becomes a refund",
        "transaction_type = 'refund'",
        TOLD,
        where="transaction_type = 'sale'",
    ),
    changed(
        SALES,
        "another currency",
        "currency = 'USD'",
        "scout_clean_transactions.currency accepted_values",
    ),
    changed(
        SALES,
        "an orphan",
        "customer_id = 'C-0'",
        "scout_clean_transactions.customer_id relationships",
    ),
    lost(SALES, "transactions_add_up", TOLD, "revenue_in_gold_is_revenue_in_silver"),
    doubled(SALES, "scout_clean_transactions.transaction_id unique", "transactions_add_up"),
    changed(
        CUSTOMERS,
        "a value that is 0.01 too high",
        "lifetime_value = lifetime_value + 0.01",
        "assert_customer_value_is_booked",
        "assert_customer_metrics_add_up",
        where=NOT_A_MEMBER,
    ),
    *(
        changed(
            CUSTOMERS,
            corruption,
            to,
            "customers_say_what_their_records_say",
            where=f"{NOT_A_MEMBER} and {where}",
        )
        for corruption, to, where in (
            ("another name", "first_name = first_name || 'x'", "first_name is not null"),
            ("another e-mail address", "email = 'x' || email", "email is not null"),
            ("another telephone number", "phone = phone || '0'", "phone is not null"),
            ("another date of birth", "birth_date = birth_date + 1", "birth_date is not null"),
            ("another tier", "customer_tier = 'unknown'", "customer_tier <> 'unknown'"),
            ("another country", "country = 'AQ'", "true"),
            ("consent that was not given", "marketing_consent = true", "not marketing_consent"),
            (
                "another day of registration",
                "registration_date = registration_date + 1",
                "registration_date is not null",
            ),
        )
    ),
    changed(
        CUSTOMERS,
        "an e-mail address that is none",
        "email = 'x'",
        "scout_clean_customers.email matches_pattern",
        where=NOT_A_MEMBER,
    ),
    changed(
        CUSTOMERS,
        "an e-mail address of two customers",
        f"email = (select max(email) from {CUSTOMERS})",
        "scout_clean_customers.email unique",
        where=NOT_A_MEMBER,
    ),
    lost(
        CUSTOMERS,
        "assert_customer_records_add_up",
        "customers_say_what_their_records_say",
        where=NOT_A_MEMBER,
    ),
    doubled(
        CUSTOMERS,
        "scout_clean_customers.customer_id unique",
        "assert_customer_records_add_up",
        where=NOT_A_MEMBER,
    ),
    *each_changed(
        PRODUCTS,
        "products_say_what_their_records_say",
        {"price": "0.01", "cost": "0.01", "margin": "0.0001", "stock_date": "1"},
    ),
    *(
        changed(
            PRODUCTS,
            corruption,
            to,
            "products_say_what_their_records_say",
            where=f"{NOT_A_MEMBER} and {where}",
        )
        for corruption, to, where in (
            ("another name", "product_name = 'x'", "true"),
            ("another department", "category_l1 = 'Attic'", "true"),
            ("another status", "status = 'planned'", "status <> 'planned'"),
            (
                "a stock that is not so",
                "inventory_status = 'out_of_stock'",
                "inventory_status = 'in_stock'",
            ),
        )
    ),
    lost(
        PRODUCTS,
        "assert_product_records_add_up",
        "products_say_what_their_records_say",
        where=NOT_A_MEMBER,
    ),
    doubled(
        PRODUCTS,
        "scout_clean_products.product_id unique",
        "assert_product_records_add_up",
        where=NOT_A_MEMBER,
    ),
    *each_changed(
        CAMPAIGNS,
        "campaigns_say_what_their_records_say",
        {"budget": "0.01", "spent": "0.01", "end_date": "1"},
        where=NOT_A_MEMBER,
    ),
    changed(
        CAMPAIGNS, "spending of which nobody told", "spent = spent + 1", "campaign_spending_adds_up"
    ),
    changed(
        CAMPAIGNS,
        "another status",
        "status = 'cancelled'",
        "campaigns_say_what_their_records_say",
        where=f"{NOT_A_MEMBER} and status <> 'cancelled'",
    ),
    lost(
        CAMPAIGNS,
        "scout_campaigns_outcomes every_record_once",
        "campaigns_say_what_their_records_say",
        where=NOT_A_MEMBER,
    ),
    doubled(CAMPAIGNS, "scout_clean_campaigns.campaign_id unique", where=NOT_A_MEMBER),
    *each_changed(
        FEEDBACK,
        "feedback_says_what_its_records_say",
        {
            "rating": "-0.5",
            "sentiment_score": "0.01",
            "priority_score": "0.01",
            "recommend": "-1",
            "response_time": "0.01",
            "submission_date": "1",
        },
    ),
    *(
        changed(FEEDBACK, corruption, to, "feedback_says_what_its_records_say", where=where)
        for corruption, to, where in (
            ("other words", "feedback_text = 'x'", "true"),
            ("another feeling", "sentiment_label = 'negative'", "sentiment_label = 'positive'"),
            ("about nothing", "categories = []", "len(categories) > 0"),
            ("somebody else's", "customer_id = '(unknown)'", "customer_id not like '(%'"),
            (
                "a contact that ended otherwise",
                "resolution_status = 'open'",
                "resolution_status <> 'open'",
            ),
        )
    ),
    lost(FEEDBACK, "ces_feedback_outcomes every_record_once"),
    doubled(FEEDBACK, "ces_clean_feedback.feedback_id unique"),
    changed(
        METRICS,
        "a share that is 0.01 lower",
        "metric_value = metric_value - 0.01",
        "quality_metrics_are_recounted",
        where="metric_name = 'validity'",
    ),
    changed(
        METRICS,
        "a share of duplicates that is hidden",
        "metric_value = 0",
        "quality_metrics_are_recounted",
        where="metric_name = 'duplicate_share' and metric_value > 0",
    ),
    changed(
        METRICS,
        "records that bronze lacks",
        "metric_value = 0.9",
        "bronze_is_complete",
        where="layer = 'bronze' and metric_name = 'completeness'",
    ),
    changed(
        METRICS,
        "a threshold that was moved",
        "threshold_max = 2",
        "quality_metrics_are_recounted",
        where="metric_name = 'rejected_share'",
    ),
    changed(
        METRICS,
        "failed, and said to pass",
        "status = 'fail'",
        "neural_databank_quality_metrics satisfies (status = 'pass') = (metric_value between threshold_min and threshold_max)",
        where="status = 'pass'",
    ),
    lost(METRICS, "quality_metrics_are_recounted", where="metric_name = 'validity'"),
    doubled(METRICS, "neural_databank_quality_metrics.id unique"),
)
