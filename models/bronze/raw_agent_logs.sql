-- Generated from specs/etl/agent_logs.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'agent_logs') }}
),

records as (
    select
        log_id,
        agent_id,
        layer,
        operation,
        payload,
        execution_time,
        status,
        error_details,
        created_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
