{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with tills as (
    {{ bronze_records(
        model='raw_pos_transactions',
        source_system='pos',
        columns=[
            'transaction_id', 'receipt_id', 'type', 'refund_of', 'store_id', 'region', 'till',
            'occurred_at', 'customer_id', 'product_id', 'quantity', 'unit_price', 'discount', 'tax',
            'total_amount', 'currency', 'payment_method', 'campaign_id'
        ],
        read={'occurred_at_read': try_timestamp('occurred_at')},
        checks=[
            ['transaction_id', 'transaction_id is null'],
            ['type', "coalesce(type, '') not in ('sale', 'refund')"],
            ['occurred_at', impossible_time('occurred_at_read')],
            ['product_id', 'product_id is null'],
            ['quantity', 'coalesce(' ~ try_cast('quantity', 'integer') ~ ', 0) = 0'],
            ['unit_price', 'coalesce(' ~ try_cast('unit_price', 'decimal(12,2)') ~ ', 0) <= 0'],
            ['total_amount', try_cast('total_amount', 'decimal(12,2)') ~ ' is null'],
            ['currency', "not coalesce(currency, '') ~ '^[A-Z]{3}$'"]
        ]
    ) }}
),

web_shop as (
    {{ bronze_records(
        model='raw_web_orders',
        source_system='web',
        columns=[
            'line_id', 'order_id', 'line', 'kind', 'return_of', 'placed_at', 'channel', 'customer',
            'item', 'amounts', 'payment', 'attribution', 'shipping'
        ],
        nested=['customer', 'item', 'amounts', 'payment', 'attribution', 'shipping'],
        read={
            'placed_at_read': try_timestamp('placed_at'),
            'quantity': json_text('item_json', 'quantity'),
            'unit_price': json_text('item_json', 'unit_price'),
            'total': json_text('amounts_json', 'total'),
            'currency': json_text('amounts_json', 'currency')
        },
        checks=[
            ['line_id', 'line_id is null'],
            ['kind', "coalesce(kind, '') not in ('order', 'return')"],
            ['placed_at', impossible_time('placed_at_read')],
            ['item.sku', json_text('item_json', 'sku') ~ ' is null'],
            ['item.quantity', 'coalesce(' ~ try_cast('quantity', 'integer') ~ ', 0) = 0'],
            [
                'item.unit_price',
                'coalesce(' ~ try_cast('unit_price', 'decimal(12,2)') ~ ', 0) <= 0'
            ],
            ['amounts.total', try_cast('total', 'decimal(12,2)') ~ ' is null'],
            ['amounts.currency', "not coalesce(currency, '') ~ '^[A-Z]{3}$'"]
        ]
    ) }}
),

payment_gateway as (
    {{ bronze_records(
        model='raw_payment_events',
        source_system='payments',
        columns=[
            'event_id', 'payment_id', 'event_type', 'reference', 'amount_minor', 'currency',
            'method', 'scheme', 'country', 'risk_score', 'failure_code', 'created_at'
        ],
        read={'created_at_read': try_timestamp('created_at')},
        checks=[
            ['event_id', 'event_id is null'],
            ['payment_id', 'payment_id is null'],
            [
                'event_type',
                "coalesce(event_type, '') not in ('authorised', 'captured', 'failed', 'refunded')"
            ],
            ['amount_minor', 'coalesce(' ~ try_cast('amount_minor', 'bigint') ~ ', -1) < 0'],
            ['currency', "not coalesce(currency, '') ~ '^[a-zA-Z]{3}$'"],
            ['created_at', impossible_time('created_at_read')]
        ]
    ) }}
),

records as (
    select
        id,
        source_system,
        _payload,
        _failed,
        _checks,
        _schema_version,
        occurred_at_read as occurred_at,
        _batch_id,
        _row_number,
        _loaded_at
    from tills
    union all
    select
        id,
        source_system,
        _payload,
        _failed,
        _checks,
        _schema_version,
        placed_at_read as occurred_at,
        _batch_id,
        _row_number,
        _loaded_at
    from web_shop
    union all
    select
        id,
        source_system,
        _payload,
        _failed,
        _checks,
        _schema_version,
        created_at_read as occurred_at,
        _batch_id,
        _row_number,
        _loaded_at
    from payment_gateway
),

final as (
    select
        id,
        cast(source_system as varchar) as source_system,
        _payload as transaction_data,
        _loaded_at as ingested_at,
        cast(case when {{ array_size('_failed') }} = 0 then 'valid' else 'invalid' end as varchar)
            as validation_status,
        {{ quality_score('_failed', '_checks') }} as quality_score,
        _schema_version as schema_version,
        cast(coalesce(occurred_at, _loaded_at) as date) as partition_key,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from records
)

select * from final
