-- Generated from specs/etl/transform_a_model.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('big_invoices_quarantine') }}
with records as (
    select *
    from {{ ref('big_invoices_checked') }}
    where _outcome = 'accepted'
),

-- One record for each id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1 or (id is null)
),

final as (
    select
        id,
        country,
        amount,
        details,
        _batch_id,
        _row_number,
        _loaded_at
    from newest
)

select * from final
