-- Generated from specs/etl/every_rule.yml by `databank generate`.
with checked as (
    select * from {{ ref('applicants_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

-- One record for each id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank,
        first_value(_batch_id) over (
            partition by id
            order by _batch_id desc, _row_number desc
        ) as _newest_batch_id,
        first_value(_row_number) over (
            partition by id
            order by _batch_id desc, _row_number desc
        ) as _newest_row_number
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1 or (id is null)
),

newest_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'a newer record has the same id' as reason,
        _newest_batch_id as survivor_batch_id,
        _newest_row_number as survivor_row_number
    from newest_ranked
    where not (_newest_rank = 1 or (id is null))
),

-- Records alike in email are one; a record without any is by itself.
one_each_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by applied_on desc nulls first, _batch_id desc, _row_number desc
        ) as _one_each_rank,
        first_value(_batch_id) over (
            partition by email
            order by applied_on desc nulls first, _batch_id desc, _row_number desc
        ) as _one_each_batch_id,
        first_value(_row_number) over (
            partition by email
            order by applied_on desc nulls first, _batch_id desc, _row_number desc
        ) as _one_each_row_number
    from newest
),

one_each as (
    select *
    from one_each_ranked
    where _one_each_rank = 1 or (email is null)
),

one_each_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'one_each' as reason,
        _one_each_batch_id as survivor_batch_id,
        _one_each_row_number as survivor_row_number
    from one_each_ranked
    where not (_one_each_rank = 1 or (email is null))
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from one_each
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
    where raw_table = 'applicants'
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
        raw_table = 'applicants'
        and batch_id in (select current_batches.batch_id from current_batches)
),

final as (
    select * from kept
    union all
    select * from newest_duplicates
    union all
    select * from one_each_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
