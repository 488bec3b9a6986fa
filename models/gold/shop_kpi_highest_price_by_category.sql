-- Generated from specs/etl/shop_products.yml by `databank generate`.
with shop_clean_products as (
    select *
    from {{ ref('shop_clean_products') }}
    where is_current
),

-- What the dearest product of a category has cost at most, in US dollars.
aggregated as (
    select
        category,
        max(price_usd) as max_price_usd
    from shop_clean_products
    group by category
)

select * from aggregated
