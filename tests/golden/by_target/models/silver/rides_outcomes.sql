-- Generated from specs/etl/by_target.yml by `databank generate`.
with checked as (
    select * from {{ ref('rides_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from records
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
    where raw_table = 'rides'
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
        raw_table = 'rides'
        and batch_id in (select current_batches.batch_id from current_batches)
),

final as (
    select * from kept
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
