{{ config(materialized='view') }}

with records as (
    select *
    from {{ ref('scout_raw_campaigns') }}
    where
        -- The same platform sends what campaigns did: those records have metrics.
        performance_metrics is null
),

final as (
    select
        id as source_bronze_id,
        cast({{ json_text('campaign_data', 'campaign_id') }} as varchar) as campaign_id,
        cast({{ json_text('campaign_data', 'name') }} as varchar) as campaign_name,
        cast({{ json_text('campaign_data', 'type') }} as varchar) as campaign_type,
        {{ try_cast(json_text('campaign_data', 'period.start'), 'date') }} as start_date,
        {{ try_cast(json_text('campaign_data', 'period.end'), 'date') }} as end_date,
        {{ try_cast(json_text('budget_data', 'total'), 'decimal(12,2)') }} as budget,
        {{ json_value('campaign_data', 'target_audience') }} as target_audience,
        {{ json_value('campaign_data', 'creative') }} as creative_elements,
        media_channels as channels,
        case
            when {{ json_is_array(json_value('campaign_data', 'objectives')) }}
                then {{ json_texts(json_value('campaign_data', 'objectives')) }}
            else {{ no_texts() }}
        end as objectives,
        {{ json_value('campaign_data', 'kpi_targets') }} as kpi_targets,
        attribution_model,
        cast({{ json_text('campaign_data', 'status') }} as varchar) as status,
        {{ try_timestamp(json_text('campaign_data', 'updated_at')) }} as changed_at,
        cast({{ reason_of() }} as varchar) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from records
)

select * from final
