{{ config(materialized='view') }}

with final as (
    {{ record_outcomes(
        parsed='scout_events_parsed',
        key=['event_id'],
        survives='_batch_id, _row_number'
    ) }}
)

select * from final
