{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['product_id', 'stock_date'],
    on_schema_change='fail'
) }}

-- The stock of each product at the end of each day.
with products as (
    select product_id
    from {{ ref('scout_product_versions') }}
    where is_newest
),

{% if is_incremental() -%}
    new_days as (
        select
            product_id,
            stock_date
        from {{ ref('scout_stock_conformed') }}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    ),

    stocked as (
        select distinct product_id
        from {{ this }}
    ),

    -- Products whose stock was told before the catalogue had them.
    new_products as (
        select products.product_id
        from products
        left join stocked on products.product_id = stocked.product_id
        where stocked.product_id is null
    ),

{% endif -%}
snapshots as (
    select *
    from {{ ref('scout_stock_conformed') }}
    where
        is_accepted
        {% if is_incremental() -%}
            and (
                (product_id, stock_date) in (
                    select
                        product_id,
                        stock_date
                    from new_days
                )
                or product_id in (select product_id from new_products)
            )
        {%- endif %}
),

-- A day that is told again is told better.
ranked as (
    select
        *,
        min(ingested_at) over (partition by product_id, stock_date) as first_ingested_at,
        row_number() over (
            partition by product_id, stock_date
            order by _batch_id desc, _row_number desc
        ) as delivery_rank
    from snapshots
),

final as (
    select
        ranked.stock_date,
        ranked.product_id,
        ranked.on_hand,
        ranked.received,
        ranked.sold,
        ranked.adjusted,
        ranked.reorder_point,
        ranked.inventory_status,
        ranked.on_hand = 0 as is_out_of_stock,
        ranked.first_ingested_at as created_at,
        ranked.ingested_at as updated_at,
        ranked.source_bronze_id,
        ranked._batch_id,
        ranked._row_number
    from ranked
    inner join products on ranked.product_id = products.product_id
    where ranked.delivery_rank = 1
)

select * from final
