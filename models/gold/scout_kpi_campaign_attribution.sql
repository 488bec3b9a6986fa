{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'campaign_id', 'channel'],
    on_schema_change='fail'
) }}

-- One row per day, campaign and medium on which a campaign ran.
with performance as (
    select * from {{ ref('scout_campaign_performance') }}
),

totals as (
    select
        performance_date,
        campaign_id,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        sum(spend) as spend,
        -- One campaign has one model; unknown campaigns together may have several.
        case
            when min(attribution_model) = max(attribution_model) then min(attribution_model)
            when count(attribution_model) > 0 then 'several'
        end as attribution_model,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from performance
    group by performance_date, campaign_id, channel
),

final as (
    select
        performance_date as date,
        campaign_id,
        channel,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(conversions as integer) as conversions,
        cast(revenue as decimal(12, 2)) as revenue_attributed,
        {{ ratio('spend', 'conversions', 2, 'decimal(10, 2)') }} as cost_per_acquisition,
        {{ ratio('revenue', 'spend', 4, 'decimal(8, 4)') }} as return_on_ad_spend,
        cast(attribution_model as varchar) as attribution_model,
        created_at,
        updated_at,
        cast(spend as decimal(12, 2)) as spend
    from totals
)

select * from final
