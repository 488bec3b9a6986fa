-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='neural_databank_raw_logs',
        outcomes='neural_databank_logs_outcomes',
        payload='payload'
    ) }}
)

select * from final
