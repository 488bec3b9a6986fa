-- An alarm, because it may be a sale that is late: a payment for a transaction that nobody has told
-- of, or of another amount or currency than the sale or refund that is booked.
{{ config(severity='warn') }}

with texts as (
    select
        id,
        {{ json_text('transaction_data', 'event_type') }} as event_type,
        {{ json_text('transaction_data', 'reference') }} as transaction_id,
        {{ json_text('transaction_data', 'amount_minor') }} as amount_minor,
        {{ json_text('transaction_data', 'currency') }} as currency
    from {{ ref('scout_raw_transactions') }}
    where source_system = 'payments' and validation_status = 'valid'
    {{ computed_once() }}
),

payments as (
    select
        id,
        event_type,
        transaction_id,
        {{ try_cast('amount_minor', 'bigint') }} as amount_minor,
        upper(currency) as currency
    from texts
),

told as (
    select distinct transaction_id
    from {{ ref('scout_transactions_parsed') }}
),

booked as (
    select
        transaction_id,
        abs(original_amount) * 100 as amount_minor,
        original_currency as currency
    from {{ ref('scout_clean_transactions') }}
)

select
    payments.id,
    payments.event_type,
    payments.transaction_id,
    payments.amount_minor,
    booked.amount_minor as booked_amount_minor
from payments
left join told on payments.transaction_id = told.transaction_id
left join booked on payments.transaction_id = booked.transaction_id
where
    told.transaction_id is null
    or payments.amount_minor <> booked.amount_minor
    or payments.currency <> booked.currency
