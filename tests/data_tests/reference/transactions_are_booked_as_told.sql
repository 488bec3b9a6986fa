-- Each booked sale and refund says what its newest record says, in euros at the day's rate, and is
-- booked on the customer, the product and the campaign that the record names.
{%- set told = {
    'source_bronze_id': 'source_bronze_id', 'transaction_type': 'transaction_type',
    'refund_of': 'refund_of', 'order_id': 'order_id', 'occurred_at': 'occurred_at',
    'transaction_date': 'transaction_date', 'quantity': 'quantity', 'original_amount': 'amount',
    'original_currency': 'currency', 'exchange_rate': 'exchange_rate', 'amount': 'amount_eur',
    'discount_applied': 'discount_eur', 'tax_amount': 'tax_eur', 'channel': 'channel',
    'region': 'region', 'payment_method': 'payment_method', 'data_quality_score': 'quality_score'
} %}

with records as (
    select
        parsed.*,
        cast(parsed.occurred_at as date) as transaction_date,
        rates.rate as exchange_rate,
        {{ ratio('parsed.amount', 'rates.rate', 2) }} as amount_eur,
        {{ ratio('parsed.discount', 'rates.rate', 2) }} as discount_eur,
        {{ ratio('parsed.tax', 'rates.rate', 2) }} as tax_eur
    from {{ ref('scout_transactions_parsed') }} as parsed
    inner join {{ ref('exchange_rates_daily') }} as rates
        on
            cast(parsed.occurred_at as date) = rates.rate_date
            and parsed.currency = rates.currency
    where parsed.reason is null
),

ranked as (
    select
        *,
        row_number() over (
            partition by transaction_id
            order by _batch_id desc, _row_number desc
        ) as newest_rank
    from records
),

newest as (
    select
        ranked.*,
        {{ known_member('ranked.customer_id_given', 'customers.customer_id', '(anonymous)') }}
            as customer_id,
        {{ known_member('ranked.product_id_given', 'products.product_id', '(unknown)') }}
            as product_id,
        {{ known_member('ranked.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
            as campaign_id
    from ranked
    left join {{ ref('scout_customer_crosswalk') }} as customers
        on ranked.customer_id_given = customers.customer_id_given
    left join {{ ref('scout_clean_products') }} as products
        on ranked.product_id_given = products.product_id
    left join {{ ref('scout_clean_campaigns') }} as campaigns
        on ranked.campaign_id_given = campaigns.campaign_id
    where ranked.newest_rank = 1
)

select coalesce(newest.transaction_id, booked.transaction_id) as transaction_id
from newest
full outer join {{ ref('scout_clean_transactions') }} as booked
    on newest.transaction_id = booked.transaction_id
where
    newest.customer_id is distinct from booked.customer_id
    or newest.product_id is distinct from booked.product_id
    or newest.campaign_id is distinct from booked.campaign_id
    {%- for in_silver, in_record in told.items() %}
        or newest.{{ in_record }} is distinct from booked.{{ in_silver }}
    {%- endfor %}
