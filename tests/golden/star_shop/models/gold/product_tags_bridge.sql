-- Generated from specs/stars/shop.yml by `databank generate`.
with product_tags as (
    select * from {{ ref('product_tags') }}
),

products_dim as (
    select * from {{ ref('products_dim') }}
),

tags_dim as (
    select * from {{ ref('tags_dim') }}
),

final as (
    select
        product_tags.product_id,
        product_tags.tag,
        coalesce(products_dim.product_key, {{ unknown_key() }}) as product_key,
        coalesce(tags_dim.tag_key, {{ unknown_key() }}) as tag_key
    from product_tags
    left join products_dim
        on product_tags.product_id = products_dim.product_id
    left join tags_dim
        on product_tags.tag = tags_dim.tag
)

select * from final
