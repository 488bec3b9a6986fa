{{ config(materialized='view') }}

with final as (
    {{ record_outcomes(
        parsed='neural_databank_logs_parsed',
        key=['log_id'],
        survives='_batch_id, _row_number'
    ) }}
)

select * from final
