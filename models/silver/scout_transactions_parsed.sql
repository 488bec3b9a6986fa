{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{%- set shared = [
    'id', 'source_system', 'quality_score', 'validation_status', '_failed_checks', 'ingested_at',
    '_batch_id', '_row_number'
] | join(',\n        ') %}
{%- set till_paths = [
    'transaction_id', 'receipt_id', 'type', 'refund_of', 'occurred_at', 'customer_id',
    'product_id', 'campaign_id', 'quantity', 'unit_price', 'discount', 'tax', 'total_amount',
    'currency', 'region', 'payment_method'
] %}
{%- set web_paths = [
    'line_id', 'order_id', 'kind', 'return_of', 'placed_at', 'customer.id', 'item.sku',
    'attribution.campaign_id', 'item.quantity', 'item.unit_price', 'item.discount', 'amounts.tax',
    'amounts.total', 'amounts.currency', 'channel', 'shipping.region', 'payment.method'
] %}

with records as (
    select *
    from {{ ref('scout_raw_transactions') }}
    where
        source_system in ('pos', 'web')
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

till_fields as (
    select
        {{ shared }},
        {{ json_fields('transaction_data', till_paths) }} as fields
    from records
    where source_system = 'pos'
),

tills as (
    select
        {{ shared }},
        {{ json_field('fields', till_paths, 'transaction_id') }} as transaction_id,
        {{ json_field('fields', till_paths, 'receipt_id') }} as order_id,
        {{ json_field('fields', till_paths, 'type') }} as transaction_type,
        {{ json_field('fields', till_paths, 'refund_of') }} as refund_of,
        {{ json_field('fields', till_paths, 'occurred_at') }} as occurred_at_text,
        {{ json_field('fields', till_paths, 'customer_id') }} as customer_id_given,
        {{ json_field('fields', till_paths, 'product_id') }} as product_id_given,
        {{ json_field('fields', till_paths, 'campaign_id') }} as campaign_id_given,
        {{ json_field('fields', till_paths, 'quantity') }} as quantity_text,
        {{ json_field('fields', till_paths, 'unit_price') }} as unit_price_text,
        {{ json_field('fields', till_paths, 'discount') }} as discount_text,
        {{ json_field('fields', till_paths, 'tax') }} as tax_text,
        {{ json_field('fields', till_paths, 'total_amount') }} as amount_text,
        {{ json_field('fields', till_paths, 'currency') }} as currency,
        'store' as channel,
        {{ json_field('fields', till_paths, 'region') }} as region,
        {{ json_field('fields', till_paths, 'payment_method') }} as payment_method
    from till_fields
    {{ computed_once() }}
),

web_fields as (
    select
        {{ shared }},
        {{ json_fields('transaction_data', web_paths) }} as fields
    from records
    where source_system = 'web'
),

web_shop as (
    select
        {{ shared }},
        {{ json_field('fields', web_paths, 'line_id') }} as transaction_id,
        {{ json_field('fields', web_paths, 'order_id') }} as order_id,
        case {{ json_field('fields', web_paths, 'kind') }}
            when 'order' then 'sale'
            when 'return' then 'refund'
        end as transaction_type,
        {{ json_field('fields', web_paths, 'return_of') }} as refund_of,
        {{ json_field('fields', web_paths, 'placed_at') }} as occurred_at_text,
        {{ json_field('fields', web_paths, 'customer.id') }} as customer_id_given,
        {{ json_field('fields', web_paths, 'item.sku') }} as product_id_given,
        {{ json_field('fields', web_paths, 'attribution.campaign_id') }} as campaign_id_given,
        {{ json_field('fields', web_paths, 'item.quantity') }} as quantity_text,
        {{ json_field('fields', web_paths, 'item.unit_price') }} as unit_price_text,
        {{ json_field('fields', web_paths, 'item.discount') }} as discount_text,
        {{ json_field('fields', web_paths, 'amounts.tax') }} as tax_text,
        {{ json_field('fields', web_paths, 'amounts.total') }} as amount_text,
        {{ json_field('fields', web_paths, 'amounts.currency') }} as currency,
        {{ json_field('fields', web_paths, 'channel') }} as channel,
        {{ json_field('fields', web_paths, 'shipping.region') }} as region,
        {{ json_field('fields', web_paths, 'payment.method') }} as payment_method
    from web_fields
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
