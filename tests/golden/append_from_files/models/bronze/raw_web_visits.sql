-- Generated from specs/etl/append_from_files.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'web_visits') }}
),

records as (
    select
        visited_at,
        url,
        user_agent,
        seconds,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
