{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('neural_databank_raw_logs') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

final as (
    select
        records.id as source_bronze_id,
        cast({{ json_text('records.payload', 'log_id') }} as varchar) as log_id,
        records.agent_id,
        records.layer,
        records.operation,
        cast({{ json_text('records.payload', 'payload.table') }} as varchar) as table_name,
        {{ try_cast(json_text('records.payload', 'payload.rows'), 'bigint') }} as rows_handled,
        records.execution_time,
        records.status,
        cast({{ json_text('records.error_details', 'code') }} as varchar) as error_code,
        records.created_at as logged_at,
        cast({{ reason_of() }} as varchar) as reason,
        batches.loaded_at as ingested_at,
        records._batch_id,
        records._row_number
    from records
    inner join {{ ref('load_schema_versions') }} as batches
        on records._batch_id = batches.batch_id
)

select * from final
