-- Each booked sale and refund says what its newest record says, in euros at the day's rate, and is
-- booked on the customer, the product and the campaign that the record names.
{%- set told = {
    'source_bronze_id': 'source_bronze_id', 'transaction_type': 'transaction_type',
    'refund_of': 'refund_of', 'order_id': 'order_id', 'occurred_at': 'occurred_at',
    'transaction_date': 'transaction_date', 'quantity': 'quantity', 'original_amount': 'amount',
    'original_currency': 'currency', 'exchange_rate': 'exchange_rate', 'channel': 'channel',
    'region': 'region', 'payment_method': 'payment_method', 'data_quality_score': 'quality_score'
} %}
{%- set in_euros = {'amount': 'amount', 'discount_applied': 'discount', 'tax_amount': 'tax'} %}

-- Not materialized: most steps want a few of its columns.
with records as not materialized (
    select
        parsed.*,
        cast(parsed.occurred_at as date) as transaction_date,
        rates.rate as exchange_rate
    from {{ ref('scout_transactions_parsed') }} as parsed
    inner join {{ ref('exchange_rates_daily') }} as rates
        on
            cast(parsed.occurred_at as date) = rates.rate_date
            and parsed.currency = rates.currency
    where parsed.reason is null
),

-- Few are told again: only their records are put in order.
told_again as (
    select transaction_id
    from records
    group by transaction_id
    having count(*) > 1
),

ranked as (
    select
        records.source_bronze_id,
        row_number() over (
            partition by records.transaction_id
            order by records._batch_id desc, records._row_number desc
        ) as newest_rank
    from records
    inner join told_again on records.transaction_id = told_again.transaction_id
),

outdated as (
    select source_bronze_id
    from ranked
    where newest_rank > 1
),

newest as (
    select
        records.*,
        {{ known_member('records.customer_id_given', 'customers.customer_id', '(anonymous)') }}
            as customer_id,
        {{ known_member('records.product_id_given', 'products.product_id', '(unknown)') }}
            as product_id,
        {{ known_member('records.campaign_id_given', 'campaigns.campaign_id', '(none)') }}
            as campaign_id
    from records
    left join outdated on records.source_bronze_id = outdated.source_bronze_id
    left join {{ ref('scout_customer_crosswalk') }} as customers
        on records.customer_id_given = customers.customer_id_given
    left join {{ ref('scout_clean_products') }} as products
        on records.product_id_given = products.product_id
    left join {{ ref('scout_clean_campaigns') }} as campaigns
        on records.campaign_id_given = campaigns.campaign_id
    where outdated.source_bronze_id is null
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
    {%- for in_silver, in_record in in_euros.items() %}
        or not {{ is_ratio(
            'booked.' ~ in_silver, 'newest.' ~ in_record, 'newest.exchange_rate', 2
        ) }}
    {%- endfor %}
