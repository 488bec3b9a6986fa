-- Generated from specs/etl/payment_events.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'payment_events') }}
),

records as (
    select
        event_id,
        payment_id,
        event_type,
        reference,
        amount_minor,
        currency,
        method,
        scheme,
        country,
        risk_score,
        failure_code,
        created_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
