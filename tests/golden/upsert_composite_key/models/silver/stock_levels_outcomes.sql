-- Generated from specs/etl/upsert_composite_key.yml by `databank generate`.
with checked as (
    select * from {{ ref('stock_levels_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

-- One record for each shop_id, article: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by shop_id, article
            order by version desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_rank,
        first_value(_batch_id) over (
            partition by shop_id, article
            order by version desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_batch_id,
        first_value(_row_number) over (
            partition by shop_id, article
            order by version desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_row_number
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1
),

newest_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'a newer record has the same shop_id, article' as reason,
        _newest_batch_id as survivor_batch_id,
        _newest_row_number as survivor_row_number
    from newest_ranked
    where not (_newest_rank = 1)
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from newest
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

rejected_lines as (
    select
        batch_id as _batch_id,
        line_number as _row_number,
        'quarantine' as outcome,
        reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from {{ ref('load_rejects') }}
    where raw_table = 'stock_levels'
),

final as (
    select * from kept
    union all
    select * from newest_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
