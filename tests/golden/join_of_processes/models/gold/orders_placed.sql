-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices_with_order as (
    select * from {{ ref('invoices_with_order') }}
),

-- orders_placed.
aggregated as (
    select
        customers_country,
        max(placed_at) as max_placed_at
    from invoices_with_order
    group by customers_country
)

select * from aggregated
