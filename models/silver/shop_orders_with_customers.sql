-- Generated from specs/etl/shop_orders.yml by `databank generate`.
with shop_clean_orders as (
    select * from {{ ref('shop_clean_orders') }}
),

shop_clean_customers as (
    select * from {{ ref('shop_clean_customers') }}
),

-- Every order with who placed it; the customer's columns are empty where the customer list has no such customer, or only one in quarantine.
joined as (
    select
        shop_clean_orders.order_id,
        shop_clean_orders.customer_id,
        shop_clean_orders.status,
        shop_clean_orders.channel,
        shop_clean_orders.placed_at,
        shop_clean_orders.shipping_usd,
        shop_clean_orders.total_usd,
        shop_clean_orders.order_month,
        shop_clean_customers.customer_id as shop_clean_customers_customer_id,
        shop_clean_customers.name,
        shop_clean_customers.email,
        shop_clean_customers.phone,
        shop_clean_customers.country,
        shop_clean_customers.city,
        shop_clean_customers.segment,
        shop_clean_customers.signed_up_on,
        shop_clean_customers.updated_at
    from shop_clean_orders
    left join shop_clean_customers
        on shop_clean_orders.customer_id = shop_clean_customers.customer_id
)

select * from joined
