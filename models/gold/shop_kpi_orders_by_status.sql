-- Generated from specs/etl/shop_orders.yml by `databank generate`.
with shop_clean_orders as (
    select * from {{ ref('shop_clean_orders') }}
),

-- How many orders have come how far.
aggregated as (
    select
        status,
        count(*) as count
    from shop_clean_orders
    group by status
)

select * from aggregated
