{{ config(materialized='view') }}

-- What could not be used, as it came, and why.
with definitions as (
    {{ quarantined_records(
        bronze='scout_raw_campaigns',
        parsed='scout_campaigns_parsed',
        payload='campaign_data'
    ) }}
),

performance as (
    {{ quarantined_records(
        bronze='scout_raw_campaigns',
        parsed='scout_campaign_performance_parsed',
        payload='campaign_data'
    ) }}
),

final as (
    select * from definitions
    union all
    select * from performance
)

select * from final
