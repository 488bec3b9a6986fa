-- Generated from specs/etl/inventory_stock.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'inventory_stock') }}
),

records as (
    select
        snapshot_date,
        product_id,
        on_hand,
        received,
        sold,
        adjusted,
        reorder_point,
        inventory_status,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
