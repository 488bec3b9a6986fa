-- Each version of a customer and a product says what the record says that it was made from; and
-- there is one for every record that counts and changes something.
with customer_versions as (
    select * from {{ ref('customers_dim') }}
    where source_bronze_id is not null
),

customer_records as (
    select * from {{ ref('scout_customers_matched') }}
    where is_survivor
),

customers as (
    select
        cast('customers_dim' as varchar) as dimension,
        coalesce(versions.customer_id, records.customer_id) as id
    from customer_versions as versions
    full outer join customer_records as records
        on versions.source_bronze_id = records.source_bronze_id
    where
        versions.valid_from is distinct from records.changed_at
        or versions.customer_tier <> coalesce(records.customer_tier, 'unknown')
        or versions.marketing_consent <> coalesce(records.marketing_consent, false)
        {%- for name in [
            'customer_id', 'first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender',
            'region', 'country', 'registration_date', 'preferred_channel', 'language'
        ] %}
            or versions.{{ name }} is distinct from records.{{ name }}
        {%- endfor %}
),

products as (
    select
        cast('products_dim' as varchar) as dimension,
        versions.product_id as id
    from {{ ref('products_dim') }} as versions
    left join {{ ref('scout_product_versions') }} as records
        on versions.source_bronze_id = records.source_bronze_id
    where
        versions.source_bronze_id is not null
        and (
            versions.valid_from is distinct from records.changed_at
            {%- for name in [
                'product_id', 'product_name', 'category_l1', 'category_l2', 'category_l3', 'brand',
                'price', 'cost', 'margin', 'status', 'launch_date'
            ] %}
                or versions.{{ name }} is distinct from records.{{ name }}
            {%- endfor %}
        )
),

-- The version that holds when a record comes says the same as the record.
unseen_changes as (
    select
        cast('products_dim' as varchar) as dimension,
        records.product_id as id
    from {{ ref('scout_product_versions') }} as records
    left join {{ ref('products_dim') }} as versions
        on
            records.product_id = versions.product_id
            and records.changed_at >= versions.valid_from
            and (records.changed_at < versions.valid_to or versions.valid_to is null)
    where
        records.price is distinct from versions.price
        or records.cost is distinct from versions.cost
        or records.status is distinct from versions.status
        or records.category_l3 is distinct from versions.category_l3
)

select * from customers
union all
select * from products
union all
select * from unseen_changes
