-- Generated from specs/etl/every_rule.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'applicants') }}
),

batches as (
    select * from {{ ref('load_batches') }}
),

current_batches as (
    select max(batch_id) as batch_id
    from batches
    where raw_table = 'applicants'
    group by source
),

-- Only the newest delivery of each source counts.
records as (
    select
        id,
        name,
        email,
        phone,
        country,
        status,
        birth_year,
        applied_on,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
    where _batch_id in (select current_batches.batch_id from current_batches)
)

select * from records
