{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('ces_raw_interactions') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

final as (
    select
        id as source_bronze_id,
        cast({{ json_text('interaction_data', 'interaction_id') }} as varchar) as interaction_id,
        interaction_type,
        cast({{ json_text('interaction_data', 'topic') }} as varchar) as topic,
        cast({{ json_text('interaction_data', 'language') }} as varchar) as language,
        customer_journey_stage,
        cast({{ json_text('interaction_data', 'customer.id') }} as varchar) as customer_id_given,
        cast({{ json_text('interaction_data', 'about.transaction_id') }} as varchar)
            as transaction_id,
        cast({{ json_text('interaction_data', 'about.channel') }} as varchar) as channel,
        {{ try_timestamp(json_text('interaction_data', 'opened_at')) }} as opened_at,
        {{ try_timestamp(json_text('interaction_data', 'first_response_at')) }}
            as first_response_at,
        {{ try_timestamp(json_text('interaction_data', 'resolved_at')) }} as resolved_at,
        cast({{ json_text('interaction_data', 'resolution_status') }} as varchar)
            as resolution_status,
        {{ try_cast(json_text('interaction_data', 'escalated'), 'boolean') }} as is_escalated,
        cast({{ json_text('interaction_data', 'agent') }} as varchar) as agent,
        cast({{ json_text('attribution_data', 'medium') }} as varchar) as medium,
        {{ try_timestamp(json_text('interaction_data', 'updated_at')) }} as changed_at,
        cast({{ reason_of() }} as varchar) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from records
)

select * from final
