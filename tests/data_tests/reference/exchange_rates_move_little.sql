-- No rate is more than a fifth away from the one before it, and none is missing for longer than a
-- week: a slipped decimal point, or a source that has fallen silent.
with given as (
    select
        currency,
        {{ try_cast('rate_date', 'date') }} as rate_date,
        {{ try_cast('rate', 'decimal(18,6)') }} as rate
    from {{ ref('raw_exchange_rates') }}
),

in_order as (
    select
        currency,
        rate_date,
        rate,
        lag(rate_date) over (partition by currency order by rate_date) as date_before,
        lag(rate) over (partition by currency order by rate_date) as rate_before
    from given
    where rate_date is not null and rate > 0
)

select *
from in_order
where
    rate not between rate_before * 0.8 and rate_before * 1.25
    or rate_date - date_before > 7
