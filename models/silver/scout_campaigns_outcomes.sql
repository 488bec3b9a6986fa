{{ config(materialized='view') }}

with definitions as (
    {{ record_outcomes(
        parsed='scout_campaigns_parsed',
        key=['campaign_id'],
        survives='changed_at desc, _batch_id desc, _row_number desc',
        version='changed_at'
    ) }}
),

performance as (
    {{ record_outcomes(
        parsed='scout_campaign_performance_parsed',
        key=['performance_date', 'campaign_id_given', 'channel'],
        survives='_batch_id desc, _row_number desc'
    ) }}
),

final as (
    select * from definitions
    union all
    select * from performance
)

select * from final
