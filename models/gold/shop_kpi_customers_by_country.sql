-- Generated from specs/etl/shop_customers.yml by `databank generate`.
with shop_clean_customers as (
    select * from {{ ref('shop_clean_customers') }}
),

-- How many customers the shop has where, and of which kind.
aggregated as (
    select
        country,
        segment,
        count(*) as count
    from shop_clean_customers
    group by country, segment
)

select * from aggregated
