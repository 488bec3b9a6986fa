-- Every record of the catalogue and the warehouse is in exactly one place.
{{ misplaced_records(
    outcomes=ref('scout_clean_products_outcomes'),
    silver=ref('scout_clean_products'),
    silver_too=ref('scout_product_stock'),
    quarantine=ref('scout_clean_products_quarantine'),
    batches=ref('load_batches'),
    raw_tables=['catalogue_products', 'inventory_stock']
) }}
