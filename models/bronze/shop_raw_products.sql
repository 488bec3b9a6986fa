-- Generated from specs/etl/shop_products.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'shop_products') }}
),

records as (
    select
        product_id,
        name,
        category,
        price_usd,
        is_active,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
