-- Generated from specs/etl/web_orders.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'web_orders') }}
),

records as (
    select
        line_id,
        order_id,
        line,
        kind,
        return_of,
        placed_at,
        channel,
        customer,
        item,
        amounts,
        payment,
        attribution,
        shipping,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
