-- A product's versions follow each other without a gap, exactly one of them holds now, and it says
-- what the table of products says.
with versions as (
    select
        product_id,
        price,
        cost,
        status,
        category_l3,
        valid_to,
        is_current,
        lead(valid_from) over (partition by product_id order by valid_from) as next_from
    from {{ ref('products_dim') }}
),

broken as (
    select product_id
    from versions
    where valid_to is distinct from next_from
),

different as (
    select products.product_id
    from {{ ref('scout_clean_products') }} as products
    left join versions
        on
            products.product_id = versions.product_id
            and versions.is_current
    group by products.product_id
    having
        count(versions.product_id) <> 1
        or max(case when products.price is distinct from versions.price then 1 else 0 end) = 1
        or max(case when products.cost is distinct from versions.cost then 1 else 0 end) = 1
        or max(case when products.status is distinct from versions.status then 1 else 0 end) = 1
        or max(
            case when products.category_l3 is distinct from versions.category_l3 then 1 else 0 end
        )
        = 1
)

select product_id from broken
union all
select product_id from different
