-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='ces_raw_feedback',
        outcomes='ces_feedback_outcomes',
        payload='interaction_context'
    ) }}
)

select * from final
