-- Generated from specs/etl/upsert_composite_key.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'stock_levels') }}
),

records as (
    select
        shop_id,
        article,
        pieces,
        shelf,
        note,
        version,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
