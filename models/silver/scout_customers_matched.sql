{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id_given',
    on_schema_change='fail'
) }}

-- Every version of every id, under the customer that the id stands for. A value that is missing or
-- cannot be right says nothing about the customer: the last one that was known goes on.
{%- set carried = [
    'first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender', 'customer_tier',
    'preferred_channel', 'marketing_consent', 'language'
] %}

with crosswalk as (
    select * from {{ ref('scout_customer_crosswalk') }}
),

{% if is_incremental() -%}
    -- Ids with a new version, and ids that stand for somebody else now.
    changed as (
        select customer_id_given
        from {{ ref('scout_customers_conformed') }}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        union
        select crosswalk.customer_id_given
        from crosswalk
        left join {{ this }} as matched
            on
                crosswalk.customer_id_given = matched.customer_id_given
                and crosswalk.customer_id = matched.customer_id
        where matched.customer_id_given is null
    ),

{% endif -%}
records as (
    select *
    from {{ ref('scout_customers_conformed') }}
    where
        is_accepted
        {% if is_incremental() -%}
            and customer_id_given in (select customer_id_given from changed)
        {%- endif %}
),

-- A version that was delivered again stands as it came last.
ranked as (
    select
        *,
        min(ingested_at) over (partition by customer_id_given, changed_at) as first_ingested_at,
        row_number() over (
            partition by customer_id_given, changed_at
            order by _batch_id desc, _row_number desc
        ) as delivery_rank
    from records
),

-- Each value is numbered by how many there were up to it: the nulls after it have its number.
counted as (
    select
        *,
        {%- for name in carried %}
            count({{ name }}) over versions_so_far as {{ name }}_number,
        {%- endfor %}
        count(street) over versions_so_far as address_number,
        row_number() over versions_so_far as version_number,
        count(*) over (partition by customer_id_given) as versions
    from ranked
    where delivery_rank = 1
    window versions_so_far as (partition by customer_id_given order by changed_at)
),

filled as (
    select
        source_bronze_id,
        customer_id_given,
        {%- for name in carried %}
            first_value({{ name }}) over (
                partition by customer_id_given, {{ name }}_number
                order by changed_at
            ) as {{ name }},
        {%- endfor %}
        {%- for name in ['street', 'postcode', 'city', 'region', 'country'] %}
            first_value({{ name }}) over (
                partition by customer_id_given, address_number
                order by changed_at
            ) as {{ name }},
        {%- endfor %}
        min(registration_date) over (partition by customer_id_given) as registration_date,
        changed_at,
        version_number = versions as is_newest,
        quality_flags,
        first_ingested_at,
        ingested_at,
        _batch_id,
        _row_number
    from counted
),

final as (
    select
        filled.source_bronze_id,
        crosswalk.customer_id,
        filled.customer_id_given,
        filled.customer_id_given = crosswalk.customer_id as is_survivor,
        {%- for name in carried %}
            filled.{{ name }},
        {%- endfor %}
        filled.street,
        filled.postcode,
        filled.city,
        filled.region,
        filled.country,
        filled.registration_date,
        filled.changed_at,
        filled.is_newest,
        filled.quality_flags,
        filled.first_ingested_at,
        filled.ingested_at,
        filled._batch_id,
        filled._row_number
    from filled
    inner join crosswalk on filled.customer_id_given = crosswalk.customer_id_given
)

select * from final
