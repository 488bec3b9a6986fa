-- Generated from specs/stars/shop.yml by `databank generate`.
with addresses as (
    select * from {{ ref('addresses') }}
),

cities as (
    select * from {{ ref('cities') }}
),

members as (
    select
        {{ surrogate_uuid(['addresses.address_id']) }} as address_key,
        addresses.address_id,
        addresses.street,
        addresses.city_code,
        cities.city,
        cities.country as city_country
    from addresses
    left join cities
        on cast(addresses.city_code as text) = cast(cities.code as text)
),

-- What facts point to that have no member, or one that is not known.
unknown_member as (
    select
        {{ unknown_key() }} as address_key,
        cast(null as integer) as address_id,
        cast('(unknown)' as text) as street,
        cast('(unknown)' as text) as city_code,
        cast('(unknown)' as text) as city,
        cast('(unknown)' as text) as city_country
),

final as (
    select * from members
    union all
    select * from unknown_member
)

select * from final
