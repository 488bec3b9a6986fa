-- Generated from specs/etl/exchange_rates.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'exchange_rates') }}
),

records as (
    select
        rate_date,
        base_currency,
        currency,
        rate,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
