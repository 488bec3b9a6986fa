"""What may be wrong with visits, feedback, contacts and the agents' log."""

from __future__ import annotations

from tests.reference.mutations.mutation import (
    Again,
    Booked,
    Change,
    Quarantined,
    Repeated,
    mutation,
    patched,
)

NOT_ALONE = (
    "session_id in"
    " (select session_id from silver.scout_clean_events group by session_id having count(*) > 1)"
)
BOOKED_DAYS = (
    "date || channel || region in"
    " (select transaction_date || channel || region from silver.scout_clean_transactions"
    " where transaction_type = 'sale')"
)

EVENTS = (
    mutation(
        "events",
        "a type that nobody knows",
        Change("event_type = 'teleport'"),
        Quarantined("event_type"),
    ),
    mutation("events", "no session", Change("session_id = null"), Quarantined("session_id")),
    mutation("events", "no key", Change("event_id = null"), Quarantined("event_id")),
    mutation("events", "a weight of zero", Change("weight = '0'"), Quarantined("weight")),
    mutation(
        "events",
        "a broken time",
        Change("timestamp = '2025-06-01T25:00:00Z'"),
        Quarantined("timestamp"),
    ),
    mutation(
        "events",
        "an event of 1970",
        Change("timestamp = '1970-01-01T00:00:00Z'"),
        Quarantined("timestamp"),
    ),
    mutation(
        "events",
        "an event of half a year later",
        Change("timestamp = '2025-12-01T00:00:00Z'"),
        Quarantined("a month later than all records around it"),
    ),
    mutation(
        "events",
        "an event before its session",
        Change("timestamp = replace(timestamp, '2025-', '2024-')", where=NOT_ALONE),
        "events_of_a_visit_are_close",
    ),
    mutation(
        "events",
        "a channel that nobody knows",
        Change(patched("event_data", channel="fax")),
        "scout_clean_events.channel accepted_values",
    ),
    mutation(
        "events",
        "an order in an event that is no purchase",
        Change(patched("event_data", order_id="W-0")),
        "scout_clean_events satisfies order_id is null or event_type = 'purchase'",
    ),
    mutation("events", "the same event again", Again(), Repeated(("scout_clean_events",))),
    mutation(
        "events",
        "another event under the same key",
        Again("event_type = 'search'"),
        Repeated(("scout_clean_events",)),
    ),
)

SESSIONS = (
    mutation(
        "sessions", "a broken date", Change("date = '2025-06-31'"), "web_sessions_are_complete"
    ),
    mutation(
        "sessions", "a day of 2099", Change("date = '2099-06-01'"), "web_sessions_are_complete"
    ),
    mutation(
        "sessions", "a number in words", Change("sessions = 'many'"), "web_sessions_are_complete"
    ),
    mutation(
        "sessions", "no region", Change("region = null"), "scout_web_sessions.region not_null"
    ),
    mutation(
        "sessions",
        "fewer than no visits",
        Change("sessions = '-1'"),
        "scout_web_sessions satisfies sessions >= 0",
    ),
    mutation(
        "sessions",
        "more orders than visits",
        Change("sessions = '0'"),
        "scout_web_sessions satisfies orders between 0 and sessions",
    ),
    mutation(
        "sessions",
        "more visits that ended at once than visits",
        Change("bounced = '99999'"),
        "scout_web_sessions satisfies bounced between 0 and sessions",
    ),
    mutation(
        "sessions",
        "orders that were not counted",
        Change("orders = '0'", where=BOOKED_DAYS),
        "web_orders_came_with_visits",
    ),
    mutation("sessions", "the same day again", Again(), Repeated(("scout_web_sessions",))),
)

FEEDBACK = (
    mutation("feedback", "a rating of 6", Change("rating = '6'"), Quarantined("rating")),
    mutation("feedback", "a rating in words", Change("rating = 'good'"), Quarantined("rating")),
    mutation(
        "feedback", "a recommendation of 11", Change("recommend = '11'"), Quarantined("recommend")
    ),
    mutation("feedback", "no words", Change("feedback_text = ' '"), Quarantined("feedback_text")),
    mutation("feedback", "no key", Change("feedback_id = null"), Quarantined("feedback_id")),
    mutation(
        "feedback",
        "a broken date",
        Change("submitted_at = '2025-06-31 08:00:00'"),
        Quarantined("submitted_at"),
    ),
    mutation(
        "feedback",
        "an occasion that nobody knows",
        Change("interaction_type = 'dream'"),
        Quarantined("interaction_type"),
    ),
    mutation(
        "feedback",
        "answered before it was asked for",
        Change("invited_at = '2025-12-31 00:00:00'"),
        "ces_clean_feedback satisfies invited_at <= submitted_at",
    ),
    mutation(
        "feedback",
        "a customer whom nobody knows",
        Change("customer_id = 'C-0'"),
        Booked("ces_clean_feedback", "customer_id"),
    ),
    mutation(
        "feedback",
        "another answer under the same key",
        Again("rating = '1'"),
        Repeated(("ces_clean_feedback", "ces_kpi_satisfaction_scores")),
    ),
)

MENTIONS = (
    mutation("social", "no words", Change("text = ''"), Quarantined("text")),
    mutation(
        "social",
        "a broken date",
        Change("posted_at = '2025-06-31T00:00:00Z'"),
        Quarantined("posted_at"),
    ),
    mutation("social", "no key", Change("mention_id = null"), Quarantined("mention_id")),
    mutation("social", "no platform", Change("platform = null"), Quarantined("platform")),
    mutation(
        "social",
        "a customer whom nobody knows",
        Change(patched("author", customer_id="C-0")),
        Booked("ces_clean_feedback", "customer_id"),
    ),
    mutation(
        "social",
        "the same mention again",
        Again(),
        Repeated(("ces_clean_feedback", "ces_kpi_satisfaction_scores")),
    ),
)

CONTACTS = (
    mutation(
        "support",
        "answered before it was opened",
        Change("first_response_at = '2020-01-01T00:00:00Z'"),
        Quarantined("first_response_at"),
    ),
    mutation(
        "support",
        "solved before it was opened",
        Change("resolved_at = '2020-01-01T00:00:00Z'"),
        Quarantined("resolved_at"),
    ),
    mutation(
        "support",
        "a broken date",
        Change("opened_at = '2025-06-31T00:00:00Z'"),
        Quarantined("opened_at"),
    ),
    mutation("support", "a type that nobody knows", Change("type = 'pigeon'"), Quarantined("type")),
    mutation(
        "support",
        "a status that nobody knows",
        Change("resolution_status = 'hopeless'"),
        Quarantined("resolution_status"),
    ),
    mutation("support", "no key", Change("interaction_id = null"), Quarantined("interaction_id")),
    mutation(
        "support",
        "escalated or not, nobody knows",
        Change("escalated = '?'"),
        Quarantined("escalated"),
    ),
    mutation(
        "support",
        "a customer whom nobody knows",
        Change(patched("customer", id="C-0")),
        Booked("ces_clean_interactions", "customer_id"),
    ),
    mutation(
        "support",
        "the same state again",
        Again(),
        Repeated(("ces_clean_interactions", "ces_kpi_satisfaction_scores")),
    ),
)

LOGS = (
    mutation(
        "logs", "a status that nobody knows", Change("status = 'perhaps'"), Quarantined("status")
    ),
    mutation(
        "logs",
        "a negative duration",
        Change("execution_time = '-1'"),
        Quarantined("execution_time"),
    ),
    mutation("logs", "a layer that nobody knows", Change("layer = 'tin'"), Quarantined("layer")),
    mutation(
        "logs",
        "a broken date",
        Change("created_at = '2025-06-31T00:00:00Z'"),
        Quarantined("created_at"),
    ),
    mutation("logs", "no key", Change("log_id = null"), Quarantined("log_id")),
    mutation("logs", "no agent", Change("agent_id = null"), Quarantined("agent_id")),
    mutation(
        "logs",
        "a success with an error",
        Change('error_details = \'{"code": "E1", "message": "?"}\''),
        "neural_databank_operations satisfies (error_code is null) = (status = 'success')",
    ),
    mutation(
        "logs",
        "the same line again",
        Again(),
        Repeated(("neural_databank_operations", "neural_databank_agent_performance")),
    ),
    mutation(
        "logs",
        "another line under the same key",
        Again("status = 'failed'"),
        Repeated(("neural_databank_operations", "neural_databank_agent_performance")),
    ),
)
