-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_invoices') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('id', 'bigint') }} as id,
        {{ try_cast('client_id', 'bigint') }} as client_id,
        {{ try_cast('order_id', 'integer') }} as order_id,
        country,
        {{ try_cast('amount', 'decimal(12,2)') }} as amount,
        {{ try_cast('issued_at', 'timestamp') }} as issued_at,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('id', 'bigint') }},
                {{ cast_error('client_id', 'bigint') }},
                {{ cast_error('order_id', 'integer') }},
                {{ cast_error('amount', 'decimal(12,2)') }},
                {{ cast_error('issued_at', 'timestamp') }}
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
            when id is null
                then 'id is missing'
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
        id,
        client_id,
        order_id,
        country,
        amount,
        issued_at,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
