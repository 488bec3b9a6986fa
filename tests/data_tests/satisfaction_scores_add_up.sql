-- Every answer, mention and contact is counted once, on its day.
with silver as (
    select
        date,
        count(*) as interactions
    from (
        select submission_date as date
        from {{ ref('ces_clean_feedback') }}
        union all
        select opened_date as date
        from {{ ref('ces_clean_interactions') }}
    ) as both_kinds
    group by date
),

gold as (
    select
        date,
        sum(total_interactions) as interactions
    from {{ ref('ces_kpi_satisfaction_scores') }}
    group by date
)

select
    silver.date as silver_date,
    gold.date as gold_date
from silver
full outer join gold on silver.date = gold.date
where silver.interactions is distinct from gold.interactions
