-- What each customer bought, and whether they are due. It reads the sales before they are booked on
-- customers, who would else wait for their own sales.
with transactions as (
    select * from {{ ref('scout_transactions_conformed') }}
),

crosswalk as (
    select * from {{ ref('scout_customer_crosswalk') }}
),

-- Today, as far as the data knows. Apart from `transactions`: DuckDB would keep all columns of what
-- is read twice.
last_day as (
    select max(transaction_date) as as_of_date
    from {{ ref('scout_transactions_conformed') }}
),

customer_days as (
    select
        crosswalk.customer_id,
        transactions.transaction_date,
        sum(transactions.amount_eur) as amount,
        max(case when transactions.transaction_type = 'sale' then 1 else 0 end) as is_purchase,
        max(transactions.ingested_at) as updated_at
    from transactions
    inner join crosswalk on transactions.customer_id_given = crosswalk.customer_id_given
    group by crosswalk.customer_id, transactions.transaction_date
),

customers as (
    select
        customer_id,
        sum(amount) as lifetime_value,
        min(case when is_purchase = 1 then transaction_date end) as first_purchase_date,
        max(case when is_purchase = 1 then transaction_date end) as last_purchase_date,
        sum(is_purchase) as purchase_days,
        max(updated_at) as updated_at
    from customer_days
    group by customer_id
),

-- How long it takes everybody on average to come again.
usual as (
    select
        {{ ratio('sum(last_purchase_date - first_purchase_date)', 'sum(purchase_days - 1)', 2) }}
            as usual_days
    from customers
    where purchase_days > 1
),

-- A customer's own rhythm, with the usual one as if it had been seen once more: one or two
-- purchases say little. Where nobody has come twice, thirty days.
rhythms as (
    select
        customers.*,
        last_day.as_of_date,
        {{ ratio(
            'customers.last_purchase_date - customers.first_purchase_date'
            ~ ' + coalesce(usual.usual_days, 30)',
            'customers.purchase_days',
            2
        ) }} as rhythm_days
    from customers
    cross join usual
    cross join last_day
    {{ computed_once() }}
),

final as (
    select
        customer_id,
        cast(lifetime_value as decimal(12, 2)) as lifetime_value,
        first_purchase_date,
        last_purchase_date,
        cast(purchase_days as integer) as purchase_days,
        cast(rhythm_days as decimal(12, 2)) as rhythm_days,
        {{ ratio(
            'as_of_date - last_purchase_date',
            'as_of_date - last_purchase_date + 2 * greatest(rhythm_days, 1)',
            4,
            'decimal(18, 6)'
        ) }} as churn_risk_score,
        as_of_date,
        updated_at
    from rhythms
)

select * from final
