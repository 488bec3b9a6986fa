{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='transaction_id',
    on_schema_change='fail'
) }}

-- What is looked up may change after a sale was booked: a customer is matched with another, a product
-- or a rate arrives late. Such a sale is written anew, as if it had come now.
with customers as (
    select
        customer_id_given,
        customer_id
    from {{ ref('scout_customer_crosswalk') }}
),

products as (
    select product_id from {{ ref('scout_clean_products') }}
),

campaigns as (
    select campaign_id from {{ ref('scout_clean_campaigns') }}
),

rates as (
    select * from {{ ref('exchange_rates_daily') }}
),

{% if is_incremental() -%}
    new_records as (
        select distinct transaction_id
        from {{ ref('scout_transactions_conformed') }}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    ),

    -- What the table would hold now of the sales that it has.
    looked_up as (
        select
            booked.transaction_id,
            booked.customer_id,
            booked.product_id,
            booked.campaign_id,
            booked.exchange_rate,
            {{ known_member('booked.customer_id_given', 'customers.customer_id', '(anonymous)') }}
                as customer_now,
            {{ known_member('booked.product_id_given', 'products.product_id', '(unknown)') }}
                as product_now,
            {{ known_member('booked.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
                as campaign_now,
            rates.rate as rate_now
        from {{ this }} as booked
        left join customers on booked.customer_id_given = customers.customer_id_given
        left join products on booked.product_id_given = products.product_id
        left join campaigns on booked.campaign_id_given = campaigns.campaign_id
        left join rates
            on
                booked.transaction_date = rates.rate_date
                and booked.original_currency = rates.currency
    ),

    changed as (
        select transaction_id from new_records
        union
        select transaction_id
        from looked_up
        where
            customer_id <> customer_now
            or product_id <> product_now
            or campaign_id <> campaign_now
            or exchange_rate <> rate_now
        union
        -- Sales that waited for a rate.
        select waiting.transaction_id
        from {{ ref('scout_transactions_conformed') }} as waiting
        left join {{ this }} as booked on waiting.transaction_id = booked.transaction_id
        where waiting.is_accepted and booked.transaction_id is null
    ),

{% endif -%}
records as (
    select *
    from {{ ref('scout_transactions_conformed') }}
    where
        is_accepted
        {% if is_incremental() %}
            and transaction_id in (select transaction_id from changed)
        {% endif %}
),

-- A record that comes again replaces the one before; in most cases it is the same.
ranked as (
    select
        *,
        min(ingested_at) over (partition by transaction_id) as first_ingested_at,
        row_number() over (
            partition by transaction_id
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from records
),

newest as (
    select *
    from ranked
    where newest_rank = 1
),

final as (
    select
        {{ surrogate_uuid(["'scout_clean_transactions'", 'newest.transaction_id']) }} as id,
        newest.transaction_id,
        {{ known_member('newest.customer_id_given', 'customers.customer_id', '(anonymous)') }}
            as customer_id,
        {{ known_member('newest.product_id_given', 'products.product_id', '(unknown)') }}
            as product_id,
        {{ known_member('newest.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
            as campaign_id,
        newest.transaction_date,
        newest.amount_eur as amount,
        cast('EUR' as varchar(3)) as currency,
        newest.channel,
        newest.region,
        newest.payment_method,
        newest.discount_eur as discount_applied,
        newest.tax_eur as tax_amount,
        newest.first_ingested_at as created_at,
        newest.ingested_at as updated_at,
        newest.quality_score as data_quality_score,
        newest.source_bronze_id,
        newest.transaction_type,
        newest.refund_of,
        newest.order_id,
        newest.quantity,
        newest.occurred_at,
        newest.amount as original_amount,
        cast(newest.currency as varchar(3)) as original_currency,
        newest.exchange_rate,
        newest.customer_id_given,
        newest.product_id_given,
        newest.campaign_id_given,
        newest._batch_id
    from newest
    left join customers on newest.customer_id_given = customers.customer_id_given
    left join products on newest.product_id_given = products.product_id
    left join campaigns on newest.campaign_id_given = campaigns.campaign_id
)

select * from final
