{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with web_analytics as (
    {{ bronze_records(
        model='raw_web_events',
        source_system='events',
        columns=[
            'event_id', 'event_type', 'timestamp', 'session_id', 'user_agent', 'customer_id',
            'weight', 'event_data'
        ],
        nested=['event_data'],
        read={'timestamp_read': try_timestamp('timestamp')},
        checks=[
            ['event_id', 'event_id is null'],
            [
                'event_type',
                "coalesce(event_type, '') not in "
                ~ "('page_view', 'search', 'add_to_cart', 'checkout', 'purchase')"
            ],
            ['timestamp', impossible_time('timestamp_read')],
            ['session_id', 'session_id is null'],
            ['weight', 'coalesce(' ~ try_cast('weight', 'integer') ~ ', 0) <= 0']
        ]
    ) }}
),

final as (
    select
        id,
        cast(event_type as varchar) as event_type,
        _payload as event_data,
        timestamp_read as timestamp,
        cast(user_agent as varchar) as user_agent,
        cast(session_id as varchar) as session_id,
        _loaded_at as ingested_at,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from web_analytics
)

select * from final
