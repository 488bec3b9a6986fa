-- The table of campaigns says what the record of each says, that there is no later one, and what
-- was spent on it.
{%- set told = [
    'campaign_id', 'campaign_name', 'campaign_type', 'start_date', 'end_date', 'budget', 'status',
    'attribution_model'
] %}

with records as (
    select * from {{ ref('scout_campaigns_parsed') }}
    where reason is null
),

newest as (
    select
        campaign_id,
        max(changed_at) as changed_at
    from records
    group by campaign_id
),

spending as (
    select
        campaign_id,
        sum(spend) as spent
    from {{ ref('scout_campaign_performance') }}
    group by campaign_id
),

campaigns as (
    select * from {{ ref('scout_clean_campaigns') }}
)

select coalesce(campaigns.campaign_id, newest.campaign_id) as campaign_id
from campaigns
full outer join newest on campaigns.campaign_id = newest.campaign_id
left join records on campaigns.source_bronze_id = records.source_bronze_id
left join spending on campaigns.campaign_id = spending.campaign_id
where
    coalesce(spending.spent, 0) is distinct from campaigns.spent
    or (
        coalesce(campaigns.campaign_id, '') not in ('(none)', '(unknown)')
        and (
            newest.changed_at is distinct from records.changed_at
            {%- for name in told %}
                or records.{{ name }} is distinct from campaigns.{{ name }}
            {%- endfor %}
        )
    )
