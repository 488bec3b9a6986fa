-- Generated from specs/etl/catalogue_products.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'catalogue_products') }}
),

records as (
    select
        product_id,
        name,
        category,
        brand,
        price,
        cost,
        launch_date,
        status,
        attributes,
        seasonal_flags,
        updated_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
