-- Every rate that was sent has a day that has been, a currency and a rate above zero, for one euro.
select
    rate_date,
    base_currency,
    currency,
    rate,
    _batch_id,
    _row_number
from {{ ref('raw_exchange_rates') }}
where
    coalesce({{ try_cast('rate_date', 'date') }} > cast(_loaded_at as date), true)
    or coalesce(base_currency, '') <> 'EUR'
    or not coalesce(currency, '') ~ '^[A-Z]{3}$'
    or coalesce({{ try_cast('rate', 'decimal(18,6)') }}, 0) <= 0
