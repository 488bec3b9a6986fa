-- Generated from specs/etl/campaign_performance.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'campaign_performance') }}
),

records as (
    select
        date,
        campaign_id,
        channel,
        impressions,
        clicks,
        spend,
        currency,
        conversions,
        revenue,
        attribution_model,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
