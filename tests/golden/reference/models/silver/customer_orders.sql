-- Generated from specs/etl/reference.yml by `databank generate`.
with customers as (
    select * from {{ ref('customers') }}
),

orders_records as (
    select * from {{ ref('raw_customer_data_etl__orders') }}
),

orders as (
    select
        {{ try_cast('id', 'bigint') }} as id,
        {{ try_cast('customer_id', 'bigint') }} as customer_id,
        {{ try_cast('total', 'decimal(18,2)') }} as total,
        {{ try_cast('updated_at', 'timestamp') }} as updated_at
    from orders_records
),

-- Join customers with their orders.
joined as (
    select
        customers.id,
        customers.email,
        customers.phone,
        customers.region,
        customers.status,
        customers.updated_at,
        orders.id as orders_id,
        orders.customer_id,
        orders.total,
        orders.updated_at as orders_updated_at
    from customers
    left join orders
        on customers.id = orders.customer_id
)

select * from joined
