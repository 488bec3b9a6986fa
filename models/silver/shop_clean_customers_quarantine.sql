-- Generated from specs/etl/shop_customers.yml by `databank generate`.
with records as (
    select * from {{ ref('shop_raw_customers') }}
),

checked as (
    select *
    from {{ ref('shop_clean_customers_checked') }}
    where _outcome = 'quarantine'
),

rejects as (
    select * from {{ ref('load_rejects') }}
),

current_batches as (
    select max(batch_id) as batch_id
    from {{ ref('load_batches') }}
    where raw_table = 'shop_customers'
    group by source
),

-- What the rules did not let pass.
failed_records as (
    select
        records.customer_id,
        records.name,
        records.email,
        records.phone,
        records.country,
        records.city,
        records.segment,
        records.signed_up_on,
        records.updated_at,
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
        cast(null as text) as customer_id,
        cast(null as text) as name,
        cast(null as text) as email,
        cast(null as text) as phone,
        cast(null as text) as country,
        cast(null as text) as city,
        cast(null as text) as segment,
        cast(null as text) as signed_up_on,
        cast(null as text) as updated_at,
        rejects.raw_text as _raw_text,
        rejects.reason as _reason,
        'load' as _stage,
        rejects.source as _source_file,
        rejects.line_number as _row_number,
        rejects.batch_id as _batch_id,
        rejects.rejected_at as _loaded_at
    from rejects
    where
        rejects.raw_table = 'shop_customers'
        and rejects.batch_id in (select current_batches.batch_id from current_batches)
),

final as (
    select * from failed_records
    union all
    select * from rejected_lines
)

select * from final
