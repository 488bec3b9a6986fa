-- Generated from specs/stars/shop.yml by `databank generate`.
with products as (
    select * from {{ ref('products') }}
),

subcategories as (
    select * from {{ ref('subcategories') }}
),

categories as (
    select * from {{ ref('categories') }}
),

members as (
    select
        {{ surrogate_uuid(['products.product_id']) }} as product_key,
        products.product_id,
        products.name,
        products.subcategory_id,
        subcategories.name as subcategory_name,
        subcategories.category_id,
        categories.name as category_name
    from products
    left join subcategories
        on products.subcategory_id = subcategories.subcategory_id
    left join categories
        on subcategories.category_id = categories.category_id
),

-- What facts point to that have no member, or one that is not known.
unknown_member as (
    select
        {{ unknown_key() }} as product_key,
        cast(null as text) as product_id,
        cast('(unknown)' as text) as name,
        cast(null as integer) as subcategory_id,
        cast('(unknown)' as text) as subcategory_name,
        cast(null as integer) as category_id,
        cast('(unknown)' as text) as category_name
),

final as (
    select * from members
    union all
    select * from unknown_member
)

select * from final
