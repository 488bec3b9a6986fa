-- The table of products says what the newest version of each says, and what the warehouse said
-- last.
{%- set told = [
    'source_bronze_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand', 'price',
    'cost', 'margin', 'launch_date', 'status'
] %}

with versions as (
    select * from {{ ref('scout_product_versions') }}
    where is_newest
),

last_days as (
    select
        product_id,
        max(stock_date) as stock_date
    from {{ ref('scout_product_stock') }}
    group by product_id
),

stock as (
    select
        snapshots.product_id,
        snapshots.stock_date,
        snapshots.inventory_status
    from {{ ref('scout_product_stock') }} as snapshots
    inner join last_days
        on
            snapshots.product_id = last_days.product_id
            and snapshots.stock_date = last_days.stock_date
),

products as (
    select * from {{ ref('scout_clean_products') }}
    where source_bronze_id is not null
)

select coalesce(products.product_id, versions.product_id) as product_id
from products
full outer join versions on products.product_id = versions.product_id
left join stock on products.product_id = stock.product_id
where
    coalesce(stock.inventory_status, 'not_stocked') is distinct from products.inventory_status
    or stock.stock_date is distinct from products.stock_date
    {%- for name in told %}
        or versions.{{ name }} is distinct from products.{{ name }}
    {%- endfor %}
