-- A transaction that is told again is still the same one: what two tills sell under one number
-- would overwrite each other.
select
    transaction_id,
    count(*) as records
from {{ ref('scout_transactions_parsed') }}
where reason is null
group by transaction_id
having
    count(distinct order_id) > 1
    or count(distinct product_id_given) > 1
    or count(distinct transaction_type) > 1
    or count(distinct occurred_at) > 1
