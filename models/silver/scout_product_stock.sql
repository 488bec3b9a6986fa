-- The stock of each product at the end of each day.
with snapshots as (
    select *
    from {{ ref('scout_stock_conformed') }}
    where is_accepted
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

products as (
    select product_id
    from {{ ref('scout_product_versions') }}
    where is_newest
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
