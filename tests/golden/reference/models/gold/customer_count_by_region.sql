-- Generated from specs/etl/reference.yml by `databank generate`.
with customers as (
    select * from {{ ref('customers') }}
),

-- Count customers by region.
aggregated as (
    select
        region,
        count(*) as count
    from customers
    group by region
    having count(*) > 100
)

select * from aggregated
