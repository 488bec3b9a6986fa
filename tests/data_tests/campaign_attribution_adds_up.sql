-- Gold has what silver has, to the cent, day by day.
with silver as (
    select
        performance_date as date,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        sum(spend) as spend
    from {{ ref('scout_campaign_performance') }}
    group by performance_date
),

gold as (
    select
        date,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(revenue_attributed) as revenue,
        sum(spend) as spend
    from {{ ref('scout_kpi_campaign_attribution') }}
    group by date
)

select
    silver.date as silver_date,
    gold.date as gold_date
from silver
full outer join gold on silver.date = gold.date
where
    silver.impressions is distinct from gold.impressions
    or silver.clicks is distinct from gold.clicks
    or silver.conversions is distinct from gold.conversions
    or silver.revenue is distinct from gold.revenue
    or silver.spend is distinct from gold.spend
