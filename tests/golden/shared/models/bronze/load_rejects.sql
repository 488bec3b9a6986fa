-- Generated from specs/etl by `databank generate`.
with source as (
    select * from {{ source('raw', '_rejects') }}
),

final as (
    select
        batch_id,
        process,
        raw_table,
        source,
        line_number,
        byte_offset,
        raw_text,
        reason,
        rejected_at
    from source
)

select * from final
