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
        read={
            'amount': try_cast(json_text('price_json', 'amount'), 'decimal(10,2)'),
            'cost_read': try_cast('cost', 'decimal(10,2)'),
            'launch_date_read': try_timestamp('launch_date'),
            'updated_at_read': try_timestamp('updated_at')
        },
        checks=[
            ['product_id', "coalesce(trim(product_id, ' '), '') in ('', '(unknown)')"],
            ['name', "coalesce(trim(name, ' '), '') = ''"],
            ['category.l1', json_text('category_json', 'l1') ~ ' is null'],
            ['category.l2', json_text('category_json', 'l2') ~ ' is null'],
            ['category.l3', json_text('category_json', 'l3') ~ ' is null'],
            ['price.amount', 'coalesce(amount, 0) <= 0'],
            [
                'price.currency',
                'coalesce(' ~ json_text('price_json', 'currency') ~ ", '') <> 'EUR'"
            ],
            ['cost', 'coalesce(cost_read, -1) < 0'],
            ['cost_above_price', 'cost_read > amount and amount > 0'],
            ['launch_date', "coalesce(launch_date, '') <> '' and launch_date_read is null"],
            ['status', "coalesce(status, '') not in ('active', 'discontinued', 'planned')"],
            ['updated_at', impossible_time('updated_at_read')]
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
        read={'snapshot_date_read': try_timestamp('snapshot_date')},
        checks=[
            ['snapshot_date', impossible_time('snapshot_date_read')],
            ['product_id', "coalesce(trim(product_id, ' '), '') in ('', '(unknown)')"],
            ['on_hand', 'coalesce(' ~ try_cast('on_hand', 'integer') ~ ', -1) < 0'],
            ['received', 'coalesce(' ~ try_cast('received', 'integer') ~ ', -1) < 0'],
            ['sold', 'coalesce(' ~ try_cast('sold', 'integer') ~ ', -1) < 0'],
            ['adjusted', try_cast('adjusted', 'integer') ~ ' is null'],
            ['reorder_point', 'coalesce(' ~ try_cast('reorder_point', 'integer') ~ ', -1) < 0'],
            [
                'inventory_status',
                "coalesce(inventory_status, '') not in ('in_stock', 'low_stock', 'out_of_stock')"
            ]
        ]
    ) }}
),

records as (
    select
        id,
        source_system,
        _payload,
        category_json as category_hierarchy,
        case
            when
                {{ json_text('category_json', 'l3') }} is not null
                and cost is not null
                and brand is not null
                and attributes_json is not null
                then 'complete'
            else 'partial'
        end as enrichment_status,
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
        'stock' as enrichment_status,
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
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from records
)

select * from final
