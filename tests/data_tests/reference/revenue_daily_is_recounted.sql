-- Each day's figures of each region and channel, counted anew from the sales and refunds in silver.
-- Who is new is told by the table of customers.
with transactions as (
    select
        booked.*,
        customers.first_purchase_date
    from {{ ref('scout_clean_transactions') }} as booked
    left join {{ ref('scout_clean_customers') }} as customers
        on
            booked.customer_id = customers.customer_id
            and customers.source_bronze_id is not null
),

refunded as (
    select distinct refund_of
    from {{ ref('scout_clean_transactions') }}
    where transaction_type = 'refund'
),

counted as (
    select
        transactions.transaction_date as date,
        transactions.region,
        transactions.channel,
        sum(transactions.amount) as revenue,
        count(*) as transactions,
        sum(case when transactions.transaction_type = 'sale' then transactions.amount end)
            as sales_revenue,
        count(case when transactions.transaction_type = 'sale' then 1 end) as sales,
        count(distinct case when transactions.transaction_type = 'sale' then transactions.order_id end)
            as orders,
        count(
            case when transactions.transaction_type = 'sale' then refunded.refund_of end
        ) as refunded_sales,
        count(
            distinct case
                when
                    transactions.transaction_type = 'sale'
                    and transactions.transaction_date = transactions.first_purchase_date
                    then transactions.customer_id
            end
        ) as new_customers,
        count(
            distinct case
                when
                    transactions.transaction_type = 'sale'
                    and transactions.transaction_date > transactions.first_purchase_date
                    then transactions.customer_id
            end
        ) as returning_customers
    from transactions
    left join refunded on transactions.transaction_id = refunded.refund_of
    group by transactions.transaction_date, transactions.region, transactions.channel
),

silver as (
    select
        counted.*,
        sessions.sessions
    from counted
    left join {{ ref('scout_web_sessions') }} as sessions
        on
            counted.date = sessions.session_date
            and counted.region = sessions.region
            and counted.channel = sessions.channel
),

gold as (
    select * from {{ ref('scout_kpi_revenue_daily') }}
)

select
    coalesce(silver.date, gold.date) as date,
    coalesce(silver.region, gold.region) as region,
    coalesce(silver.channel, gold.channel) as channel
from silver
full outer join gold
    on
        silver.date = gold.date
        and silver.region = gold.region
        and silver.channel = gold.channel
where
    silver.revenue is distinct from gold.total_revenue
    or silver.transactions is distinct from gold.total_transactions
    or silver.new_customers is distinct from gold.new_customers
    or silver.returning_customers is distinct from gold.returning_customers
    or not {{ is_ratio('gold.avg_order_value', 'silver.sales_revenue', 'silver.orders', 2) }}
    or not {{ is_ratio('gold.conversion_rate', 'silver.orders', 'silver.sessions', 4) }}
    or not {{ is_ratio('gold.refund_rate', 'silver.refunded_sales', 'silver.sales', 4) }}
