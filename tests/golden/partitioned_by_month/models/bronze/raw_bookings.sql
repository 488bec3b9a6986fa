-- Generated from specs/etl/partitioned_by_month.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'bookings') }}
),

records as (
    select
        id,
        booked_on,
        amount,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
