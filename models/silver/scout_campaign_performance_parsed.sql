{{ config(materialized='view') }}

with records as (
    select *
    from {{ ref('scout_raw_campaigns') }}
    where
        performance_metrics is not null
),

final as (
    select
        id as source_bronze_id,
        {{ try_cast(json_text('campaign_data', 'date'), 'date') }} as performance_date,
        cast({{ json_text('campaign_data', 'campaign_id') }} as varchar) as campaign_id_given,
        cast({{ json_text('campaign_data', 'channel') }} as varchar) as channel,
        {{ try_cast(json_text('performance_metrics', 'impressions'), 'bigint') }} as impressions,
        {{ try_cast(json_text('performance_metrics', 'clicks'), 'bigint') }} as clicks,
        {{ try_cast(json_text('performance_metrics', 'spend'), 'decimal(12,2)') }} as spend,
        {{ try_cast(json_text('performance_metrics', 'conversions'), 'integer') }} as conversions,
        {{ try_cast(json_text('performance_metrics', 'revenue'), 'decimal(12,2)') }} as revenue,
        attribution_model,
        cast({{ reason_of() }} as varchar) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from records
)

select * from final
