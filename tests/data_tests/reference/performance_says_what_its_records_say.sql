-- What a campaign did on a day in a medium is what its record says, under the campaign that it
-- names.
{%- set told = [
    'performance_date', 'campaign_id_given', 'channel', 'impressions', 'clicks', 'spend',
    'conversions', 'revenue', 'attribution_model'
] %}

select performance.source_bronze_id
from {{ ref('scout_campaign_performance') }} as performance
left join {{ ref('scout_campaign_performance_parsed') }} as records
    on performance.source_bronze_id = records.source_bronze_id
left join {{ ref('scout_clean_campaigns') }} as campaigns
    on performance.campaign_id_given = campaigns.campaign_id
where
    performance.campaign_id
    <> {{ known_member('performance.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
    {%- for name in told %}
        or records.{{ name }} is distinct from performance.{{ name }}
    {%- endfor %}
