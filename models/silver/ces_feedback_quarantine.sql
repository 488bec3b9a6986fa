{{ config(materialized='view') }}

-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='ces_raw_feedback',
        parsed='ces_feedback_parsed',
        payload='interaction_context'
    ) }}
)

select * from final
