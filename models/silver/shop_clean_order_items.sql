-- Generated from specs/etl/shop_order_items.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_clean_order_items_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

final as (
    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price_usd,
        discount_ratio,
        line_total_usd,
        _batch_id,
        _row_number,
        _loaded_at
    from records
)

select * from final
