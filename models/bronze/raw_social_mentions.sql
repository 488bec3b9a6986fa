-- Generated from specs/etl/social_mentions.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'social_mentions') }}
),

records as (
    select
        mention_id,
        platform,
        posted_at,
        author,
        text,
        language,
        country,
        hashtags,
        engagement,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
