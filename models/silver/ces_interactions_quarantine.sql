-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='ces_raw_interactions',
        outcomes='ces_interactions_outcomes',
        payload='interaction_data'
    ) }}
)

select * from final
