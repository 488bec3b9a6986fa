-- One row per version of each product: a new one begins when its price, its cost, its status or
-- its place among the categories changes.
{%- set tracked = ['price', 'cost', 'status', 'category_l1', 'category_l2', 'category_l3'] %}
{%- set always = "timestamp '1900-01-01 00:00:00'" %}

with versions as (
    select * from {{ ref('scout_product_versions') }}
),

compared as (
    select
        *,
        {%- for name in tracked %}
            lag({{ name }}) over (partition by product_id order by changed_at) as {{ name }}_before,
        {%- endfor %}
        lag(changed_at) over (partition by product_id order by changed_at) is null as is_first
    from versions
),

changes as (
    select *
    from compared
    where
        is_first
        {%- for name in tracked %}
            or {{ name }} is distinct from {{ name }}_before
        {%- endfor %}
),

named_members as (
    select
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        status,
        {{ always }} as valid_from,
        created_at
    from {{ ref('scout_clean_products') }}
    where source_bronze_id is null
    union all
    -- What is about no product at all, such as a mention in public, has a member, too.
    select
        cast('(none)' as varchar) as product_id,
        cast('No product' as varchar) as product_name,
        cast('(none)' as varchar) as category_l1,
        cast('(none)' as varchar) as category_l2,
        cast('(none)' as varchar) as category_l3,
        cast('unknown' as varchar) as status,
        {{ always }} as valid_from,
        timestamp '1970-01-01 00:00:00' as created_at
),

final as (
    select
        {{ surrogate_uuid(["'products_dim'", 'product_id', 'changed_at']) }} as product_key,
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        brand,
        price,
        cost,
        margin,
        status,
        launch_date,
        changed_at as valid_from,
        lead(changed_at) over (partition by product_id order by changed_at) as valid_to,
        lead(changed_at) over (partition by product_id order by changed_at) is null as is_current,
        case when is_first then {{ always }} else changed_at end as counts_from,
        first_ingested_at as created_at,
        ingested_at as updated_at,
        source_bronze_id
    from changes
    union all
    select
        {{ surrogate_uuid(["'products_dim'", 'product_id', 'valid_from']) }} as product_key,
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        cast(null as varchar) as brand,
        cast(null as decimal(10, 2)) as price,
        cast(null as decimal(10, 2)) as cost,
        cast(null as decimal(5, 4)) as margin,
        status,
        cast(null as date) as launch_date,
        valid_from,
        cast(null as timestamp) as valid_to,
        true as is_current,
        valid_from as counts_from,
        created_at,
        created_at as updated_at,
        cast(null as uuid) as source_bronze_id
    from named_members
)

select * from final
