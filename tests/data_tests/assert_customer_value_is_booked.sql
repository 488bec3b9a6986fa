-- What each customer is worth is what silver has booked on them, to the cent.
with booked as (
    select
        customer_id,
        sum(amount) as amount
    from {{ ref('scout_clean_transactions') }}
    where customer_id not in ('(anonymous)', '(unknown)')
    group by customer_id
)

select
    coalesce(customers.customer_id, booked.customer_id) as customer_id,
    customers.lifetime_value,
    booked.amount
from {{ ref('scout_clean_customers') }} as customers
full outer join booked on customers.customer_id = booked.customer_id
where coalesce(customers.lifetime_value, -1) <> coalesce(booked.amount, 0)
