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

judged as (
    select
        *,
        case when _type_errors is null then 'accepted' else 'quarantine' end as _outcome,
        _type_errors as _reason
    from typed
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
