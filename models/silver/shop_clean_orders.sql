-- Generated from specs/etl/shop_orders.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['order_id'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_clean_orders_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and order_id in (
                select changed.order_id
                from {{ ref('shop_clean_orders_checked') }} as changed
                where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
        {% endif %}
),

-- One record for each order_id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by order_id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1
),

final as (
    select
        order_id,
        customer_id,
        status,
        channel,
        placed_at,
        shipping_usd,
        total_usd,
        order_month,
        _batch_id,
        _row_number,
        _loaded_at
    from newest
)

select * from final
