{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

-- Every version of every customer with its types. What cannot be right says nothing: it becomes
-- null, and its check stays among the flags. A record is set aside only if it belongs to no
-- customer or to no time.
{%- set texts = [
    'first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender', 'registration_date', 'tier',
    'preferred_channel', 'marketing_consent', 'language', 'updated_at'
] %}
{%- set place = ['street', 'postcode', 'city', 'region', 'country'] %}
{%- set paths = ['customer_id'] + texts %}
{%- for name in place %}{% do paths.append('address.' ~ name) %}{% endfor %}

with records as (
    select
        id,
        {{ json_fields('customer_data', paths) }} as fields,
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from {{ ref('scout_raw_customers') }}
    {% if is_incremental() -%}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {%- endif %}
),

unpacked as (
    select
        id,
        nullif(trim({{ json_field('fields', paths, 'customer_id') }}, ' '), '') as customer_id,
        {%- for name in texts %}
            case
                when not '{{ name }}' = any(_failed_checks)
                    then nullif(trim({{ json_field('fields', paths, name) }}, ' '), '')
            end as {{ name }},
        {%- endfor %}
        {%- for name in place %}
            {{ json_field('fields', paths, 'address.' ~ name) }} as {{ name }},
        {%- endfor %}
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from records
    {{ computed_once() }}
),

final as (
    select
        id as source_bronze_id,
        cast(customer_id as varchar) as customer_id_given,
        cast(first_name as varchar) as first_name,
        cast(last_name as varchar) as last_name,
        cast(lower(email) as varchar) as email,
        cast(regexp_replace(phone, '[^0-9+]', '', 'g') as varchar) as phone,
        cast({{ try_timestamp('birth_date') }} as date) as birth_date,
        cast(gender as varchar) as gender,
        cast(street as varchar) as street,
        cast(postcode as varchar) as postcode,
        cast(city as varchar) as city,
        cast(region as varchar) as region,
        cast(country as varchar) as country,
        cast({{ try_timestamp('registration_date') }} as date) as registration_date,
        cast(tier as varchar) as customer_tier,
        cast(preferred_channel as varchar) as preferred_channel,
        {{ try_cast('marketing_consent', 'boolean') }} as marketing_consent,
        cast(language as varchar) as language,
        {{ try_timestamp('updated_at') }} as changed_at,
        not('customer_id' = any(_failed_checks) or 'updated_at' = any(_failed_checks))
            as is_accepted,
        cast(
            case
                when 'customer_id' = any(_failed_checks)
                    then 'customer_id: the record belongs to no customer'
                when 'updated_at' = any(_failed_checks)
                    then 'updated_at: the record belongs to no time'
            end as varchar
        ) as reason,
        _failed_checks as quality_flags,
        ingested_at,
        _batch_id,
        _row_number
    from unpacked
)

select * from final
