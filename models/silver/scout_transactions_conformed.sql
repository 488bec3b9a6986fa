{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='transaction_id',
    on_schema_change='fail'
) }}

-- A sale is written anew if a record of it is new, if it waited for a rate, or if its rate changed.
-- Where rates are looked up, they are so by day and currency: all sales of such a pair have one, or
-- all wait.
with rates as (
    select * from {{ ref('exchange_rates_daily') }}
),

{% if is_incremental() -%}
    booked_rates as (
        select distinct
            transaction_date,
            currency,
            exchange_rate
        from {{ this }}
    ),

    changed_rates as (
        select
            rates.rate_date,
            rates.currency
        from rates
        left join booked_rates
            on
                rates.rate_date = booked_rates.transaction_date
                and rates.currency = booked_rates.currency
        where booked_rates.exchange_rate is distinct from rates.rate
    ),

    -- Each reads the table for itself: DuckDB would keep what is read twice.
    changed as (
        select transaction_id
        from {{ ref('scout_transactions_parsed') }}
        where
            reason is null
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        union
        select parsed.transaction_id
        from {{ ref('scout_transactions_parsed') }} as parsed
        inner join changed_rates
            on
                cast(parsed.occurred_at as date) = changed_rates.rate_date
                and parsed.currency = changed_rates.currency
        where parsed.reason is null
    ),

{% endif -%}
-- Chosen before rates are looked up: hardly anything of the other records is read.
chosen as (
    select *
    from {{ ref('scout_transactions_parsed') }}
    where
        reason is null
        {% if is_incremental() -%}
            and transaction_id in (select changed.transaction_id from changed)
        {%- endif %}
),

records as (
    select
        chosen.*,
        cast(chosen.occurred_at as date) as transaction_date,
        rates.rate as exchange_rate
    from chosen
    left join rates
        on
            cast(chosen.occurred_at as date) = rates.rate_date
            and chosen.currency = rates.currency
),

-- A record that comes again replaces the one before; in most cases it is the same. One that waits
-- for a rate replaces nothing.
ranked as (
    select
        *,
        min(ingested_at) over (partition by transaction_id) as first_ingested_at,
        row_number() over (
            partition by transaction_id
            order by
                case when exchange_rate is null then 1 else 0 end,
                _batch_id desc,
                _row_number desc
        ) as newest_rank
    from records
),

final as (
    select
        source_bronze_id,
        source_system,
        transaction_id,
        order_id,
        transaction_type,
        refund_of,
        occurred_at,
        transaction_date,
        customer_id_given,
        product_id_given,
        campaign_id_given,
        quantity,
        amount,
        cast(currency as varchar(3)) as currency,
        exchange_rate,
        {{ ratio('amount', 'exchange_rate', 2, 'decimal(12, 2)') }} as amount_eur,
        {{ ratio('discount', 'exchange_rate', 2, 'decimal(12, 2)') }} as discount_eur,
        {{ ratio('tax', 'exchange_rate', 2, 'decimal(12, 2)') }} as tax_eur,
        channel,
        region,
        payment_method,
        quality_score,
        first_ingested_at,
        ingested_at,
        _batch_id,
        _row_number
    from ranked
    where newest_rank = 1 and exchange_rate is not null
)

select * from final
