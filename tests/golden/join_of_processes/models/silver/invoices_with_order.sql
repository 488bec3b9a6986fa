-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices_with_customers as (
    select * from {{ ref('invoices_with_customers') }}
),

orders_placed_online as (
    select * from {{ ref('orders_placed_online') }}
),

-- invoices_with_order.
joined as (
    select
        invoices_with_customers.id,
        invoices_with_customers.customer_id,
        invoices_with_customers.order_id,
        invoices_with_customers.country,
        invoices_with_customers.amount,
        invoices_with_customers.issued_at,
        invoices_with_customers.customers_id,
        invoices_with_customers.name,
        invoices_with_customers.customers_country,
        orders_placed_online.id as orders_placed_online_id,
        orders_placed_online.placed_at
    from invoices_with_customers
    full outer join orders_placed_online
        on invoices_with_customers.order_id = orders_placed_online.id and invoices_with_customers.issued_at >= orders_placed_online.placed_at
)

select * from joined
