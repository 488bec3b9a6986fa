-- Generated from specs/etl/append_from_files.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('web_visits_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

final as (
    select
        visited_at,
        url,
        user_agent,
        seconds,
        path,
        _batch_id,
        _row_number,
        _loaded_at
    from records
)

select * from final
