-- Generated from specs/etl/transform_a_model.yml by `databank generate`.
with checked as (
    select * from {{ ref('big_invoices_checked') }}
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

final as (
    select * from kept
    union all
    select * from newest_duplicates
    union all
    select * from set_aside
)

select * from final
