-- Generated from specs/etl/by_target.yml by `databank generate`.
with records as (
    select * from {{ ref('raw_rides') }}
),

typed as (
    select
        {{ try_cast('seconds', 'integer') }} as seconds,
        {{ try_cast('price', 'decimal(10,2)') }} as price,
        {{ try_cast('km', 'decimal(8,3)') }} as km,
        {{ try_cast('started_at', 'timestamp') }} as started_at,
        note,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('seconds', 'integer') }},
                {{ cast_error('price', 'decimal(10,2)') }},
                {{ cast_error('km', 'decimal(8,3)') }},
                {{ cast_error('started_at', 'timestamp') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

minutes as (
    select
        seconds,
        price,
        km,
        started_at,
        note,
        cast({{ by_target(duckdb='seconds // 60', postgres='seconds / 60') }} as bigint) as minutes,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from typed
),

price_per_km as (
    select
        seconds,
        price,
        km,
        started_at,
        note,
        minutes,
        cast(cast(price as double precision) / nullif(km, 0) as double precision) as price_per_km,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from minutes
),

day_after as (
    select
        seconds,
        price,
        km,
        started_at,
        note,
        minutes,
        price_per_km,
        cast({{ by_target(duckdb="started_at + interval '1' day", postgres="started_at + interval '1 DAY'") }} as timestamp) as day_after,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from price_per_km
),

long_enough as (
    select
        *,
        coalesce({{ by_target(duckdb="seconds % 60 > 0 and regexp_matches(note, '(?s)^.a')", postgres="seconds % 60 > 0 and note ~ '(?s)^.a'") }}, false) as _passes_long_enough
    from day_after
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_long_enough then 'filtered'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_long_enough
                then 'long_enough'
        end as _reason
    from long_enough
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
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
