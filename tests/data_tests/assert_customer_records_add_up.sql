-- Every record of the CRM is in exactly one place, and what stands for it is where it is said to
-- be.
{{ misplaced_records(
    outcomes=ref('scout_clean_customers_outcomes'),
    silver=ref('scout_clean_customers'),
    quarantine=ref('scout_clean_customers_quarantine'),
    batches=ref('load_batches'),
    raw_tables=['crm_customers']
) }}
