-- Generated from specs/etl/reference.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'customer_data_etl') }}
),

records as (
    select
        id,
        email,
        phone,
        region,
        status,
        updated_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
