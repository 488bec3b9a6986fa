{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['customer_key'],
    on_schema_change='fail'
) }}

-- One row per version of each customer: what was known, from when to when.
{%- set always = "timestamp '1900-01-01 00:00:00'" %}

with versions as (
    select *
    from {{ ref('scout_customers_matched') }}
    where is_survivor
),

unknown_members as (
    select
        customer_id,
        last_name,
        customer_tier,
        {{ always }} as valid_from,
        created_at
    from ({{ unknown_customers() }}) as members
),

final as (
    select
        {{ surrogate_uuid(["'customers_dim'", 'customer_id', 'changed_at']) }} as customer_key,
        customer_id,
        first_name,
        last_name,
        email,
        phone,
        birth_date,
        gender,
        street,
        postcode,
        city,
        region,
        country,
        registration_date,
        cast(coalesce(customer_tier, 'unknown') as varchar) as customer_tier,
        preferred_channel,
        coalesce(marketing_consent, false) as marketing_consent,
        language,
        changed_at as valid_from,
        lead(changed_at) over (partition by customer_id order by changed_at) as valid_to,
        is_newest as is_current,
        case
            when lag(changed_at) over (partition by customer_id order by changed_at) is null
                then {{ always }}
            else changed_at
        end as counts_from,
        first_ingested_at as created_at,
        ingested_at as updated_at,
        source_bronze_id
    from versions
    union all
    select
        {{ surrogate_uuid(["'customers_dim'", 'customer_id', 'valid_from']) }} as customer_key,
        customer_id,
        cast(null as varchar) as first_name,
        last_name,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as date) as birth_date,
        {%- for name in ['gender', 'street', 'postcode', 'city', 'region', 'country'] %}
            cast(null as varchar) as {{ name }},
        {%- endfor %}
        cast(null as date) as registration_date,
        customer_tier,
        cast(null as varchar) as preferred_channel,
        false as marketing_consent,
        cast(null as varchar) as language,
        valid_from,
        cast(null as timestamp) as valid_to,
        true as is_current,
        valid_from as counts_from,
        created_at,
        created_at as updated_at,
        cast(null as uuid) as source_bronze_id
    from unknown_members
)

select * from final
