-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices as (
    select * from {{ ref('invoices') }}
),

clients as (
    select *
    from {{ ref('clients') }}
    where is_current
),

-- Every invoice with who got it.
joined as (
    select
        invoices.id,
        invoices.client_id,
        invoices.order_id,
        invoices.country,
        invoices.amount,
        invoices.issued_at,
        clients.id as clients_id,
        clients.name,
        clients.country as clients_country
    from invoices
    left join clients
        on invoices.client_id = clients.id
)

select * from joined
