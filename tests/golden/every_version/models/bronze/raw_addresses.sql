-- Generated from specs/etl/every_version.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'addresses') }}
),

records as (
    select
        customer_id,
        street,
        city,
        is_verified,
        changed_on,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
