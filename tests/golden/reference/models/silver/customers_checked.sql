-- Generated from specs/etl/reference.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_customers') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('id', 'bigint') }} as id,
        email,
        phone,
        region,
        status,
        {{ try_cast('updated_at', 'timestamp') }} as updated_at,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('id', 'bigint') }},
                {{ cast_error('updated_at', 'timestamp') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Remove records with invalid email addresses.
clean_customer_data as (
    select
        *,
        coalesce(email is not null and email <> '', false) as _passes_clean_customer_data
    from typed
),

-- Standardize phone number format.
standardize_phone as (
    select
        id,
        email,
        regexp_replace(phone, '[^0-9]', '', 'g') as phone,
        region,
        status,
        updated_at,
        _passes_clean_customer_data,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from clean_customer_data
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when id is null
                        then 'id is missing'
                end,
                case
                    when not {{ matches('email', '^[^@]+@[^@]+\\.[^@]+$') }}
                        then 'email_format: Validate email format'
                end
            ),
            ''
        ) as _violations
    from standardize_phone
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_clean_customer_data then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_clean_customer_data
                then 'clean_customer_data: Remove records with invalid email addresses'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        id,
        email,
        phone,
        region,
        status,
        updated_at,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
