-- Generated from specs/etl/every_version.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_addresses') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('customer_id', 'uuid') }} as customer_id,
        street,
        city,
        {{ try_cast('is_verified', 'boolean') }} as is_verified,
        {{ try_cast('changed_on', 'date') }} as changed_on,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('customer_id', 'uuid') }},
                {{ cast_error('is_verified', 'boolean') }},
                {{ cast_error('changed_on', 'date') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

validated as (
    select
        *,
        case
            when customer_id is null
                then 'customer_id is missing'
        end as _violations
    from typed
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        customer_id,
        street,
        city,
        is_verified,
        changed_on,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
