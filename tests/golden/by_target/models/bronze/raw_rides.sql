-- Generated from specs/etl/by_target.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'rides') }}
),

batches as (
    select * from {{ ref('load_batches') }}
),

current_batches as (
    select max(batch_id) as batch_id
    from batches
    where raw_table = 'rides'
    group by source
),

-- Only the newest delivery of each source counts.
records as (
    select
        seconds,
        price,
        km,
        started_at,
        note,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
    where _batch_id in (select current_batches.batch_id from current_batches)
)

select * from records
