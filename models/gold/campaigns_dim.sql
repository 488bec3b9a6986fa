-- One row per campaign, as its newest definition has it: type 1, because what a campaign was for is
-- settled when it begins. Its state and its budget are those of today.
with campaigns as (
    select * from {{ ref('scout_clean_campaigns') }}
),

final as (
    select
        {{ surrogate_uuid(["'campaigns_dim'", 'campaign_id']) }} as campaign_key,
        campaign_id,
        campaign_name,
        campaign_type,
        cast({{ json_text('target_audience', 'segment') }} as varchar) as audience_segment,
        attribution_model,
        start_date,
        end_date,
        cast(end_date - start_date + 1 as integer) as duration_days,
        budget,
        status,
        created_at,
        updated_at,
        source_bronze_id
    from campaigns
)

select * from final
