{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{%- set paths = [
    'event_id', 'customer_id', 'weight', 'event_data.channel', 'event_data.region',
    'event_data.product_id', 'event_data.query', 'event_data.order_id', 'event_data.value',
    'event_data.currency'
] %}

with records as (
    select
        *,
        {{ json_fields('event_data', paths) }} as fields
    from {{ ref('scout_raw_events') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

-- Events are sent in the order in which they happen, now and then one is late; none is sent before
-- it has happened. One that is a month ahead of all twenty around it has a wrong clock.
in_order as (
    select
        *,
        max(timestamp) over (
            partition by _batch_id
            order by _row_number
            rows between 10 preceding and 1 preceding
        ) as latest_before,
        max(timestamp) over (
            partition by _batch_id
            order by _row_number
            rows between 1 following and 10 following
        ) as latest_after
    from records
),

final as (
    select
        id as source_bronze_id,
        cast({{ json_field('fields', paths, 'event_id') }} as varchar) as event_id,
        event_type,
        timestamp as occurred_at,
        session_id,
        cast({{ json_field('fields', paths, 'customer_id') }} as varchar) as customer_id_given,
        {{ try_cast(json_field('fields', paths, 'weight'), 'integer') }} as weight,
        cast({{ json_field('fields', paths, 'event_data.channel') }} as varchar) as channel,
        cast({{ json_field('fields', paths, 'event_data.region') }} as varchar) as region,
        cast({{ json_field('fields', paths, 'event_data.product_id') }} as varchar)
            as product_id_given,
        cast({{ json_field('fields', paths, 'event_data.query') }} as varchar) as search_query,
        cast({{ json_field('fields', paths, 'event_data.order_id') }} as varchar) as order_id,
        {{ try_cast(json_field('fields', paths, 'event_data.value'), 'decimal(12,2)') }}
            as order_value,
        cast({{ json_field('fields', paths, 'event_data.currency') }} as varchar(3)) as currency,
        cast(
            {{ reason_of([
                "case when timestamp > greatest(latest_before, latest_after) + interval '30 days' "
                ~ "then 'timestamp: a month later than all records around it' end"
            ]) }} as varchar
        ) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from in_order
)

select * from final
