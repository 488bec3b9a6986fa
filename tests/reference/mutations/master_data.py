"""What may be wrong with customers, products and stock."""

from __future__ import annotations

from tests.reference.mutations.mutation import (
    Again,
    Change,
    Flagged,
    Quarantined,
    Repeated,
    mutation,
    patched,
)

CUSTOMERS = (
    mutation(
        "crm", "an address without @", Change("email = 'nobody.example.com'"), Flagged("email")
    ),
    mutation("crm", "a telephone number in words", Change("phone = 'call me'"), Flagged("phone")),
    mutation(
        "crm", "born on 30 February", Change("birth_date = '1990-02-30'"), Flagged("birth_date")
    ),
    mutation(
        "crm", "born in the future", Change("birth_date = '2091-01-01'"), Flagged("birth_date")
    ),
    mutation("crm", "a tier that nobody knows", Change("tier = 'diamond'"), Flagged("tier")),
    mutation("crm", "no last name", Change("last_name = ' '"), Flagged("last_name")),
    mutation("crm", "a gender that is none", Change("gender = 'F'"), Flagged("gender")),
    mutation("crm", "an address that is no JSON", Change("address = '{'"), Flagged("address")),
    mutation(
        "crm",
        "consent that is neither yes nor no",
        Change("marketing_consent = 'maybe'"),
        Flagged("marketing_consent"),
    ),
    mutation(
        "crm",
        "registered after the record was written",
        Change("registration_date = '2098-01-01'"),
        Flagged("registration_date"),
    ),
    mutation(
        "crm",
        "no key",
        Change("customer_id = ''"),
        Quarantined("customer_id: the record belongs to no customer"),
    ),
    mutation(
        "crm",
        "the name of a named member as key",
        Change("customer_id = '(unknown)'"),
        Quarantined("customer_id: the record belongs to no customer"),
    ),
    mutation(
        "crm",
        "a change at no time",
        Change("updated_at = 'soon'"),
        Quarantined("updated_at: the record belongs to no time"),
    ),
    mutation(
        "crm",
        "a change of 2099",
        Change("updated_at = '2099-01-01 00:00:00'"),
        Quarantined("updated_at: the record belongs to no time"),
    ),
    mutation(
        "crm",
        "the same version again",
        Again(),
        Repeated(("scout_clean_customers", "customers_dim")),
    ),
    mutation(
        "crm",
        "every telephone number cut off",
        Change("phone = '+'", every=True),
        "assert_customer_faults_are_rare",
    ),
)

PRODUCTS = (
    mutation(
        "catalogue",
        "a negative price",
        Change(patched("price", amount=-1)),
        Quarantined("price.amount"),
    ),
    mutation("catalogue", "no price", Change("price = null"), Quarantined("price.amount")),
    mutation(
        "catalogue",
        "a price in dollars",
        Change(patched("price", currency="USD")),
        Quarantined("price.currency"),
    ),
    mutation(
        "catalogue",
        "costs more than it brings",
        Change("cost = '100000'"),
        Quarantined("cost_above_price"),
    ),
    mutation(
        "catalogue",
        "no department",
        Change(patched("category", l1=None)),
        Quarantined("category.l1"),
    ),
    mutation(
        "catalogue", "a status that nobody knows", Change("status = 'lost'"), Quarantined("status")
    ),
    mutation("catalogue", "no name", Change("name = ''"), Quarantined("name")),
    mutation("catalogue", "no key", Change("product_id = null"), Quarantined("product_id")),
    mutation(
        "catalogue",
        "a broken date",
        Change("launch_date = '2025-00-10'"),
        Quarantined("launch_date"),
    ),
    mutation(
        "catalogue",
        "a change of 2099",
        Change("updated_at = '2099-01-01T00:00:00Z'"),
        Quarantined("updated_at"),
    ),
    mutation(
        "catalogue",
        "the same version again",
        Again(),
        Repeated(("scout_clean_products", "products_dim")),
    ),
)

STOCK = (
    mutation("inventory", "a negative stock", Change("on_hand = '-3'"), Quarantined("on_hand")),
    mutation("inventory", "pieces in words", Change("sold = 'some'"), Quarantined("sold")),
    mutation(
        "inventory",
        "a broken date",
        Change("snapshot_date = '2025-06-00'"),
        Quarantined("snapshot_date"),
    ),
    mutation(
        "inventory",
        "a day of 2099",
        Change("snapshot_date = '2099-06-01'"),
        Quarantined("snapshot_date"),
    ),
    mutation(
        "inventory",
        "a status that nobody knows",
        Change("inventory_status = 'hidden'"),
        Quarantined("inventory_status"),
    ),
    mutation(
        "inventory",
        "a product that the catalogue does not know",
        Change("product_id = 'P-0'"),
        Quarantined("product_id: the catalogue has no product P-0"),
    ),
    mutation(
        "inventory",
        "pieces that came from nowhere",
        Change("on_hand = cast(cast(on_hand as integer) + 1 as varchar)"),
        "assert_stock_is_continuous",
    ),
    mutation(
        "inventory",
        "sold out with pieces left",
        Change("inventory_status = 'out_of_stock'"),
        "scout_product_stock satisfies (inventory_status = 'out_of_stock') = is_out_of_stock",
    ),
    mutation(
        "inventory",
        "said to be low, with many pieces left",
        Change("inventory_status = 'low_stock'", where="inventory_status = 'in_stock'"),
        "scout_product_stock satisfies (inventory_status = 'low_stock')"
        " = (on_hand > 0 and on_hand <= reorder_point)",
    ),
    mutation(
        "inventory",
        "the same day again",
        Again(),
        Repeated(("scout_product_stock", "scout_kpi_product_performance")),
    ),
)
