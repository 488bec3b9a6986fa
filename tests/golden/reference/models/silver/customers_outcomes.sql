-- Generated from specs/etl/reference.yml by `databank generate`.
with checked as (
    select * from {{ ref('customers_checked') }}
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
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_rank,
        first_value(_batch_id) over (
            partition by id
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_batch_id,
        first_value(_row_number) over (
            partition by id
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
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
        'a newer record has the same id' as reason,
        _newest_batch_id as survivor_batch_id,
        _newest_row_number as survivor_row_number
    from newest_ranked
    where not (_newest_rank = 1)
),

-- Remove duplicate email addresses.
-- Records alike in email are one; a record without any is by itself.
remove_duplicates_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _remove_duplicates_rank,
        first_value(_batch_id) over (
            partition by email
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _remove_duplicates_batch_id,
        first_value(_row_number) over (
            partition by email
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _remove_duplicates_row_number
    from newest
),

remove_duplicates as (
    select *
    from remove_duplicates_ranked
    where _remove_duplicates_rank = 1 or (email is null)
),

remove_duplicates_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'remove_duplicates' as reason,
        _remove_duplicates_batch_id as survivor_batch_id,
        _remove_duplicates_row_number as survivor_row_number
    from remove_duplicates_ranked
    where not (_remove_duplicates_rank = 1 or (email is null))
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from remove_duplicates
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
    where raw_table = 'customer_data_etl'
),

final as (
    select * from kept
    union all
    select * from newest_duplicates
    union all
    select * from remove_duplicates_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
