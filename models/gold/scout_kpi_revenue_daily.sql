{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'region', 'channel'],
    on_schema_change='fail'
) }}

-- One row per day, region and channel with a sale or a refund.
with transactions as (
    select * from {{ ref('scout_clean_transactions') }}
),

-- The day of the first purchase of each known customer.
first_days as (
    select
        customer_id,
        min(transaction_date) as first_date
    from transactions
    where
        transaction_type = 'sale'
        and customer_id not in ('(anonymous)', '(unknown)')
    group by customer_id
),

-- A refund counts for the day, region and channel of the sale that it takes back.
refunded as (
    select
        sales.transaction_date,
        sales.region,
        sales.channel,
        count(distinct sales.transaction_id) as refunded_sales
    from transactions as sales
    inner join transactions as refunds
        on
            sales.transaction_id = refunds.refund_of
            and refunds.transaction_type = 'refund'
    where sales.transaction_type = 'sale'
    group by sales.transaction_date, sales.region, sales.channel
),

booked as (
    select
        transactions.transaction_date,
        transactions.region,
        transactions.channel,
        sum(transactions.amount) as total_revenue,
        count(*) as total_transactions,
        sum(case when transactions.transaction_type = 'sale' then transactions.amount end)
            as sales_revenue,
        count(case when transactions.transaction_type = 'sale' then 1 end) as sales,
        count(distinct case when transactions.transaction_type = 'sale' then transactions.order_id end)
            as orders,
        count(
            distinct case
                when
                    transactions.transaction_type = 'sale'
                    and first_days.first_date = transactions.transaction_date
                    then transactions.customer_id
            end
        ) as new_customers,
        count(
            distinct case
                when
                    transactions.transaction_type = 'sale'
                    and first_days.first_date < transactions.transaction_date
                    then transactions.customer_id
            end
        ) as returning_customers,
        min(transactions.created_at) as created_at,
        max(transactions.updated_at) as updated_at
    from transactions
    left join first_days on transactions.customer_id = first_days.customer_id
    group by transactions.transaction_date, transactions.region, transactions.channel
),

final as (
    select
        booked.transaction_date as date,
        cast(booked.region as varchar) as region,
        cast(booked.channel as varchar) as channel,
        cast(booked.total_revenue as decimal(15, 2)) as total_revenue,
        cast(booked.total_transactions as integer) as total_transactions,
        {{ ratio('booked.sales_revenue', 'booked.orders', 2, 'decimal(10, 2)') }} as avg_order_value,
        cast(booked.new_customers as integer) as new_customers,
        cast(booked.returning_customers as integer) as returning_customers,
        {{ ratio('booked.orders', 'sessions.sessions', 4, 'decimal(5, 4)') }} as conversion_rate,
        {{ ratio('coalesce(refunded.refunded_sales, 0)', 'booked.sales', 4, 'decimal(5, 4)') }}
            as refund_rate,
        booked.created_at,
        booked.updated_at
    from booked
    left join refunded
        on
            booked.transaction_date = refunded.transaction_date
            and booked.region = refunded.region
            and booked.channel = refunded.channel
    left join {{ ref('scout_web_sessions') }} as sessions
        on
            booked.transaction_date = sessions.session_date
            and booked.region = sessions.region
            and booked.channel = sessions.channel
)

select * from final
