{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'region', 'channel'],
    on_schema_change='fail'
) }}

-- One row per day, region and channel with a sale or a refund; those that were made from what is still
-- the same are taken over. Each step reads the sales itself: DuckDB would keep all columns of a step
-- that is read twice.
with first_days as (
    select
        customer_id,
        min(transaction_date) as first_date
    from {{ ref('scout_clean_transactions') }}
    where
        transaction_type = 'sale'
        and customer_id not in ('(anonymous)', '(unknown)')
    group by customer_id
),

-- A checksum of the customers whose first purchase was on a day.
newcomers as (
    select
        first_date,
        sum({{ row_hash(['customer_id']) }}) as input
    from first_days
    group by first_date
),

-- A refund counts for the day, region and channel of the sale that it takes back.
refunded as (
    select
        sales.transaction_date,
        sales.region,
        sales.channel,
        count(distinct sales.transaction_id) as refunded_sales
    from {{ ref('scout_clean_transactions') }} as sales
    inner join {{ ref('scout_clean_transactions') }} as refunds
        on
            sales.transaction_id = refunds.refund_of
            and refunds.transaction_type = 'refund'
    where sales.transaction_type = 'sale'
    group by sales.transaction_date, sales.region, sales.channel
),

inputs as (
    select
        transaction_date,
        region,
        channel,
        sum({{ row_hash([
            'amount', 'transaction_type', 'order_id', 'customer_id', 'created_at', 'updated_at'
        ]) }}) as input
    from {{ ref('scout_clean_transactions') }}
    group by transaction_date, region, channel
),

days as (
    select
        inputs.transaction_date,
        inputs.region,
        inputs.channel,
        refunded.refunded_sales,
        sessions.sessions,
        cast(
            {{ row_hash([
                'inputs.input', 'newcomers.input', 'refunded.refunded_sales', 'sessions.sessions'
            ]) }}
            as decimal(38, 0)
        ) as _inputs
    from inputs
    left join newcomers on inputs.transaction_date = newcomers.first_date
    left join refunded
        on
            inputs.transaction_date = refunded.transaction_date
            and inputs.region = refunded.region
            and inputs.channel = refunded.channel
    left join {{ ref('scout_web_sessions') }} as sessions
        on
            inputs.transaction_date = sessions.session_date
            and inputs.region = sessions.region
            and inputs.channel = sessions.channel
),

{% if is_incremental() -%}
    kept as (
        select made_before.*
        from {{ this }} as made_before
        inner join days
            on
                made_before.date = days.transaction_date
                and made_before.region = days.region
                and made_before.channel = days.channel
                and made_before._inputs = days._inputs
    ),

    made as (
        select
            days.transaction_date,
            days.region,
            days.channel
        from days
        left join kept
            on
                days.transaction_date = kept.date
                and days.region = kept.region
                and days.channel = kept.channel
        where kept.date is null
    ),

{% endif -%}
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
    from {{ ref('scout_clean_transactions') }} as transactions
    {% if is_incremental() -%}
        inner join made
            on
                transactions.transaction_date = made.transaction_date
                and transactions.region = made.region
                and transactions.channel = made.channel
    {% endif -%}
    left join first_days on transactions.customer_id = first_days.customer_id
    group by transactions.transaction_date, transactions.region, transactions.channel
),

figures as (
    select
        booked.transaction_date as date,
        cast(booked.region as varchar) as region,
        cast(booked.channel as varchar) as channel,
        cast(booked.total_revenue as decimal(15, 2)) as total_revenue,
        cast(booked.total_transactions as integer) as total_transactions,
        {{ ratio('booked.sales_revenue', 'booked.orders', 2, 'decimal(10, 2)') }} as avg_order_value,
        cast(booked.new_customers as integer) as new_customers,
        cast(booked.returning_customers as integer) as returning_customers,
        {{ ratio('booked.orders', 'days.sessions', 4, 'decimal(5, 4)') }} as conversion_rate,
        {{ ratio('coalesce(days.refunded_sales, 0)', 'booked.sales', 4, 'decimal(5, 4)') }}
            as refund_rate,
        booked.created_at,
        booked.updated_at,
        days._inputs
    from booked
    inner join days
        on
            booked.transaction_date = days.transaction_date
            and booked.region = days.region
            and booked.channel = days.channel
),

{%- set columns = [
    'date', 'region', 'channel', 'total_revenue', 'total_transactions', 'avg_order_value',
    'new_customers', 'returning_customers', 'conversion_rate', 'refund_rate', 'created_at',
    'updated_at', '_inputs'
] | join(',\n        ') %}

final as (
    select
        {{ columns }}
    from figures
    {% if is_incremental() -%}
        union all
        select
            {{ columns }}
        from kept
    {%- endif %}
)

select * from final
