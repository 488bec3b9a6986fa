-- A customer's versions follow each other without a gap, exactly one of them holds now, and it says
-- what the table of customers says.
with versions as (
    select
        customer_id,
        customer_tier,
        valid_to,
        is_current,
        lead(valid_from) over (partition by customer_id order by valid_from) as next_from
    from {{ ref('customers_dim') }}
),

broken as (
    select customer_id
    from versions
    where valid_to is distinct from next_from
),

current_versions as (
    select
        customer_id,
        count(*) as versions,
        max(customer_tier) as customer_tier
    from versions
    where is_current
    group by customer_id
),

different as (
    select customers.customer_id
    from {{ ref('scout_clean_customers') }} as customers
    left join current_versions on customers.customer_id = current_versions.customer_id
    where
        coalesce(current_versions.versions, 0) <> 1
        or current_versions.customer_tier <> customers.customer_tier
)

select customer_id from broken
union all
select customer_id from different
