{{ config(materialized='view') }}

-- One row per day and campaign: what the platform says that it sold, and what was booked.
with platform as (
    select
        performance_date as date,
        campaign_id,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from {{ ref('scout_campaign_performance') }}
    group by performance_date, campaign_id
),

-- Only sales: the platform does not hear of refunds.
booked as (
    select
        transaction_date as date,
        campaign_id,
        count(*) as sales,
        sum(amount) as revenue
    from {{ ref('scout_clean_transactions') }}
    where
        transaction_type = 'sale'
        and campaign_id <> '(none)'
    group by transaction_date, campaign_id
),

final as (
    select
        coalesce(platform.date, booked.date) as date,
        cast(coalesce(platform.campaign_id, booked.campaign_id) as varchar) as campaign_id,
        cast(coalesce(platform.conversions, 0) as integer) as platform_conversions,
        cast(coalesce(booked.sales, 0) as integer) as booked_sales,
        cast(coalesce(platform.revenue, 0) as decimal(15, 2)) as platform_revenue,
        cast(coalesce(booked.revenue, 0) as decimal(15, 2)) as booked_revenue,
        cast(coalesce(platform.revenue, 0) - coalesce(booked.revenue, 0) as decimal(15, 2))
            as difference
    from platform
    full outer join booked
        on
            platform.date = booked.date
            and platform.campaign_id = booked.campaign_id
)

select * from final
