{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['rate_date', 'currency'],
    on_schema_change='fail'
) }}

-- What one euro cost on each day, without gaps: a day without a rate has the last one before it.
with records as (
    select
        currency,
        {{ try_cast('rate_date', 'date') }} as rate_date,
        {{ try_cast('rate', 'decimal(18,6)') }} as rate,
        _batch_id,
        _row_number
    from {{ ref('raw_exchange_rates') }}
    where base_currency = 'EUR'
),

ranked as (
    select
        *,
        row_number() over (
            partition by currency, rate_date
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from records
    where rate_date is not null and rate > 0
),

given as (
    select
        currency,
        rate_date,
        rate,
        lead(rate_date) over (
            partition by currency
            order by rate_date
        ) as next_date
    from ranked
    where newest_rank = 1
),

-- The days that sales may be of: also those after the last rate.
days as (
    select rate_date from given
    union
    select cast(occurred_at as date) as rate_date
    from {{ ref('scout_transactions_parsed') }}
    where occurred_at is not null
),

final as (
    select
        days.rate_date,
        cast(given.currency as varchar(3)) as currency,
        given.rate
    from days
    inner join given
        on
            days.rate_date >= given.rate_date
            and (days.rate_date < given.next_date or given.next_date is null)
    union all
    select
        rate_date,
        cast('EUR' as varchar(3)) as currency,
        cast(1 as decimal(18, 6)) as rate
    from days
)

select * from final
