-- Every operation is counted once, and those that failed as errors, with its agent, its layer and
-- its day; and what gold divides are these sums.
with silver as (
    select
        cast(logged_at as date) as date,
        agent_id,
        layer,
        count(*) as operations,
        count(case when status <> 'success' then 1 end) as errors,
        sum(execution_time) as seconds,
        count(distinct date_trunc('hour', logged_at)) as hours
    from {{ ref('neural_databank_operations') }}
    group by cast(logged_at as date), agent_id, layer
),

gold as (
    select * from {{ ref('neural_databank_agent_performance') }}
)

select
    coalesce(silver.date, gold.date) as date,
    coalesce(silver.agent_id, gold.agent_id) as agent_id,
    coalesce(silver.layer, gold.layer) as layer
from silver
full outer join gold
    on
        silver.date = gold.date
        and silver.agent_id = gold.agent_id
        and silver.layer = gold.layer
where
    silver.operations is distinct from gold.total_operations
    or silver.errors is distinct from gold.error_count
    or silver.operations - silver.errors is distinct from gold.successful_operations
    or {{ ratio('silver.operations - silver.errors', 'silver.operations', 4) }}
    is distinct from gold.success_rate
    or {{ ratio('silver.seconds', 'silver.operations', 2) }} is distinct from gold.avg_execution_time
    or {{ ratio('silver.operations', 'silver.hours', 2) }} is distinct from gold.throughput_per_hour
    or least({{ ratio('silver.seconds', '(3600 * silver.hours)', 4) }}, 9.9999)
    is distinct from gold.resource_utilization
