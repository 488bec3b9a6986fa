{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='transaction_key',
    on_schema_change='fail'
) }}

with transactions as (
    select * from {{ ref('scout_clean_transactions') }}
),

-- The end of a version is a time also where it has none: an `or` in the condition of the join would
-- have DuckDB compare every row with every version.
customers as (
    select
        customer_key,
        customer_id,
        counts_from,
        coalesce(valid_to, timestamp '9999-12-31 00:00:00') as counts_to
    from {{ ref('customers_dim') }}
),

products as (
    select
        product_key,
        product_id,
        cost,
        counts_from,
        coalesce(valid_to, timestamp '9999-12-31 00:00:00') as counts_to
    from {{ ref('products_dim') }}
),

campaigns as (
    select
        campaign_key,
        campaign_id
    from {{ ref('campaigns_dim') }}
),

{% if is_incremental() -%}
    -- What silver booked or wrote anew since: neither its batches nor its load times tell of a sale
    -- whose customer was matched later, or which waited for a rate, so what may change is compared:
    -- checksums of days first, then the sales of those that differ. Each step reads the tables
    -- itself: DuckDB would keep all columns of what is read twice.
    {%- set compared = [
        ('id', 'transaction_key'), ('_batch_id', '_batch_id'), ('customer_id', 'customer_id'),
        ('product_id', 'product_id'), ('campaign_id', 'campaign_id'), ('amount', 'amount'),
        ('tax_amount', 'tax_amount'), ('discount_applied', 'discount_amount')
    ] %}
    silver_days as (
        select
            transaction_date,
            sum({{ row_hash(compared | map('first') | list) }}) as input
        from {{ ref('scout_clean_transactions') }}
        group by transaction_date
    ),

    booked_days as (
        select
            transaction_date,
            sum({{ row_hash(compared | map('last') | list) }}) as input
        from {{ this }}
        group by transaction_date
    ),

    changed_days as (
        select silver_days.transaction_date
        from silver_days
        left join booked_days on silver_days.transaction_date = booked_days.transaction_date
        where booked_days.input is distinct from silver_days.input
    ),

    changed_in_silver as (
        select transactions.id as transaction_key
        from {{ ref('scout_clean_transactions') }} as transactions
        inner join changed_days on transactions.transaction_date = changed_days.transaction_date
        left join {{ this }} as booked on transactions.id = booked.transaction_key
        where
            booked.transaction_key is null
            or transactions.transaction_date <> booked.transaction_date
            {%- for name, booked_name in compared[1:] %}
                or transactions.{{ name }} is distinct from booked.{{ booked_name }}
            {%- endfor %}
    ),

    -- Which versions the table has, and for which time: few rows, whatever the number of sales.
    customer_versions_used as (
        select
            customer_key,
            min(customer_id) as customer_id,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at
        from {{ this }}
        group by customer_key
    ),

    product_versions_used as (
        select
            product_key,
            unit_cost,
            min(product_id) as product_id,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at
        from {{ this }}
        group by product_key, unit_cost
    ),

    -- A version that came late, or is gone, moves the sales of its time to another one.
    changed_customers as (
        select distinct customer_versions_used.customer_id
        from customer_versions_used
        left join customers on customer_versions_used.customer_key = customers.customer_key
        where
            customers.customer_key is null
            or customer_versions_used.first_at < customers.counts_from
            or customer_versions_used.last_at >= customers.counts_to
    ),

    changed_products as (
        select distinct product_versions_used.product_id
        from product_versions_used
        left join products on product_versions_used.product_key = products.product_key
        where
            products.product_key is null
            or product_versions_used.unit_cost is distinct from products.cost
            or product_versions_used.first_at < products.counts_from
            or product_versions_used.last_at >= products.counts_to
    ),

    changed as (
        select transaction_key
        from changed_in_silver
        union
        select transaction_key
        from {{ this }}
        where customer_id in (select changed_customers.customer_id from changed_customers)
        union
        select transaction_key
        from {{ this }}
        where product_id in (select changed_products.product_id from changed_products)
    ),

{% endif -%}
records as (
    select *
    from transactions
    {% if is_incremental() %}
        where id in (select changed.transaction_key from changed)
    {% endif %}
),

final as (
    select
        records.id as transaction_key,
        records.transaction_id,
        records.transaction_type,
        records.order_id,
        records.refund_of,
        records.transaction_date,
        records.occurred_at,
        customers.customer_key,
        products.product_key,
        campaigns.campaign_key,
        records.customer_id,
        records.product_id,
        records.campaign_id,
        records.region,
        records.channel,
        records.payment_method,
        records.quantity,
        records.amount,
        records.tax_amount,
        records.discount_applied as discount_amount,
        cast(records.amount - coalesce(records.tax_amount, 0) as decimal(12, 2)) as net_amount,
        products.cost as unit_cost,
        -- What comes back is not sold again: a refund takes back no cost.
        cast(
            case when records.transaction_type = 'sale' then records.quantity else 0 end
            * products.cost as decimal(12, 2)
        ) as cost_amount,
        cast(
            records.amount - coalesce(records.tax_amount, 0)
            - case when records.transaction_type = 'sale' then records.quantity else 0 end
            * products.cost as decimal(12, 2)
        ) as gross_profit,
        records.created_at,
        records.updated_at,
        records.source_bronze_id,
        records._batch_id
    from records
    left join customers
        on
            records.customer_id = customers.customer_id
            and records.occurred_at >= customers.counts_from
            and records.occurred_at < customers.counts_to
    left join products
        on
            records.product_id = products.product_id
            and records.occurred_at >= products.counts_from
            and records.occurred_at < products.counts_to
    left join campaigns on records.campaign_id = campaigns.campaign_id
)

select * from final
