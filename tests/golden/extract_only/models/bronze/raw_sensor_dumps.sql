-- Generated from specs/etl/extract_only.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'sensor_dumps') }}
),

records as (
    select
        sensor,
        value,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
