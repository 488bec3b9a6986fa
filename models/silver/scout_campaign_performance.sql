{{ config(materialized='view') }}

-- One row per day, campaign and medium: the newest record of what the campaign did there.
with records as (
    select *
    from {{ ref('scout_campaign_performance_parsed') }}
    where reason is null
),

campaigns as (
    select distinct campaign_id
    from {{ ref('scout_campaigns_parsed') }}
    where reason is null
),

-- The platform corrects its numbers by sending them again.
ranked as (
    select
        *,
        min(ingested_at) over (
            partition by performance_date, campaign_id_given, channel
        ) as first_ingested_at,
        row_number() over (
            partition by performance_date, campaign_id_given, channel
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from records
),

final as (
    select
        ranked.performance_date,
        {{ known_member('ranked.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
            as campaign_id,
        ranked.channel,
        ranked.impressions,
        ranked.clicks,
        ranked.spend,
        ranked.conversions,
        ranked.revenue,
        ranked.attribution_model,
        ranked.campaign_id_given,
        ranked.first_ingested_at as created_at,
        ranked.ingested_at as updated_at,
        ranked.source_bronze_id,
        ranked._batch_id
    from ranked
    left join campaigns on ranked.campaign_id_given = campaigns.campaign_id
    where ranked.newest_rank = 1
)

select * from final
