{{ config(materialized='materialized_view' if target.type == 'postgres' else 'table') }}

-- One row per month, region and channel with a sale or a refund.
with days as (
    select * from {{ ref('scout_kpi_revenue_daily') }}
),

months as (
    select
        cast(date_trunc('month', date) as date) as month_start,
        region,
        channel,
        sum(total_revenue) as total_revenue,
        sum(total_transactions) as total_transactions,
        sum(new_customers) as new_customers,
        count(*) as days_with_sales,
        max(total_revenue) as best_day_revenue,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from days
    group by cast(date_trunc('month', date) as date), region, channel
),

final as (
    select
        month_start,
        cast(region as varchar) as region,
        cast(channel as varchar) as channel,
        cast(total_revenue as decimal(15, 2)) as total_revenue,
        cast(total_transactions as integer) as total_transactions,
        cast(new_customers as integer) as new_customers,
        cast(days_with_sales as integer) as days_with_sales,
        cast(best_day_revenue as decimal(15, 2)) as best_day_revenue,
        {{ ratio('total_revenue', 'days_with_sales', 2, 'decimal(15, 2)') }} as avg_daily_revenue,
        created_at,
        updated_at
    from months
)

select * from final
