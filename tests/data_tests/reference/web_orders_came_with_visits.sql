-- Web analytics counts every order of web shop and app: on a day that it has counted, there are no
-- more booked of a channel and a region than it knows of.
with counted as (
    select
        session_date,
        channel,
        region,
        orders
    from {{ ref('scout_web_sessions') }}
),

booked as (
    select
        transaction_date,
        channel,
        region,
        count(distinct order_id) as orders
    from {{ ref('scout_clean_transactions') }}
    where
        transaction_type = 'sale'
        and channel in ('web', 'mobile')
    group by transaction_date, channel, region
),

counted_days as (
    select distinct session_date from counted
)

select
    booked.transaction_date,
    booked.channel,
    booked.region,
    booked.orders,
    counted.orders as counted_orders
from booked
inner join counted_days on booked.transaction_date = counted_days.session_date
left join counted
    on
        booked.transaction_date = counted.session_date
        and booked.channel = counted.channel
        and booked.region = counted.region
where booked.orders > coalesce(counted.orders, 0)
