-- Generated from specs/etl/shop_order_items.yml by `databank generate`.
with shop_clean_order_items as (
    select * from {{ ref('shop_clean_order_items') }}
),

-- How often the products that sell best were sold; those under 180 pieces are left out.
aggregated as (
    select
        product_id,
        cast(sum(quantity) as decimal(38, 0)) as sum_quantity
    from shop_clean_order_items
    group by product_id
    having cast(sum(quantity) as decimal(38, 0)) >= 180
)

select * from aggregated
