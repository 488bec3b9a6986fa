-- The months have what their days have, to the cent.
with days as (
    select
        sum(total_revenue) as revenue,
        sum(total_transactions) as transactions,
        count(*) as days
    from {{ ref('scout_kpi_revenue_daily') }}
),

months as (
    select
        sum(total_revenue) as revenue,
        sum(total_transactions) as transactions,
        sum(days_with_sales) as days
    from {{ ref('scout_kpi_revenue_monthly') }}
)

select
    days.revenue as revenue_of_days,
    months.revenue as revenue_of_months
from days
cross join months
where
    days.revenue is distinct from months.revenue
    or days.transactions is distinct from months.transactions
    or days.days is distinct from coalesce(months.days, 0)
