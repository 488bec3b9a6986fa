-- Generated from specs/etl/by_target.yml by `databank generate`.
with records as (
    select *
    from {{ ref('rides_checked') }}
    where _outcome = 'accepted'
),

final as (
    select
        seconds,
        price,
        km,
        started_at,
        note,
        minutes,
        price_per_km,
        day_after,
        _batch_id,
        _row_number,
        _loaded_at
    from records
)

select * from final
