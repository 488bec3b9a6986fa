-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices as (
    select * from {{ ref('invoices') }}
),

aggregated as (
    select cast(percentile_cont(0.5) within group (order by cast(amount as double precision)) as double precision) as median_amount
    from invoices
)

select * from aggregated
