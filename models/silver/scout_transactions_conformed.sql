{{ config(materialized='view') }}

-- Every sale and refund of tills and web shop in one shape, in euros at the day's rate.
with parsed as (
    select * from {{ ref('scout_transactions_parsed') }}
),

rates as (
    select * from {{ ref('exchange_rates_daily') }}
),

final as (
    select
        parsed.source_bronze_id,
        parsed.source_system,
        parsed.transaction_id,
        parsed.order_id,
        parsed.transaction_type,
        parsed.refund_of,
        parsed.occurred_at,
        cast(parsed.occurred_at as date) as transaction_date,
        parsed.customer_id_given,
        parsed.product_id_given,
        parsed.campaign_id_given,
        parsed.quantity,
        parsed.amount,
        parsed.currency,
        rates.rate as exchange_rate,
        {{ ratio('parsed.amount', 'rates.rate', 2, 'decimal(12, 2)') }} as amount_eur,
        {{ ratio('parsed.discount', 'rates.rate', 2, 'decimal(12, 2)') }} as discount_eur,
        {{ ratio('parsed.tax', 'rates.rate', 2, 'decimal(12, 2)') }} as tax_eur,
        parsed.channel,
        parsed.region,
        parsed.payment_method,
        parsed.quality_score,
        parsed.reason is null and rates.rate is not null as is_accepted,
        case
            when parsed.reason is null and rates.rate is null
                then 'currency: there is no rate for ' || parsed.currency
            else parsed.reason
        end as reason,
        parsed.ingested_at,
        parsed._batch_id,
        parsed._row_number
    from parsed
    left join rates
        on
            cast(parsed.occurred_at as date) = rates.rate_date
            and parsed.currency = rates.currency
)

select * from final
