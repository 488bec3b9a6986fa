"""The fifteen sources: where their records land, what names one, and which of them are good ones."""

from __future__ import annotations

from tests.reference.mutations.mutation import Source

SOURCES = {
    source.name: source
    for source in (
        Source(
            "pos",
            "pos_transactions",
            ("transaction_id",),
            "coalesce(customer_id, '') <> '' and currency = 'EUR'",
        ),
        Source(
            "web",
            "web_orders",
            ("line_id",),
            "kind = 'order' and (amounts ->> 'currency') = 'EUR' and (customer ->> 'id') is not null",
        ),
        Source(
            "payments",
            "payment_events",
            ("event_id",),
            "event_type = 'captured'"
            " and reference in (select transaction_id from silver.scout_clean_transactions)",
        ),
        Source(
            "crm", "crm_customers", ("customer_id", "updated_at"), "email <> '' and phone <> ''"
        ),
        Source("catalogue", "catalogue_products", ("product_id", "updated_at")),
        Source("inventory", "inventory_stock", ("snapshot_date", "product_id"), "on_hand <> '0'"),
        Source("campaigns", "campaign_definitions", ("campaign_id", "updated_at")),
        Source(
            "performance",
            "campaign_performance",
            ("date", "campaign_id", "channel"),
            "cast(conversions as integer) > 0",
        ),
        Source("events", "web_events", ("event_id",), "event_type = 'page_view'"),
        Source(
            "sessions", "web_sessions", ("date", "channel", "region"), "cast(orders as integer) > 0"
        ),
        Source(
            "feedback",
            "survey_feedback",
            ("feedback_id",),
            "customer_id <> '' and invited_at <> ''",
        ),
        Source("social", "social_mentions", ("mention_id",)),
        Source(
            "support",
            "support_interactions",
            ("interaction_id", "updated_at"),
            "resolution_status = 'resolved'",
        ),
        Source("logs", "agent_logs", ("log_id",), "status = 'success'"),
        Source("rates", "exchange_rates", ("rate_date", "currency")),
    )
}
