-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices as (
    select * from {{ ref('invoices') }}
),

customers as (
    select *
    from {{ ref('customers') }}
    where is_current
),

-- Every invoice with who got it.
joined as (
    select
        invoices.id,
        invoices.customer_id,
        invoices.order_id,
        invoices.country,
        invoices.amount,
        invoices.issued_at,
        customers.id as customers_id,
        customers.name,
        customers.country as customers_country
    from invoices
    left join customers
        on invoices.customer_id = customers.id
)

select * from joined
