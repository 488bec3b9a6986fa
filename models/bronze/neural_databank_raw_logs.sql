{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with agents as (
    {{ bronze_records(
        model='raw_agent_logs',
        source_system='logs',
        columns=[
            'log_id', 'agent_id', 'layer', 'operation', 'payload', 'execution_time', 'status',
            'error_details', 'created_at'
        ],
        nested=['payload', 'error_details'],
        read={
            'execution_time_read': try_cast('execution_time', 'decimal(18,6)'),
            'created_at_read': try_timestamp('created_at')
        },
        checks=[
            ['log_id', 'log_id is null'],
            ['agent_id', 'agent_id is null'],
            ['layer', "coalesce(layer, '') not in ('bronze', 'silver', 'gold', 'platinum')"],
            ['execution_time', 'coalesce(execution_time_read, -1) < 0'],
            ['status', "coalesce(status, '') not in ('success', 'failed', 'timeout')"],
            ['created_at', impossible_time('created_at_read')]
        ]
    ) }}
),

final as (
    select
        id,
        cast(agent_id as varchar) as agent_id,
        cast(layer as varchar) as layer,
        cast(operation as varchar) as operation,
        _payload as payload,
        execution_time_read as execution_time,
        cast(status as varchar) as status,
        error_details_json as error_details,
        coalesce(created_at_read, _loaded_at) as created_at,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from agents
)

select * from final
