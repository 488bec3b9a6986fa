{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'agent_id', 'layer'],
    on_schema_change='fail'
) }}

-- One row per day, agent and layer with an operation.
with operations as (
    select * from {{ ref('neural_databank_operations') }}
),

totals as (
    select
        cast(logged_at as date) as date,
        agent_id,
        layer,
        count(*) as total_operations,
        count(case when status = 'success' then 1 end) as successful_operations,
        sum(execution_time) as execution_seconds,
        count(distinct date_trunc('hour', logged_at)) as hours_with_work,
        min(created_at) as created_at,
        max(created_at) as updated_at
    from operations
    group by cast(logged_at as date), agent_id, layer
),

final as (
    select
        date,
        agent_id,
        layer,
        cast(total_operations as integer) as total_operations,
        cast(successful_operations as integer) as successful_operations,
        {{ ratio('successful_operations', 'total_operations', 4, 'decimal(5, 4)') }}
            as success_rate,
        {{ ratio('execution_seconds', 'total_operations', 2, 'decimal(8, 2)') }}
            as avg_execution_time,
        cast(total_operations - successful_operations as integer) as error_count,
        {{ ratio('total_operations', 'hours_with_work', 2, 'decimal(10, 2)') }}
            as throughput_per_hour,
        -- Operations that run side by side may use more than an hour in an hour.
        cast(
            least(
                {{ ratio('execution_seconds', '(3600 * hours_with_work)', 4) }}, 9.9999
            ) as decimal(5, 4)
        ) as resource_utilization,
        created_at,
        updated_at
    from totals
)

select * from final
