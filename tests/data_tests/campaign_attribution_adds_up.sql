-- Gold has what silver has, to the cent, day by day, campaign by campaign and medium by medium; and
-- what it divides are these sums.
with silver as (
    select
        performance_date as date,
        campaign_id,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        sum(spend) as spend,
        count(distinct attribution_model) as models,
        min(attribution_model) as attribution_model
    from {{ ref('scout_campaign_performance') }}
    group by performance_date, campaign_id, channel
),

gold as (
    select * from {{ ref('scout_kpi_campaign_attribution') }}
)

select
    coalesce(silver.date, gold.date) as date,
    coalesce(silver.campaign_id, gold.campaign_id) as campaign_id,
    coalesce(silver.channel, gold.channel) as channel
from silver
full outer join gold
    on
        silver.date = gold.date
        and silver.campaign_id = gold.campaign_id
        and silver.channel = gold.channel
where
    silver.impressions is distinct from gold.impressions
    or silver.clicks is distinct from gold.clicks
    or silver.conversions is distinct from gold.conversions
    or silver.revenue is distinct from gold.revenue_attributed
    or silver.spend is distinct from gold.spend
    or (
        silver.models = 1
        and silver.attribution_model is distinct from gold.attribution_model
    )
    or {{ ratio('silver.spend', 'silver.conversions', 2) }}
    is distinct from gold.cost_per_acquisition
    or {{ ratio('silver.revenue', 'silver.spend', 4) }} is distinct from gold.return_on_ad_spend
