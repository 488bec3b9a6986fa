-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
with invoices as (
    select * from {{ ref('invoices') }}
),

-- Sales by country.
aggregated as (
    select
        country,
        cast(date_trunc('MONTH', issued_at) as timestamp) as month,
        cast(sum(amount) as decimal(38, 2)) as sum_amount
    from invoices
    group by country, cast(date_trunc('MONTH', issued_at) as timestamp)
    having cast(sum(amount) as decimal(38, 2)) > 100 and count(distinct client_id) >= 2
)

select * from aggregated
