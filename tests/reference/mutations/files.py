"""What may be wrong with a whole delivery, as the real loader meets it."""

from __future__ import annotations

from tests.reference.mutations.mutation import Delivery, Mutation, Refused, Repeated, mutation


def as_it_was(content: bytes) -> bytes:
    """The delivery once more."""
    return content


def torn_off(content: bytes) -> bytes:
    """The last line ends in its middle."""
    lines = content.splitlines()
    return b"\n".join([*lines[:-1], lines[-1][: len(lines[-1]) // 2]])


def one_field_more(content: bytes) -> bytes:
    """The last line has a field too many."""
    return content.rstrip(b"\n") + b",x\n"


def without_last_column(content: bytes) -> bytes:
    """A column is gone, of which no value holds a comma."""
    return b"\n".join(line.rpartition(b",")[0] for line in content.splitlines())


def another_column(content: bytes) -> bytes:
    """A column has come that nobody announced."""
    header, *lines = content.splitlines()
    return b"\n".join([header + b",note", *(line + b",x" for line in lines)])


def in_latin_1(content: bytes) -> bytes:
    """The last line is not UTF-8."""
    return content.rstrip(b"\n") + b"\xe9\n"


def open_quote(content: bytes) -> bytes:
    """A quote that nothing closes, in the second line."""
    header, first, *lines = content.splitlines()
    return b"\n".join([header, first.replace(b",", b',"', 1), *lines])


def a_list(content: bytes) -> bytes:
    """A line of JSON that is no object."""
    return content.rstrip(b"\n") + b"\n[1, 2]\n"


def two_colons(content: bytes) -> bytes:
    """A line that is not JSON."""
    lines = content.splitlines()
    return b"\n".join([*lines[:-1], lines[-1].replace(b":", b"::", 1)])


def nothing(_: bytes) -> bytes:
    """Not even a header."""
    return b""


# What each source's records reach; payments are kept in bronze alone.
REACHED = {
    "pos": ("scout_clean_transactions", "scout_kpi_revenue_daily", "scout_kpi_customer_metrics"),
    "web": ("scout_clean_transactions", "scout_kpi_revenue_daily", "scout_kpi_product_performance"),
    "crm": ("scout_clean_customers", "customers_dim"),
    "catalogue": ("scout_clean_products", "products_dim"),
    "inventory": ("scout_product_stock", "scout_kpi_product_performance"),
    "campaigns": ("scout_clean_campaigns",),
    "performance": ("scout_campaign_performance", "scout_kpi_campaign_attribution"),
    "events": ("scout_clean_events",),
    "sessions": ("scout_web_sessions",),
    "feedback": ("ces_clean_feedback", "ces_kpi_satisfaction_scores"),
    "social": ("ces_clean_feedback", "ces_kpi_satisfaction_scores"),
    "support": ("ces_clean_interactions", "ces_kpi_satisfaction_scores"),
    "logs": ("neural_databank_operations", "neural_databank_agent_performance"),
    "rates": ("exchange_rates_daily",),
}


def refused(source: str, corruption: str, corrupt: object, message: str) -> Mutation:
    """A delivery that the loader does not take."""
    return mutation(source, corruption, Delivery(corrupt), Refused(message))  # type: ignore[arg-type]


REFUSED = (
    refused("pos", "a line that was torn off", torn_off, "fields, expected 18"),
    refused("pos", "a file without a column", without_last_column, "no longer has 'campaign_id'"),
    refused(
        "payments", "a line with a field too many", one_field_more, "has 13 fields, expected 12"
    ),
    refused("crm", "a quote that nothing closes", open_quote, "quote"),
    refused(
        "inventory",
        "bytes that are not UTF-8",
        in_latin_1,
        "is not valid in the encoding of the file",
    ),
    refused(
        "performance",
        "a file without a column",
        without_last_column,
        "no longer has 'attribution_model'",
    ),
    refused("sessions", "an empty file", nothing, "is empty; it has not even a header"),
    refused("rates", "a column that nobody announced", another_column, "'note'"),
    refused(
        "feedback", "a line with a field too many", one_field_more, "has 13 fields, expected 12"
    ),
    refused("web", "invalid JSON", two_colons, "JSON"),
    refused("events", "a line that was torn off", torn_off, "JSON"),
    refused("catalogue", "a record that is no object", a_list, "object"),
    refused("campaigns", "a line that was torn off", torn_off, "JSON"),
    refused("social", "invalid JSON", two_colons, "JSON"),
    refused("support", "a line that was torn off", torn_off, "JSON"),
    refused("logs", "a record that is no object", a_list, "object"),
)

DELIVERED_TWICE = tuple(
    mutation(
        source,
        "a whole delivery again, under another name",
        Delivery(as_it_was),
        Repeated(tables),
    )
    for source, tables in REACHED.items()
)
