{{ config(materialized='view') }}

-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='scout_raw_events',
        parsed='scout_events_parsed',
        payload='event_data'
    ) }}
)

select * from final
