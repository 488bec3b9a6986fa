{{ config(materialized='view') }}

with final as (
    {{ record_outcomes(
        parsed='ces_feedback_parsed',
        key=['feedback_source', 'source_feedback_id'],
        survives='_batch_id, _row_number'
    ) }}
)

select * from final
