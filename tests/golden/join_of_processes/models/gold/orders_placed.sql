-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices_with_order as (
    select * from {{ ref('invoices_with_order') }}
),

aggregated as (
    select
        clients_country,
        max(placed_at) as max_placed_at
    from invoices_with_order
    group by clients_country
)

select * from aggregated
