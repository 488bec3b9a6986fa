{{ config(materialized='view') }}

with final as (
    {{ record_outcomes(
        parsed='ces_interactions_parsed',
        key=['interaction_id'],
        survives='changed_at desc, _batch_id desc, _row_number desc',
        version='changed_at'
    ) }}
)

select * from final
