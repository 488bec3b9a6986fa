"""What may be wrong with the other tables of silver, and with bronze."""

from __future__ import annotations

from tests.reference.mutations.rewriting import changed, doubled, each_changed, lost

CUSTOMERS = "silver.scout_clean_customers"

BESIDE = (
    changed(
        "silver.ces_clean_interactions",
        "solved, which it was not",
        "resolution_status = 'unresolved'",
        "interactions_say_what_their_records_say",
        where="resolution_status <> 'unresolved'",
    ),
    *each_changed(
        "silver.ces_clean_interactions",
        "interactions_say_what_their_records_say",
        {"opened_date": "1"},
    ),
    lost("silver.ces_clean_interactions", "ces_interactions_outcomes every_record_once"),
    lost("silver.scout_clean_events", "scout_events_outcomes every_record_once"),
    lost("silver.neural_databank_operations", "neural_databank_logs_outcomes every_record_once"),
    lost("silver.scout_campaign_performance", "scout_campaigns_outcomes every_record_once"),
    lost("silver.scout_product_stock", "stock_says_what_its_records_say"),
    *each_changed(
        "silver.scout_product_stock",
        "stock_says_what_its_records_say",
        {"on_hand": "1", "sold": "1"},
    ),
    *each_changed(
        "silver.scout_campaign_performance",
        "performance_says_what_its_records_say",
        {"clicks": "1", "spend": "0.01", "revenue": "0.01"},
    ),
    *each_changed(
        "silver.neural_databank_operations",
        "operations_say_what_their_records_say",
        {"execution_time": "0.1"},
    ),
    changed(
        "silver.neural_databank_operations",
        "a failure that is hidden",
        "status = 'success'",
        "operations_say_what_their_records_say",
        where="status <> 'success'",
    ),
    *each_changed(
        "silver.scout_clean_events", "events_say_what_their_records_say", {"weight": "1"}
    ),
    lost("silver.scout_web_sessions", "web_sessions_are_complete"),
    lost(
        "silver.exchange_rates_daily",
        "exchange_rates_daily_are_complete",
        where="currency <> 'EUR'",
    ),
    changed(
        "silver.exchange_rates_daily",
        "another rate",
        "rate = rate * 1.01",
        "exchange_rates_daily_are_complete",
        where="currency <> 'EUR'",
    ),
    changed(
        "silver.scout_customer_crosswalk",
        "matched with somebody else",
        f"customer_id = (select max(customer_id) from {CUSTOMERS})",
        "scout_customer_crosswalk satisfies (rule = 'own') = (customer_id_given = customer_id)",
        where="rule = 'own'",
    ),
    *(
        lost(f"bronze.{table}", "bronze_is_complete")
        for table in (
            "scout_raw_transactions",
            "scout_raw_customers",
            "scout_raw_products",
            "scout_raw_campaigns",
            "scout_raw_events",
            "ces_raw_feedback",
            "ces_raw_interactions",
            "neural_databank_raw_logs",
        )
    ),
    *(
        doubled(f"bronze.{table}", "bronze_is_complete", f"{table}.id unique")
        for table in ("scout_raw_transactions", "scout_raw_customers", "neural_databank_raw_logs")
    ),
)
