{{ config(materialized='view') }}

-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='ces_raw_interactions',
        parsed='ces_interactions_parsed',
        payload='interaction_data'
    ) }}
)

select * from final
