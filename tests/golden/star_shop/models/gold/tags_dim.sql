-- Generated from specs/stars/shop.yml by `databank generate`.
with tags as (
    select * from {{ ref('tags') }}
),

members as (
    select
        {{ surrogate_uuid(['tag']) }} as tag_key,
        tag
    from tags
),

-- What facts point to that have no member, or one that is not known.
unknown_member as (
    select
        {{ unknown_key() }} as tag_key,
        cast(null as text) as tag
),

final as (
    select * from members
    union all
    select * from unknown_member
)

select * from final
