-- On the last day the tiers together hold every customer and all that they spent; and every
-- customer who ever bought was new on exactly one day.
with metrics as (
    select * from {{ ref('scout_kpi_customer_metrics') }}
),

last_day as (
    select max(date) as date from metrics
),

totals as (
    select
        coalesce(sum(metrics.total_customers), 0) as total_customers,
        coalesce(sum(metrics.lifetime_value), 0) as lifetime_value
    from metrics
    inner join last_day on metrics.date = last_day.date
),

newcomers as (
    select coalesce(sum(new_acquisitions), 0) as new_acquisitions from metrics
),

customers as (
    select *
    from {{ ref('scout_clean_customers') }}
    where source_bronze_id is not null
),

expected as (
    select
        count(case when customers.registration_date <= last_day.date then 1 end) as registered,
        count(*) as customers,
        coalesce(sum(customers.lifetime_value), 0) as lifetime_value,
        count(customers.first_purchase_date) as buyers
    from customers
    cross join last_day
)

select
    totals.total_customers,
    expected.customers,
    totals.lifetime_value,
    expected.lifetime_value as silver_lifetime_value,
    newcomers.new_acquisitions,
    expected.buyers
from totals
cross join newcomers
cross join expected
where
    totals.total_customers not between expected.registered and expected.customers
    or totals.lifetime_value <> expected.lifetime_value
    or newcomers.new_acquisitions <> expected.buyers
