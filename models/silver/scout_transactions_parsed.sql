{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{%- set shared = [
    'id', 'source_system', 'quality_score', 'validation_status', '_failed_checks', 'ingested_at',
    '_batch_id', '_row_number'
] | join(',\n        ') %}

with records as (
    select *
    from {{ ref('scout_raw_transactions') }}
    where
        source_system in ('pos', 'web')
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

tills as (
    select
        {{ shared }},
        {{ json_text('transaction_data', 'transaction_id') }} as transaction_id,
        {{ json_text('transaction_data', 'receipt_id') }} as order_id,
        {{ json_text('transaction_data', 'type') }} as transaction_type,
        {{ json_text('transaction_data', 'refund_of') }} as refund_of,
        {{ json_text('transaction_data', 'occurred_at') }} as occurred_at_text,
        {{ json_text('transaction_data', 'customer_id') }} as customer_id_given,
        {{ json_text('transaction_data', 'product_id') }} as product_id_given,
        {{ json_text('transaction_data', 'campaign_id') }} as campaign_id_given,
        {{ json_text('transaction_data', 'quantity') }} as quantity_text,
        {{ json_text('transaction_data', 'unit_price') }} as unit_price_text,
        {{ json_text('transaction_data', 'discount') }} as discount_text,
        {{ json_text('transaction_data', 'tax') }} as tax_text,
        {{ json_text('transaction_data', 'total_amount') }} as amount_text,
        {{ json_text('transaction_data', 'currency') }} as currency,
        'store' as channel,
        {{ json_text('transaction_data', 'region') }} as region,
        {{ json_text('transaction_data', 'payment_method') }} as payment_method
    from records
    where source_system = 'pos'
    {{ computed_once() }}
),

web_shop as (
    select
        {{ shared }},
        {{ json_text('transaction_data', 'line_id') }} as transaction_id,
        {{ json_text('transaction_data', 'order_id') }} as order_id,
        case {{ json_text('transaction_data', 'kind') }}
            when 'order' then 'sale'
            when 'return' then 'refund'
        end as transaction_type,
        {{ json_text('transaction_data', 'return_of') }} as refund_of,
        {{ json_text('transaction_data', 'placed_at') }} as occurred_at_text,
        {{ json_text('transaction_data', 'customer.id') }} as customer_id_given,
        {{ json_text('transaction_data', 'item.sku') }} as product_id_given,
        {{ json_text('transaction_data', 'attribution.campaign_id') }} as campaign_id_given,
        {{ json_text('transaction_data', 'item.quantity') }} as quantity_text,
        {{ json_text('transaction_data', 'item.unit_price') }} as unit_price_text,
        {{ json_text('transaction_data', 'item.discount') }} as discount_text,
        {{ json_text('transaction_data', 'amounts.tax') }} as tax_text,
        {{ json_text('transaction_data', 'amounts.total') }} as amount_text,
        {{ json_text('transaction_data', 'amounts.currency') }} as currency,
        {{ json_text('transaction_data', 'channel') }} as channel,
        {{ json_text('transaction_data', 'shipping.region') }} as region,
        {{ json_text('transaction_data', 'payment.method') }} as payment_method
    from records
    where source_system = 'web'
    {{ computed_once() }}
),

together as (
    select * from tills
    union all
    select * from web_shop
),

typed as (
    select
        *,
        {{ try_timestamp('occurred_at_text') }} as occurred_at,
        {{ try_cast('quantity_text', 'integer') }} as quantity,
        {{ try_cast('unit_price_text', 'decimal(12,2)') }} as unit_price,
        coalesce({{ try_cast('discount_text', 'decimal(12,2)') }}, 0) as discount,
        coalesce({{ try_cast('tax_text', 'decimal(12,2)') }}, 0) as tax,
        {{ try_cast('amount_text', 'decimal(12,2)') }} as amount
    from together
    {{ computed_once() }}
),

judged as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when validation_status = 'invalid'
                        then 'cannot be used: ' || {{ joined_texts('_failed_checks') }}
                end,
                case
                    when
                        (transaction_type = 'sale' and quantity < 0)
                        or (transaction_type = 'refund' and quantity > 0)
                        then 'quantity: a sale has a positive one, a refund a negative one'
                end,
                case
                    when amount <> quantity * unit_price - discount + tax
                        then 'amount: is not quantity * unit price - discount + tax'
                end
            ),
            ''
        ) as reason
    from typed
    {{ computed_once() }}
),

final as (
    select
        id as source_bronze_id,
        cast(source_system as varchar) as source_system,
        cast(transaction_id as varchar) as transaction_id,
        cast(order_id as varchar) as order_id,
        cast(transaction_type as varchar) as transaction_type,
        cast(refund_of as varchar) as refund_of,
        occurred_at,
        cast(customer_id_given as varchar) as customer_id_given,
        cast(product_id_given as varchar) as product_id_given,
        cast(campaign_id_given as varchar) as campaign_id_given,
        quantity,
        unit_price,
        cast(discount as decimal(12, 2)) as discount,
        cast(tax as decimal(12, 2)) as tax,
        amount,
        cast(currency as varchar) as currency,
        cast(channel as varchar) as channel,
        cast(region as varchar) as region,
        cast(payment_method as varchar) as payment_method,
        quality_score,
        cast(reason as varchar) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from judged
)

select * from final
