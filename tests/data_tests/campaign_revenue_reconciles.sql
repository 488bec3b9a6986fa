-- The platform and the books agree on what campaigns sold: no sale is booked that the platform does
-- not know, and the books lack at most two in a hundred (those in quarantine and those under way;
-- five where there are few).
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

lacking as (
    select
        cast(null as date) as date,
        cast('(all)' as varchar) as campaign_id,
        sum(platform_conversions - booked_sales) as sales
    from days
    having
        sum(platform_conversions - booked_sales)
        > greatest(5, sum(platform_conversions) / 50)
)

select * from unknown_sales
union all
select * from lacking
