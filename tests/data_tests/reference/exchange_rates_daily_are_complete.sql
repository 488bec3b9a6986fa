-- Each day has, for each currency, the rate that was given for it, and else that of the day before;
-- from a currency's first rate on no day is left out that the euro has.
with given as (
    select
        currency,
        {{ try_cast('rate_date', 'date') }} as rate_date,
        {{ try_cast('rate', 'decimal(18,6)') }} as rate,
        row_number() over (
            partition by currency, {{ try_cast('rate_date', 'date') }}
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from {{ ref('raw_exchange_rates') }}
    where
        base_currency = 'EUR'
        and {{ try_cast('rate_date', 'date') }} is not null
        and {{ try_cast('rate', 'decimal(18,6)') }} > 0
),

rates as (
    select * from given
    where newest_rank = 1
),

firsts as (
    select
        currency,
        min(rate_date) as first_date
    from rates
    group by currency
),

daily as (
    select
        currency,
        rate_date,
        rate,
        lag(rate) over (partition by currency order by rate_date) as rate_before
    from {{ ref('exchange_rates_daily') }}
),

expected as (
    select
        firsts.currency,
        euro.rate_date
    from firsts
    inner join daily as euro
        on
            euro.currency = 'EUR'
            and firsts.first_date <= euro.rate_date
)

select
    expected.currency,
    expected.rate_date
from expected
left join daily
    on
        expected.currency = daily.currency
        and expected.rate_date = daily.rate_date
left join rates
    on
        expected.currency = rates.currency
        and expected.rate_date = rates.rate_date
where coalesce(rates.rate, daily.rate_before) is distinct from daily.rate
