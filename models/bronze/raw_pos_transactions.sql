-- Generated from specs/etl/pos_transactions.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'pos_transactions') }}
),

records as (
    select
        transaction_id,
        receipt_id,
        type,
        refund_of,
        store_id,
        region,
        till,
        occurred_at,
        customer_id,
        product_id,
        quantity,
        unit_price,
        discount,
        tax,
        total_amount,
        currency,
        payment_method,
        campaign_id,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
