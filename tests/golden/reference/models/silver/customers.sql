-- Generated from specs/etl/reference.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('customers_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
{{ config(
    schema='public',
    meta={
        'partitioning': {'strategy': 'hash', 'columns': ['region'], 'partitions': 4}
    }
) }}

with records as (
    select *
    from {{ ref('customers_checked') }}
    where _outcome = 'accepted'
),

-- One record for each id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1
),

-- Remove duplicate email addresses.
-- Records alike in email are one; a record without any is by itself.
remove_duplicates_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by updated_at desc nulls last, _batch_id desc, _row_number desc
        ) as _remove_duplicates_rank
    from newest
),

remove_duplicates as (
    select *
    from remove_duplicates_ranked
    where _remove_duplicates_rank = 1 or (email is null)
),

final as (
    select
        id,
        email,
        phone,
        region,
        status,
        updated_at,
        _batch_id,
        _row_number,
        _loaded_at
    from remove_duplicates
)

select * from final
