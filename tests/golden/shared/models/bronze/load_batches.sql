-- Generated from specs/etl by `databank generate`.
with source as (
    select * from {{ source('raw', '_loads') }}
),

final as (
    select
        batch_id,
        process,
        raw_table,
        source,
        fingerprint,
        rows_read,
        rows_loaded,
        rows_rejected,
        cursor_column,
        cursor_value,
        is_delivery,
        job_id,
        loaded_at
    from source
)

select * from final
