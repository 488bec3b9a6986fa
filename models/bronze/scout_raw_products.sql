{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with catalogue as (
    {{ bronze_records(
        model='raw_catalogue_products',
        source_system='catalogue',
        columns=[
            'product_id', 'name', 'category', 'brand', 'price', 'cost', 'launch_date', 'status',
            'attributes', 'seasonal_flags', 'updated_at'
        ],
        nested=['category', 'price', 'attributes', 'seasonal_flags'],
        checks=[
            ['product_id', 'product_id is null'],
            ['name', 'name is null'],
            ['category', json_text('category_json', 'l1') ~ ' is null'],
            [
                'price.amount',
                'coalesce(' ~ try_cast(json_text('price_json', 'amount'), 'decimal(10,2)')
                ~ ', 0) <= 0'
            ],
            ['cost', 'coalesce(' ~ try_cast('cost', 'decimal(10,2)') ~ ', -1) < 0'],
            ['status', "coalesce(status, '') not in ('active', 'discontinued', 'planned')"],
            ['updated_at', try_timestamp('updated_at') ~ ' is null']
        ]
    ) }}
),

stock as (
    {{ bronze_records(
        model='raw_inventory_stock',
        source_system='inventory',
        columns=[
            'snapshot_date', 'product_id', 'on_hand', 'received', 'sold', 'adjusted',
            'reorder_point', 'inventory_status'
        ],
        checks=[
            ['snapshot_date', try_timestamp('snapshot_date') ~ ' is null'],
            ['product_id', 'product_id is null'],
            ['on_hand', 'coalesce(' ~ try_cast('on_hand', 'integer') ~ ', -1) < 0']
        ]
    ) }}
),

records as (
    select
        id,
        source_system,
        _payload,
        category_json as category_hierarchy,
        -- What the stock knows is added to what the catalogue says, record by record.
        'pending' as enrichment_status,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from catalogue
    union all
    select
        id,
        source_system,
        _payload,
        {{ try_cast_jsonb('cast(null as varchar)') }} as category_hierarchy,
        'enrichment' as enrichment_status,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from stock
),

final as (
    select
        id,
        cast(source_system as varchar) as source_system,
        _payload as product_data,
        category_hierarchy,
        _loaded_at as ingested_at,
        {{ texts_as_json('_failed') }} as validation_errors,
        cast(enrichment_status as varchar) as enrichment_status,
        _batch_id,
        _row_number
    from records
)

select * from final
