-- Generated from specs/etl/shop_order_items.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'shop_order_items') }}
),

records as (
    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price_usd,
        discount_ratio,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
