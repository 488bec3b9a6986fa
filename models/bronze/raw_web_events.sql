-- Generated from specs/etl/web_events.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'web_events') }}
),

records as (
    select
        event_id,
        event_type,
        timestamp,
        session_id,
        user_agent,
        customer_id,
        weight,
        event_data,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
