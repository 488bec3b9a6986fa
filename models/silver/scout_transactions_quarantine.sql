{{ config(materialized='view') }}

-- Every record of a till or the web shop that cannot be booked, as it came, with the reason.
with parsed as (
    select * from {{ ref('scout_transactions_parsed') }}
),

rates as (
    select * from {{ ref('exchange_rates_daily') }}
),

bronze as (
    select * from {{ ref('scout_raw_transactions') }}
),

refused as (
    select
        parsed.source_bronze_id,
        parsed.source_system,
        parsed.transaction_id,
        coalesce(parsed.reason, 'currency: there is no rate for ' || parsed.currency) as reason,
        parsed.ingested_at,
        parsed._batch_id,
        parsed._row_number
    from parsed
    left join rates
        on
            cast(parsed.occurred_at as date) = rates.rate_date
            and parsed.currency = rates.currency
    where parsed.reason is not null or rates.rate is null
),

final as (
    select
        refused.source_bronze_id,
        refused.source_system,
        refused.transaction_id,
        refused.reason,
        bronze.transaction_data,
        refused.ingested_at,
        refused._batch_id,
        refused._row_number
    from refused
    inner join bronze on refused.source_bronze_id = bronze.id
)

select * from final
