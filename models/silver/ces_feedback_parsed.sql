{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('ces_raw_feedback') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

final as (
    select
        id as source_bronze_id,
        cast(case when channel = 'social' then 'social' else 'survey' end as varchar)
            as feedback_source,
        cast(
            coalesce(
                {{ json_text('interaction_context', 'feedback_id') }},
                {{ json_text('interaction_context', 'mention_id') }}
            ) as varchar
        ) as source_feedback_id,
        customer_id as customer_id_given,
        feedback_text,
        rating,
        channel,
        cast(
            case
                when channel = 'social' then 'mention'
                else {{ json_text('interaction_context', 'interaction_type') }}
            end as varchar
        ) as interaction_type,
        cast({{ json_text('interaction_context', 'transaction_id') }} as varchar) as transaction_id,
        cast({{ json_text('interaction_context', 'interaction_id') }} as varchar) as interaction_id,
        language_detected as language,
        {{ try_cast(json_text('interaction_context', 'recommend'), 'integer') }} as recommend,
        coalesce(
            {{ try_timestamp(json_text('interaction_context', 'submitted_at')) }},
            {{ try_timestamp(json_text('interaction_context', 'posted_at')) }}
        ) as submitted_at,
        {{ try_timestamp(json_text('interaction_context', 'invited_at')) }} as invited_at,
        cast({{ reason_of() }} as varchar) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from records
)

select * from final
