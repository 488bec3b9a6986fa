-- Generated from specs/etl/transform_a_model.yml by `databank generate`.
with source as (
    select * from {{ ref('invoices_to_sign') }}
),

-- A model has no batches: its records are numbered in the order of their values.
records as (
    select
        id,
        country,
        amount,
        details,
        cast(0 as bigint) as _batch_id,
        row_number() over (
            order by id, country, amount, cast(details as text)
        ) as _row_number,
        cast(null as timestamp) as _loaded_at
    from source
),

checked as (
    select *
    from {{ ref('big_invoices_checked') }}
    where _outcome = 'quarantine'
),

-- What the rules did not let pass.
failed_records as (
    select
        records.id,
        records.country,
        records.amount,
        records.details,
        cast(null as text) as _raw_text,
        checked._reason,
        'check' as _stage,
        cast('invoices_to_sign' as text) as _source_file,
        records._row_number,
        records._batch_id,
        records._loaded_at
    from records
    inner join checked
        on
            records._batch_id = checked._batch_id
            and records._row_number = checked._row_number
)

select * from failed_records
