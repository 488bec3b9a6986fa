-- Generated from specs/etl/replace_from_files.yml by `databank generate`.
with records as (
    select * from {{ ref('raw_price_list') }}
),

typed as (
    select
        supplier,
        article,
        {{ try_cast('price', 'decimal(12,2)') }} as price,
        {{ try_cast('details', 'json') }} as details,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('price', 'decimal(12,2)') }},
                {{ cast_error('details', 'json') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Only records whose supplier is Acme or O'Hara or null are asked for.
filter_supplier as (
    select
        *,
        coalesce(supplier in ('Acme', 'O''Hara') or supplier is null, false) as _passes_filter_supplier
    from typed
),

-- Only records whose price is 1 or 2.5 are asked for.
filter_price as (
    select
        *,
        coalesce(price in (1, 2.5), false) as _passes_filter_price
    from filter_supplier
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_filter_supplier then 'filtered'
            when not _passes_filter_price then 'filtered'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_filter_supplier
                then 'filter_supplier: Only records whose supplier is Acme or O''Hara or null are asked for'
            when not _passes_filter_price
                then 'filter_price: Only records whose price is 1 or 2.5 are asked for'
        end as _reason
    from filter_price
),

final as (
    select
        supplier,
        article,
        price,
        details,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
