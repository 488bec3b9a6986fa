{{ config(materialized='view') }}

-- Visits of the web shop by day, channel and region; the newest count that was sent.
with records as (
    select
        {{ try_cast('date', 'date') }} as session_date,
        channel,
        region,
        {{ try_cast('sessions', 'integer') }} as sessions,
        {{ try_cast('bounced', 'integer') }} as bounced,
        {{ try_cast('with_cart', 'integer') }} as with_cart,
        {{ try_cast('orders', 'integer') }} as orders,
        _batch_id,
        _row_number
    from {{ ref('raw_web_sessions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by session_date, channel, region
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from records
    where session_date is not null and sessions is not null
),

final as (
    select
        session_date,
        channel,
        region,
        sessions,
        bounced,
        with_cart,
        orders
    from ranked
    where newest_rank = 1
)

select * from final
