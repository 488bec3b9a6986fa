-- Generated from specs/etl/survey_feedback.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'survey_feedback') }}
),

records as (
    select
        feedback_id,
        submitted_at,
        customer_id,
        channel,
        interaction_type,
        transaction_id,
        interaction_id,
        language,
        rating,
        recommend,
        feedback_text,
        invited_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
