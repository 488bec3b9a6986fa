-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices_with_customers as (
    select * from {{ ref('invoices_with_customers') }}
),

order_ as (
    select * from {{ ref('order') }}
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
        order_.id as order__id,
        order_.placed_at
    from invoices_with_customers
    full outer join order_
        on invoices_with_customers.order_id = order_.id and order_.placed_at <= invoices_with_customers.issued_at
)

select * from joined
