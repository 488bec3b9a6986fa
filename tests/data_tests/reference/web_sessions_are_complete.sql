-- Every count of visits that was sent can be read, is of a day that has been, and stands in silver.
with sent as (
    select
        {{ try_cast('date', 'date') }} as session_date,
        channel,
        region,
        {{ try_cast('sessions', 'integer') }} as sessions,
        {{ try_cast('bounced', 'integer') }} as bounced,
        {{ try_cast('with_cart', 'integer') }} as with_cart,
        {{ try_cast('orders', 'integer') }} as orders,
        _batch_id,
        _row_number,
        _loaded_at
    from {{ ref('raw_web_sessions') }}
),

counted as (
    select * from {{ ref('scout_web_sessions') }}
)

select
    sent._batch_id,
    sent._row_number
from sent
left join counted
    on
        sent.session_date = counted.session_date
        and sent.channel = counted.channel
        and sent.region = counted.region
where
    counted.session_date is null
    or sent.session_date > cast(sent._loaded_at as date)
    or sent.sessions is null
    or sent.bounced is null
    or sent.with_cart is null
    or sent.orders is null
