-- Generated from specs/etl/shop_products.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_raw_products') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        product_id,
        name,
        category,
        {{ try_cast('price_usd', 'decimal(12,2)') }} as price_usd,
        {{ try_cast('is_active', 'boolean') }} as is_active,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('price_usd', 'decimal(12,2)') }},
                {{ cast_error('is_active', 'boolean') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Blanks around a category come from typing it.
category_trimmed as (
    select
        product_id,
        name,
        trim(category, ' ') as category,
        price_usd,
        is_active,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from typed
),

-- Capitals make no difference in a category.
category_lower_case as (
    select
        product_id,
        name,
        lower(category) as category,
        price_usd,
        is_active,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from category_trimmed
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when product_id is null
                        then 'product_id is missing'
                end,
                case
                    when not {{ matches('product_id', '^P-[0-9]{3}$') }}
                        then 'product_id_format: A product''s number is a P, a dash and three digits'
                end,
                case
                    when price_usd < 0.01
                        then 'price_usd_range: Nothing is given away'
                end
            ),
            ''
        ) as _violations
    from category_lower_case
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        product_id,
        name,
        category,
        price_usd,
        is_active,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
