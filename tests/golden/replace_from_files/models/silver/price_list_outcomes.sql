-- Generated from specs/etl/replace_from_files.yml by `databank generate`.
with checked as (
    select * from {{ ref('price_list_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

-- Records alike in supplier, article, price, details are one; a record without any is by itself.
whole_records_once_ranked as (
    select
        *,
        row_number() over (
            partition by supplier, article, price, cast(details as text)
            order by _batch_id desc, _row_number desc
        ) as _whole_records_once_rank,
        first_value(_batch_id) over (
            partition by supplier, article, price, cast(details as text)
            order by _batch_id desc, _row_number desc
        ) as _whole_records_once_batch_id,
        first_value(_row_number) over (
            partition by supplier, article, price, cast(details as text)
            order by _batch_id desc, _row_number desc
        ) as _whole_records_once_row_number
    from records
),

whole_records_once as (
    select *
    from whole_records_once_ranked
    where _whole_records_once_rank = 1 or (supplier is null and article is null and price is null and details is null)
),

whole_records_once_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'whole_records_once' as reason,
        _whole_records_once_batch_id as survivor_batch_id,
        _whole_records_once_row_number as survivor_row_number
    from whole_records_once_ranked
    where not (_whole_records_once_rank = 1 or (supplier is null and article is null and price is null and details is null))
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from whole_records_once
),

set_aside as (
    select
        _batch_id,
        _row_number,
        _outcome as outcome,
        _reason as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from checked
    where _outcome <> 'accepted'
),

current_batches as (
    select max(batch_id) as batch_id
    from {{ ref('load_batches') }}
    where raw_table = 'price_list'
    group by source
),

rejected_lines as (
    select
        batch_id as _batch_id,
        line_number as _row_number,
        'quarantine' as outcome,
        reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from {{ ref('load_rejects') }}
    where
        raw_table = 'price_list'
        and batch_id in (select current_batches.batch_id from current_batches)
),

final as (
    select * from kept
    union all
    select * from whole_records_once_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
