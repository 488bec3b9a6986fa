-- Every operation is counted once, and those that failed as errors, on its day.
with silver as (
    select
        cast(logged_at as date) as date,
        count(*) as operations,
        count(case when status <> 'success' then 1 end) as errors
    from {{ ref('neural_databank_operations') }}
    group by cast(logged_at as date)
),

gold as (
    select
        date,
        sum(total_operations) as operations,
        sum(error_count) as errors
    from {{ ref('neural_databank_agent_performance') }}
    group by date
)

select
    silver.date as silver_date,
    gold.date as gold_date
from silver
full outer join gold on silver.date = gold.date
where
    silver.operations is distinct from gold.operations
    or silver.errors is distinct from gold.errors
