-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='scout_raw_events',
        outcomes='scout_events_outcomes',
        payload='event_data'
    ) }}
)

select * from final
