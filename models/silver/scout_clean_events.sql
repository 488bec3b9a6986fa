{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('scout_events_parsed') }}
    where
        reason is null
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

{% if is_incremental() -%}
    -- Which are here already is asked for the new ones alone, not for all that are here.
    known as (
        select event_id
        from {{ this }}
        where
            event_id in (
                select parsed.event_id
                from {{ ref('scout_events_parsed') }} as parsed
                where parsed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
    ),

{% endif -%}
-- An event that comes again says nothing new: the first record of it stays.
new_events as (
    select *
    from records
    {% if is_incremental() -%}
        where event_id not in (select known.event_id from known)
    {%- endif %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by event_id
            order by _batch_id, _row_number
        ) as first_rank
    from new_events
),

final as (
    select
        event_id,
        event_type,
        occurred_at,
        session_id,
        customer_id_given,
        weight,
        channel,
        region,
        product_id_given,
        search_query,
        order_id,
        order_value,
        currency,
        ingested_at as created_at,
        source_bronze_id,
        _batch_id
    from ranked
    where first_rank = 1
)

select * from final
