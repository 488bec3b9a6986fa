{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{%- set names = [
    'snapshot_date', 'product_id', 'on_hand', 'received', 'sold', 'adjusted', 'reorder_point',
    'inventory_status'
] %}

-- Every snapshot of the warehouse with its types.
with records as (
    select
        id,
        {{ json_fields('product_data', names) }} as fields,
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from {{ ref('scout_raw_products') }}
    where
        source_system = 'inventory'
        {% if is_incremental() -%}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {%- endif %}
),

unpacked as (
    select
        id,
        {%- for name in names %}
            nullif(trim({{ json_field('fields', names, name) }}, ' '), '') as {{ name }},
        {%- endfor %}
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from records
    {{ computed_once() }}
),

final as (
    select
        id as source_bronze_id,
        cast({{ try_timestamp('snapshot_date') }} as date) as stock_date,
        cast(product_id as varchar) as product_id,
        {%- for name in ['on_hand', 'received', 'sold', 'adjusted', 'reorder_point'] %}
            {{ try_cast(name, 'integer') }} as {{ name }},
        {%- endfor %}
        cast(inventory_status as varchar) as inventory_status,
        {{ array_size('_failed_checks') }} = 0 as is_accepted,
        cast(
            case
                when {{ array_size('_failed_checks') }} > 0
                    then 'cannot be right: ' || {{ joined_texts('_failed_checks') }}
            end as varchar
        ) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from unpacked
)

select * from final
