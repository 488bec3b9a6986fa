-- Generated from specs/etl/campaign_definitions.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'campaign_definitions') }}
),

records as (
    select
        campaign_id,
        name,
        type,
        period,
        channels,
        objectives,
        budget,
        target_audience,
        creative,
        kpi_targets,
        attribution_model,
        status,
        updated_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
