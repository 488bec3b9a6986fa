-- One row per product: its newest version that counts, with what the warehouse last said of it.
with versions as (
    select *
    from {{ ref('scout_product_versions') }}
    where is_newest
),

ingested as (
    select
        product_id,
        min(first_ingested_at) as created_at,
        max(ingested_at) as updated_at
    from {{ ref('scout_product_versions') }}
    group by product_id
),

stock_ranked as (
    select
        product_id,
        stock_date,
        inventory_status,
        updated_at,
        row_number() over (partition by product_id order by stock_date desc) as recency
    from {{ ref('scout_product_stock') }}
),

products as (
    select
        versions.product_id,
        versions.product_name,
        versions.category_l1,
        versions.category_l2,
        versions.category_l3,
        versions.brand,
        versions.price,
        versions.cost,
        versions.margin,
        versions.launch_date,
        versions.status,
        versions.attributes,
        coalesce(stock_ranked.inventory_status, 'not_stocked') as inventory_status,
        versions.seasonal_flags,
        ingested.created_at,
        greatest(ingested.updated_at, stock_ranked.updated_at) as updated_at,
        versions.source_bronze_id,
        stock_ranked.stock_date
    from versions
    inner join ingested on versions.product_id = ingested.product_id
    left join stock_ranked
        on
            versions.product_id = stock_ranked.product_id
            and stock_ranked.recency = 1
),

final as (
    select
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        brand,
        price,
        cost,
        margin,
        launch_date,
        status,
        attributes,
        cast(inventory_status as varchar) as inventory_status,
        seasonal_flags,
        created_at,
        updated_at,
        source_bronze_id,
        stock_date
    from products
    union all
    -- Sales of something that the catalogue does not know are sales, too.
    select
        cast('(unknown)' as varchar) as product_id,
        cast('Unknown product' as varchar) as product_name,
        cast('(unknown)' as varchar) as category_l1,
        cast('(unknown)' as varchar) as category_l2,
        cast('(unknown)' as varchar) as category_l3,
        cast(null as varchar) as brand,
        cast(null as decimal(10, 2)) as price,
        cast(null as decimal(10, 2)) as cost,
        cast(null as decimal(5, 4)) as margin,
        cast(null as date) as launch_date,
        cast('unknown' as varchar) as status,
        {{ try_cast_jsonb('cast(null as varchar)') }} as attributes,
        cast('not_stocked' as varchar) as inventory_status,
        {{ text_array(['cast(null as varchar)']) }} as seasonal_flags,
        timestamp '1970-01-01 00:00:00' as created_at,
        timestamp '1970-01-01 00:00:00' as updated_at,
        cast(null as uuid) as source_bronze_id,
        cast(null as date) as stock_date
)

select * from final
