-- Revenue is the same in gold as in silver and in what silver was made from, to the cent.
with gold as (
    select coalesce(sum(total_revenue), 0) as amount from {{ ref('scout_kpi_revenue_daily') }}
),

silver as (
    select coalesce(sum(amount), 0) as amount from {{ ref('scout_clean_transactions') }}
),

newest as (
    select
        amount_eur,
        row_number() over (
            partition by transaction_id
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from {{ ref('scout_transactions_conformed') }}
    where is_accepted
),

conformed as (
    select coalesce(sum(amount_eur), 0) as amount
    from newest
    where newest_rank = 1
)

select
    gold.amount as in_gold,
    silver.amount as in_silver,
    conformed.amount as in_conformed
from gold
cross join silver
cross join conformed
where gold.amount <> silver.amount or silver.amount <> conformed.amount
