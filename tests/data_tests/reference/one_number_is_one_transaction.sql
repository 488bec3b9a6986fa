-- A transaction that is told again is still the same one: what two tills sell under one number
-- would overwrite each other.
select
    transaction_id,
    count(*) as records
from {{ ref('scout_transactions_parsed') }}
where reason is null
group by transaction_id
-- Whether there are two of something needs no count of how many.
having
    min(order_id) <> max(order_id)
    or min(product_id_given) <> max(product_id_given)
    or min(transaction_type) <> max(transaction_type)
    or min(occurred_at) <> max(occurred_at)
