-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices_with_clients as (
    select * from {{ ref('invoices_with_clients') }}
),

orders_placed_online as (
    select * from {{ ref('orders_placed_online') }}
),

joined as (
    select
        invoices_with_clients.id,
        invoices_with_clients.client_id,
        invoices_with_clients.order_id,
        invoices_with_clients.country,
        invoices_with_clients.amount,
        invoices_with_clients.issued_at,
        invoices_with_clients.clients_id,
        invoices_with_clients.name,
        invoices_with_clients.clients_country,
        orders_placed_online.id as orders_placed_online_id,
        orders_placed_online.placed_at
    from invoices_with_clients
    full outer join orders_placed_online
        on invoices_with_clients.order_id = orders_placed_online.id and invoices_with_clients.issued_at >= orders_placed_online.placed_at
)

select * from joined
