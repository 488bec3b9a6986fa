-- Generated from specs/etl/shop_orders.yml by `databank generate`.
with shop_clean_orders as (
    select * from {{ ref('shop_clean_orders') }}
),

-- What customers were charged, shipping included; cancelled and returned orders count.
aggregated as (
    select
        order_month,
        cast(sum(total_usd) as decimal(38, 2)) as sum_total_usd
    from shop_clean_orders
    group by order_month
)

select * from aggregated
