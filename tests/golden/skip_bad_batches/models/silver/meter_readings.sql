-- Generated from specs/etl/skip_bad_batches.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('meter_readings_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

final as (
    select
        reading_id,
        read_at,
        kwh,
        _batch_id,
        _row_number,
        _loaded_at
    from records
)

select * from final
