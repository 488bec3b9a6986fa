-- Generated from specs/etl/append_from_files.yml by `databank generate`.
with checked as (
    select * from {{ ref('web_visits_checked') }}
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
        _survivor_batch_id as survivor_batch_id,
        _survivor_row_number as survivor_row_number
    from checked
    where _outcome <> 'accepted'
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
    where raw_table = 'web_visits'
),

final as (
    select * from kept
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
