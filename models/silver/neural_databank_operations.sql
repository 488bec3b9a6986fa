{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('neural_databank_logs_parsed') }}
    where
        reason is null
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            -- A line that comes again says nothing new: the first record of it stays.
            and log_id not in (select log_id from {{ this }})
        {% endif %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by log_id
            order by _batch_id, _row_number
        ) as first_rank
    from records
),

final as (
    select
        log_id,
        agent_id,
        layer,
        operation,
        table_name,
        rows_handled,
        execution_time,
        status,
        error_code,
        logged_at,
        ingested_at as created_at,
        source_bronze_id,
        _batch_id
    from ranked
    where first_rank = 1
)

select * from final
