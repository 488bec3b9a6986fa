-- A table and not incremental: a campaign whose definition comes late takes its days over from the
-- member (unknown), and a day, a campaign and a medium make few rows.
with performance as (
    select
        performance_date,
        campaign_id,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(spend) as spend,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from {{ ref('scout_campaign_performance') }}
    group by performance_date, campaign_id, channel
),

campaigns as (
    select
        campaign_key,
        campaign_id
    from {{ ref('campaigns_dim') }}
),

final as (
    select
        performance.performance_date,
        campaigns.campaign_key,
        performance.campaign_id,
        performance.channel,
        cast(performance.impressions as bigint) as impressions,
        cast(performance.clicks as bigint) as clicks,
        cast(performance.spend as decimal(12, 2)) as spend_amount,
        cast(performance.conversions as integer) as conversions,
        cast(performance.revenue as decimal(12, 2)) as revenue_amount,
        performance.created_at,
        performance.updated_at
    from performance
    left join campaigns on performance.campaign_id = campaigns.campaign_id
)

select * from final
