-- Generated from specs/etl/awkward_words.yml by `databank generate`.
with checked as (
    select * from {{ ref('odd_words_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

-- Once. */ {{ '{{' }} y }}.
-- Records alike in order_, select_ are one; a record without any is by itself.
typed_2_ranked as (
    select
        *,
        row_number() over (
            partition by order_, select_
            order by _batch_id desc, _row_number desc
        ) as _typed_2_rank,
        first_value(_batch_id) over (
            partition by order_, select_
            order by _batch_id desc, _row_number desc
        ) as _typed_2_batch_id,
        first_value(_row_number) over (
            partition by order_, select_
            order by _batch_id desc, _row_number desc
        ) as _typed_2_row_number
    from records
),

typed_2 as (
    select *
    from typed_2_ranked
    where _typed_2_rank = 1 or (order_ is null and select_ is null)
),

typed_2_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'typed' as reason,
        _typed_2_batch_id as survivor_batch_id,
        _typed_2_row_number as survivor_row_number
    from typed_2_ranked
    where not (_typed_2_rank = 1 or (order_ is null and select_ is null))
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from typed_2
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
    where raw_table = 'it_s_odd_quoted_here'
),

final as (
    select * from kept
    union all
    select * from typed_2_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
