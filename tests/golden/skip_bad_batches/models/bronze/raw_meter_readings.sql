-- Generated from specs/etl/skip_bad_batches.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'meter_readings') }}
),

records as (
    select
        reading_id,
        read_at,
        kwh,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
