-- The platform and the books agree on what campaigns sold: no sale is booked that the platform does
-- not know, and what the books lack is in quarantine, but for at most two in a hundred that are
-- under way (five where there are few).
with days as (
    select * from {{ ref('scout_campaign_reconciliation') }}
),

unknown_sales as (
    select
        date,
        campaign_id,
        booked_sales - platform_conversions as sales
    from days
    where
        booked_sales > platform_conversions
        and campaign_id <> '(unknown)'
),

totals as (
    select
        coalesce(sum(platform_conversions), 0) as platform_conversions,
        coalesce(sum(booked_sales), 0) as booked_sales
    from days
),

waiting as (
    select count(distinct records.transaction_id) as sales
    from {{ ref('scout_transactions_quarantine') }} as refused
    inner join {{ ref('scout_transactions_parsed') }} as records
        on refused.source_bronze_id = records.source_bronze_id
    where records.campaign_id_given is not null
),

lacking as (
    select
        cast(null as date) as date,
        cast('(all)' as varchar) as campaign_id,
        totals.platform_conversions - totals.booked_sales - waiting.sales as sales
    from totals
    cross join waiting
    where
        totals.platform_conversions - totals.booked_sales - waiting.sales
        > greatest(5, totals.platform_conversions / 50)
)

select * from unknown_sales
union all
select * from lacking
