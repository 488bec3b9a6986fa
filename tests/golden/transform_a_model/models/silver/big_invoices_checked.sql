-- Generated from specs/etl/transform_a_model.yml by `databank generate`.
with source as (
    select * from {{ ref('invoices_to_sign') }}
),

-- A model has no batches: its records are numbered in the order of their values.
records as (
    select
        id,
        country,
        amount,
        details,
        cast(0 as bigint) as _batch_id,
        row_number() over (
            order by id, country, amount, cast(details as text)
        ) as _row_number,
        cast(null as timestamp) as _loaded_at
    from source
),

big_ones as (
    select
        *,
        coalesce(amount > 10000, false) as _passes_big_ones
    from records
),

validated as (
    select
        *,
        case
            when country is null
                then 'country'
        end as _violations
    from big_ones
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when not _passes_big_ones then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when not _passes_big_ones
                then 'big_ones'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        id,
        country,
        amount,
        details,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
