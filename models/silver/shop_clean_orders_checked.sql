-- Generated from specs/etl/shop_orders.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_raw_orders') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('order_id', 'integer') }} as order_id,
        {{ try_cast('customer_id', 'integer') }} as customer_id,
        status,
        channel,
        {{ try_cast('placed_at', 'timestamp') }} as placed_at,
        {{ try_cast('shipping_usd', 'decimal(12,2)') }} as shipping_usd,
        {{ try_cast('total_usd', 'decimal(12,2)') }} as total_usd,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('order_id', 'integer') }},
                {{ cast_error('customer_id', 'integer') }},
                {{ cast_error('placed_at', 'timestamp') }},
                {{ cast_error('shipping_usd', 'decimal(12,2)') }},
                {{ cast_error('total_usd', 'decimal(12,2)') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Orders that the shop's own checks place are none.
without_test_orders as (
    select
        *,
        coalesce(channel is distinct from 'test', false) as _passes_without_test_orders
    from typed
),

-- The first day of the month in which the order was placed.
month_of_order as (
    select
        order_id,
        customer_id,
        status,
        channel,
        placed_at,
        shipping_usd,
        total_usd,
        cast(date_trunc('MONTH', placed_at) as date) as order_month,
        _passes_without_test_orders,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from without_test_orders
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when order_id is null
                        then 'order_id is missing'
                end,
                case
                    when customer_id is null
                        then 'customer_id_present: An order without a customer cannot be delivered or refunded'
                end,
                case
                    when status not in ('paid', 'shipped', 'delivered', 'returned', 'cancelled')
                        then 'status_known: An order has one of five states'
                end,
                case
                    when total_usd < 0
                        then 'total_usd_range: Refunds are booked elsewhere, so no order has a negative total'
                end
            ),
            ''
        ) as _violations
    from month_of_order
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_without_test_orders then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_without_test_orders
                then 'without_test_orders: Orders that the shop''s own checks place are none'
            when _violations is not null
                then _violations
        end as _reason
    from validated
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
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
