{{ config(materialized='view') }}

-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='neural_databank_raw_logs',
        parsed='neural_databank_logs_parsed',
        payload='payload'
    ) }}
)

select * from final
