-- What the newest version of a customer says, the table of customers says; what that version leaves
-- open may come from the person's other records.
with versions as (
    select * from {{ ref('scout_customers_matched') }}
    where is_survivor and is_newest
),

customers as (
    select * from {{ ref('scout_clean_customers') }}
    where source_bronze_id is not null
)

select coalesce(customers.customer_id, versions.customer_id) as customer_id
from customers
full outer join versions on customers.customer_id = versions.customer_id
where
    versions.source_bronze_id is distinct from customers.source_bronze_id
    {%- for name in ['first_name', 'last_name', 'phone', 'birth_date', 'gender'] %}
        or versions.{{ name }} <> customers.{{ name }}
    {%- endfor %}
    or (
        versions.email is distinct from customers.email
        and versions.email is not null
        and (customers.email is not null or not 'email_shared' = any(customers.quality_flags))
    )
    or versions.registration_date is distinct from customers.registration_date
    or versions.country is distinct from customers.country
    or versions.language is distinct from customers.language
    or versions.preferred_channel is distinct from customers.preferred_channel
    or coalesce(versions.customer_tier, 'unknown') <> customers.customer_tier
    or (customers.marketing_consent and not coalesce(versions.marketing_consent, false))
