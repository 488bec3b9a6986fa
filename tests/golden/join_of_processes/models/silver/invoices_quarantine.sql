-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with records as (
    select * from {{ ref('raw_invoices') }}
),

checked as (
    select *
    from {{ ref('invoices_checked') }}
    where _outcome = 'quarantine'
),

rejects as (
    select * from {{ ref('load_rejects') }}
),

-- What the rules did not let pass.
failed_records as (
    select
        records.id,
        records.client_id,
        records.order_id,
        records.country,
        records.amount,
        records.issued_at,
        cast(null as text) as _raw_text,
        checked._reason,
        'check' as _stage,
        records._source_file,
        records._row_number,
        records._batch_id,
        records._loaded_at
    from records
    inner join checked
        on
            records._batch_id = checked._batch_id
            and records._row_number = checked._row_number
),

-- What could not be read at all; the row number is the line's.
rejected_lines as (
    select
        cast(null as text) as id,
        cast(null as text) as client_id,
        cast(null as text) as order_id,
        cast(null as text) as country,
        cast(null as text) as amount,
        cast(null as text) as issued_at,
        rejects.raw_text as _raw_text,
        rejects.reason as _reason,
        'load' as _stage,
        rejects.source as _source_file,
        rejects.line_number as _row_number,
        rejects.batch_id as _batch_id,
        rejects.rejected_at as _loaded_at
    from rejects
    where rejects.raw_table = 'invoices'
),

final as (
    select * from failed_records
    union all
    select * from rejected_lines
)

select * from final
