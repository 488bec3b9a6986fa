-- One row per batch: which version of its source's columns it came with.
with batches as (
    select * from {{ source('raw', '_loads') }}
),

first_seen as (
    select
        process,
        raw_table,
        schema_hash,
        min(batch_id) as first_batch_id
    from batches
    group by process, raw_table, schema_hash
),

numbered as (
    select
        raw_table,
        schema_hash,
        first_batch_id,
        row_number() over (
            partition by raw_table
            order by first_batch_id
        ) as version_number
    from first_seen
),

final as (
    select
        batches.batch_id,
        batches.process,
        batches.raw_table,
        batches.raw_columns,
        batches.source_columns,
        cast(numbered.version_number as integer) as version_number,
        numbered.first_batch_id = batches.batch_id as is_first,
        batches.loaded_at
    from batches
    inner join numbered
        on
            batches.raw_table = numbered.raw_table
            and batches.schema_hash = numbered.schema_hash
)

select * from final
