-- Each day of a product that the catalogue knows is there, as it was told last.
{%- set told = ['on_hand', 'received', 'sold', 'adjusted', 'reorder_point', 'inventory_status'] %}

with ranked as (
    select
        records.*,
        row_number() over (
            partition by records.product_id, records.stock_date
            order by records._batch_id desc, records._row_number desc
        ) as newest_rank
    from {{ ref('scout_stock_conformed') }} as records
    inner join {{ ref('scout_clean_products') }} as products
        on records.product_id = products.product_id
    where records.is_accepted
),

newest as (
    select * from ranked
    where newest_rank = 1
)

select
    coalesce(newest.product_id, stock.product_id) as product_id,
    coalesce(newest.stock_date, stock.stock_date) as stock_date
from newest
full outer join {{ ref('scout_product_stock') }} as stock
    on
        newest.product_id = stock.product_id
        and newest.stock_date = stock.stock_date
where
    newest.source_bronze_id is distinct from stock.source_bronze_id
    {%- for name in told %}
        or newest.{{ name }} is distinct from stock.{{ name }}
    {%- endfor %}
