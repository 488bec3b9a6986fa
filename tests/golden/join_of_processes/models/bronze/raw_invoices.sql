-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'invoices') }}
),

records as (
    select
        id,
        client_id,
        order_id,
        country,
        amount,
        issued_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
