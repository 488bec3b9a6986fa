-- Generated from specs/etl/web_sessions.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'web_sessions') }}
),

records as (
    select
        date,
        channel,
        region,
        sessions,
        bounced,
        with_cart,
        orders,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
