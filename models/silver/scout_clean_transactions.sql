{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='transaction_id',
    on_schema_change='fail'
) }}

-- What is looked up may change after a sale was booked: a customer is matched with another, a
-- product or a campaign arrives late, a rate is put right. Such a sale is written anew.
{%- set members = [
    ('customer', 'scout_customer_crosswalk', 'customer_id_given', '(anonymous)'),
    ('product', 'scout_clean_products', 'product_id', '(unknown)'),
    ('campaign', 'scout_clean_campaigns', 'campaign_id', '(none)')
] %}

with {% for member, table, key, without in members -%}
    {{ member }}s as (
        select
            {%- if key != member ~ '_id' %}
                {{ key }},
            {%- endif %}
            {{ member }}_id
        from {{ ref(table) }}
    ),

{% endfor -%}
{% if is_incremental() -%}
    {% for member, table, key, without in members -%}
        changed_{{ member }}s as (
            select distinct booked.{{ member }}_id_given
            from {{ this }} as booked
            left join {{ member }}s on booked.{{ member }}_id_given = {{ member }}s.{{ key }}
            where
                booked.{{ member }}_id <> {{ known_member(
                    'booked.' ~ member ~ '_id_given', member ~ 's.' ~ member ~ '_id', without
                ) }}
        ),

    {% endfor -%}
    booked_rates as (
        select distinct
            transaction_date,
            original_currency,
            exchange_rate
        from {{ this }}
    ),

    rates as (
        select distinct
            transaction_date,
            currency,
            exchange_rate
        from {{ ref('scout_transactions_conformed') }}
    ),

    changed_rates as (
        select
            rates.transaction_date,
            rates.currency
        from rates
        left join booked_rates
            on
                rates.transaction_date = booked_rates.transaction_date
                and rates.currency = booked_rates.original_currency
        where booked_rates.exchange_rate is distinct from rates.exchange_rate
    ),

{% endif -%}
-- One part for each reason: of what does not concern it, DuckDB reads one column or none.
records as (
    select *
    from {{ ref('scout_transactions_conformed') }}
    {% if is_incremental() -%}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {%- for member, table, key, without in members %}
            union
            select *
            from {{ ref('scout_transactions_conformed') }}
            where {{ member }}_id_given in (select {{ member }}_id_given from changed_{{ member }}s)
        {%- endfor %}
        union
        select *
        from {{ ref('scout_transactions_conformed') }}
        where
            (transaction_date, currency) in (
                select
                    transaction_date,
                    currency
                from changed_rates
            )
    {%- endif %}
),

final as (
    select
        {{ surrogate_uuid(
            ["'scout_clean_transactions'", 'records.transaction_id'],
            number=digits_of('records.transaction_id')
        ) }} as id,
        records.transaction_id,
        {%- for member, table, key, without in members %}
            {{ known_member(
                'records.' ~ member ~ '_id_given', member ~ 's.' ~ member ~ '_id', without
            ) }} as {{ member }}_id,
        {%- endfor %}
        records.transaction_date,
        records.amount_eur as amount,
        cast('EUR' as varchar(3)) as currency,
        records.channel,
        records.region,
        records.payment_method,
        records.discount_eur as discount_applied,
        records.tax_eur as tax_amount,
        records.first_ingested_at as created_at,
        records.ingested_at as updated_at,
        records.quality_score as data_quality_score,
        records.source_bronze_id,
        records.transaction_type,
        records.refund_of,
        records.order_id,
        records.quantity,
        records.occurred_at,
        records.amount as original_amount,
        records.currency as original_currency,
        records.exchange_rate,
        records.customer_id_given,
        records.product_id_given,
        records.campaign_id_given,
        records._batch_id
    from records
    left join customers on records.customer_id_given = customers.customer_id_given
    left join products on records.product_id_given = products.product_id
    left join campaigns on records.campaign_id_given = campaigns.campaign_id
)

select * from final
