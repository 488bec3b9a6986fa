-- Generated from specs/stars/shop.yml by `databank generate`.
with visits as (
    select * from {{ ref('visits') }}
),

customers_dim as (
    select * from {{ ref('customers_dim') }}
),

date_dim as (
    select * from {{ ref('date_dim') }}
),

final as (
    select
        visits._batch_id,
        visits._row_number,
        coalesce(customers_dim.customer_key, {{ unknown_key() }}) as customer_key,
        coalesce(date_dim.date_key, 0) as date_key
    from visits
    left join customers_dim
        on visits.customer_id = customers_dim.customer_id
    left join date_dim
        on visits.date = date_dim.date
)

select * from final
