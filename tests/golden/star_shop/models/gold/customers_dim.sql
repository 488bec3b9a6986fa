-- Generated from specs/stars/shop.yml by `databank generate`.
with customers as (
    select * from {{ ref('customers') }}
),

members as (
    select
        {{ surrogate_uuid(['customers.customer_id']) }} as customer_key,
        customers.customer_id,
        customers.name as customer_name,
        customers.referred_by,
        coalesce(
            case
                when referrer_customers.customer_id is not null
                    then {{ surrogate_uuid(['referrer_customers.customer_id']) }}
            end,
            {{ unknown_key() }}
        ) as referrer_key
    from customers
    left join customers as referrer_customers
        on customers.referred_by = referrer_customers.customer_id
),

-- What facts point to that have no member, or one that is not known.
unknown_member as (
    select
        {{ unknown_key() }} as customer_key,
        cast(null as integer) as customer_id,
        cast('(unknown)' as text) as customer_name,
        cast(null as integer) as referred_by,
        {{ unknown_key() }} as referrer_key
),

final as (
    select * from members
    union all
    select * from unknown_member
)

select * from final
