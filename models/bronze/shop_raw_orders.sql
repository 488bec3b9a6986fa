-- Generated from specs/etl/shop_orders.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'shop_orders') }}
),

records as (
    select
        order_id,
        customer_id,
        status,
        channel,
        placed_at,
        shipping_usd,
        total_usd,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
