"""What may be wrong with sales, refunds and payments, and with the rates that they are booked at."""

from __future__ import annotations

from tests.reference.mutations.mutation import (
    Again,
    Booked,
    Change,
    Flagged,
    Missing,
    Quarantined,
    Repeated,
    mutation,
    patched,
)

BOOKED = "scout_clean_transactions"
WRONG_TOTAL = "amount: is not quantity * unit price - discount + tax"
REFUND = "type = 'refund'"
SALE = "type = 'sale'"

TILLS = (
    mutation(
        "pos",
        "a negative price",
        Change("unit_price = '-' || unit_price"),
        Quarantined("unit_price"),
    ),
    mutation("pos", "a quantity of zero", Change("quantity = '0'"), Quarantined("quantity")),
    mutation(
        "pos", "a price that is no number", Change("unit_price = 'n/a'"), Quarantined("unit_price")
    ),
    mutation(
        "pos",
        "a total that is 10.00 too high",
        Change("total_amount = cast(cast(total_amount as decimal(12,2)) + 10 as varchar)"),
        Quarantined(WRONG_TOTAL),
    ),
    mutation(
        "pos",
        "tax that nobody added up",
        Change("tax = cast(cast(tax as decimal(12,2)) + 0.01 as varchar)"),
        Quarantined(WRONG_TOTAL),
    ),
    mutation(
        "pos",
        "a sale with a refund's sign",
        Change("quantity = '-' || quantity"),
        Quarantined("quantity: a sale has a positive one, a refund a negative one"),
    ),
    mutation(
        "pos",
        "a day that does not exist",
        Change("occurred_at = '2025-02-30 10:00:00'"),
        Quarantined("occurred_at"),
    ),
    mutation(
        "pos",
        "a sale of 2099",
        Change("occurred_at = '2099-05-09 10:00:00'"),
        Quarantined("occurred_at"),
    ),
    mutation(
        "pos",
        "a sale of the year 25",
        Change("occurred_at = '0025-05-09 10:00:00'"),
        Quarantined("occurred_at"),
    ),
    mutation(
        "pos",
        "an unknown currency",
        Change("currency = 'XAU'"),
        Quarantined("there is no rate for XAU"),
    ),
    mutation("pos", "a currency that is none", Change("currency = '€'"), Quarantined("currency")),
    mutation("pos", "no key", Change("transaction_id = null"), Quarantined("transaction_id")),
    mutation("pos", "a type that nobody knows", Change("type = 'gift'"), Quarantined("type")),
    mutation(
        "pos",
        "a channel of payment that nobody knows",
        Change("payment_method = 'shells'"),
        f"{BOOKED}.payment_method accepted_values",
    ),
    mutation("pos", "no region", Change("region = null"), f"{BOOKED}.region not_null"),
    mutation(
        "pos",
        "a product that nobody sells",
        Change("product_id = 'P-0'"),
        Booked(BOOKED, "product_id"),
    ),
    mutation(
        "pos",
        "a customer whom nobody knows",
        Change("customer_id = 'C-0'"),
        Booked(BOOKED, "customer_id"),
    ),
    mutation(
        "pos",
        "a campaign that nobody ran",
        Change("campaign_id = 'K-0'"),
        Booked(BOOKED, "campaign_id"),
    ),
    mutation("pos", "the same line again", Again(), Repeated((BOOKED, "scout_kpi_revenue_daily"))),
    mutation(
        "pos",
        "another sale under the same number",
        Again("receipt_id = 'B-0', occurred_at = '2025-06-03 10:00:00'"),
        "one_number_is_one_transaction",
    ),
    mutation(
        "pos",
        "a refund of nothing",
        Change("refund_of = 'T-0'", where=REFUND),
        "refunds_take_back_a_sale",
    ),
    mutation(
        "pos",
        "a refund twice",
        Again("transaction_id = 'T-0'", where=REFUND),
        "refunds_take_back_a_sale",
    ),
    mutation(
        "pos",
        "a refund that does not say of what",
        Change("refund_of = null", where=REFUND),
        f"{BOOKED} satisfies (transaction_type = 'refund') = (refund_of is not null)",
    ),
)

SHOP = (
    mutation(
        "web",
        "a negative price",
        Change(patched("item", unit_price=-5)),
        Quarantined("item.unit_price"),
    ),
    mutation("web", "no product", Change(patched("item", sku=None)), Quarantined("item.sku")),
    mutation(
        "web",
        "a quantity in words",
        Change(patched("item", quantity="two")),
        Quarantined("item.quantity"),
    ),
    mutation("web", "a wrong total", Change(patched("amounts", total=1)), Quarantined(WRONG_TOTAL)),
    mutation(
        "web",
        "no currency",
        Change(patched("amounts", currency=None)),
        Quarantined("amounts.currency"),
    ),
    mutation(
        "web",
        "amounts that are no JSON",
        Change("amounts = '{\"total\": '"),
        Quarantined("amounts.total"),
    ),
    mutation(
        "web",
        "a broken date",
        Change("placed_at = '2025-13-01T00:00:00Z'"),
        Quarantined("placed_at"),
    ),
    mutation(
        "web",
        "an order of 2099",
        Change("placed_at = '2099-06-01T00:00:00Z'"),
        Quarantined("placed_at"),
    ),
    mutation("web", "a kind that nobody knows", Change("kind = 'loan'"), Quarantined("kind")),
    mutation(
        "web",
        "a customer whom nobody knows",
        Change(patched("customer", id="C-0")),
        Booked(BOOKED, "customer_id"),
    ),
    mutation(
        "web",
        "a channel that nobody knows",
        Change("channel = 'fax'"),
        f"{BOOKED}.channel accepted_values",
    ),
    mutation(
        "web",
        "another region",
        Change(patched("shipping", region="Atlantis")),
        "web_orders_came_with_visits",
    ),
    mutation(
        "web",
        "a sale that the campaign's platform does not know",
        Change(
            "attribution = (select json_object('campaign_id', min(campaign_id)) from raw.campaign_definitions),"
            " placed_at = '2025-05-03T10:00:00Z'"
        ),
        "campaign_revenue_reconciles",
    ),
    mutation("web", "the same line again", Again(), Repeated((BOOKED, "scout_kpi_revenue_daily"))),
)

PAYMENTS = (
    mutation(
        "payments",
        "a negative amount",
        Change("amount_minor = '-' || amount_minor"),
        Flagged("amount_minor"),
    ),
    mutation(
        "payments", "a fraction of a cent", Change("amount_minor = '12.5'"), Flagged("amount_minor")
    ),
    mutation(
        "payments",
        "a type that nobody knows",
        Change("event_type = 'captrued'"),
        Flagged("event_type"),
    ),
    mutation(
        "payments", "a broken date", Change("created_at = 'yesterday'"), Flagged("created_at")
    ),
    mutation("payments", "an unknown currency", Change("currency = 'euros'"), Flagged("currency")),
    mutation("payments", "no key", Change("event_id = null"), Flagged("event_id")),
    mutation(
        "payments",
        "a payment for nothing",
        Change("reference = 'T-0'"),
        "payments_settle_what_was_sold",
    ),
    mutation(
        "payments",
        "a hundredth of the amount",
        Change("amount_minor = cast(cast(amount_minor as bigint) // 100 as varchar)"),
        "payments_settle_what_was_sold",
    ),
)

RATES = (
    mutation("rates", "a rate of zero", Change("rate = '0'"), "exchange_rates_are_usable"),
    mutation(
        "rates", "a rate that is no number", Change("rate = '-'"), "exchange_rates_are_usable"
    ),
    mutation(
        "rates", "a broken date", Change("rate_date = '2025-06-31'"), "exchange_rates_are_usable"
    ),
    mutation(
        "rates", "rates for a dollar", Change("base_currency = 'USD'"), "exchange_rates_are_usable"
    ),
    mutation("rates", "no currency", Change("currency = null"), "exchange_rates_are_usable"),
    mutation(
        "rates",
        "a decimal point in the wrong place",
        Change("rate = cast(cast(rate as decimal(18,6)) * 10 as varchar)"),
        "exchange_rates_move_little",
    ),
    mutation(
        "rates",
        "ten days without a rate",
        Missing("currency = 'CHF' and rate_date between '2025-05-20' and '2025-05-29'"),
        "exchange_rates_move_little",
    ),
    mutation(
        "rates",
        "no rate of a currency at all",
        Missing("currency = 'SEK'"),
        Quarantined("there is no rate for SEK"),
    ),
    mutation("rates", "the same rate again", Again(), Repeated(("exchange_rates_daily",))),
)
