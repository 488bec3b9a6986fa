-- An alarm, because it may be a sale that is late: a refund of a sale that nobody has told of, or
-- more taken back than was sold.
{{ config(severity='warn') }}

with refunds as (
    select
        refund_of,
        sum(original_amount) as amount,
        sum(quantity) as quantity
    from {{ ref('scout_clean_transactions') }}
    where transaction_type = 'refund'
    group by refund_of
),

told as (
    select distinct transaction_id
    from {{ ref('scout_transactions_parsed') }}
    where transaction_id in (select refund_of from refunds)
)

select
    refunds.refund_of,
    refunds.amount,
    refunds.quantity,
    sales.original_amount as sold_for,
    sales.quantity as sold
from refunds
left join told on refunds.refund_of = told.transaction_id
left join {{ ref('scout_clean_transactions') }} as sales
    on
        refunds.refund_of = sales.transaction_id
        and sales.transaction_type = 'sale'
where
    told.transaction_id is null
    or sales.original_amount + refunds.amount < 0
    or sales.quantity + refunds.quantity < 0
