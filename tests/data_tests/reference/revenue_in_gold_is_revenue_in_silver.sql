-- Revenue is the same in gold as in silver and in what silver was made from, to the cent.
with gold as (
    select coalesce(sum(total_revenue), 0) as amount from {{ ref('scout_kpi_revenue_daily') }}
),

silver as (
    select coalesce(sum(amount), 0) as amount from {{ ref('scout_clean_transactions') }}
),

conformed as (
    select coalesce(sum(amount_eur), 0) as amount from {{ ref('scout_transactions_conformed') }}
)

select
    gold.amount as in_gold,
    silver.amount as in_silver,
    conformed.amount as in_conformed
from gold
cross join silver
cross join conformed
where gold.amount <> silver.amount or silver.amount <> conformed.amount
