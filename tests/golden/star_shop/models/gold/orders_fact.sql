-- Generated from specs/stars/shop.yml by `databank generate`.
with orders as (
    select * from {{ ref('orders') }}
),

customers_dim as (
    select * from {{ ref('customers_dim') }}
),

addresses_dim as (
    select * from {{ ref('addresses_dim') }}
),

date_dim as (
    select * from {{ ref('date_dim') }}
),

final as (
    select
        orders.order_id,
        coalesce(customers_dim.customer_key, {{ unknown_key() }}) as customer_key,
        coalesce(bill_address_dim.address_key, {{ unknown_key() }}) as bill_address_key,
        coalesce(ship_address_dim.address_key, {{ unknown_key() }}) as ship_address_key,
        coalesce(placed_date_dim.date_key, 0) as placed_date_key,
        coalesce(due_date_dim.date_key, 0) as due_date_key,
        orders.placed_at,
        orders.shipping_usd
    from orders
    left join customers_dim
        on orders.customer_id = customers_dim.customer_id
    left join addresses_dim as bill_address_dim
        on orders.bill_address_id = bill_address_dim.address_id
    left join addresses_dim as ship_address_dim
        on orders.ship_address_id = ship_address_dim.address_id
    left join date_dim as placed_date_dim
        on cast(orders.placed_at as date) = placed_date_dim.date
    left join date_dim as due_date_dim
        on orders.due = due_date_dim.date
)

select * from final
