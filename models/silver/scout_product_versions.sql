{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['source_bronze_id'],
    on_schema_change='fail'
) }}

-- Every version of every product that counts; one that was delivered again stands as it came last.
with records as (
    select *
    from {{ ref('scout_products_conformed') }}
    where is_accepted
),

ranked as (
    select
        *,
        min(ingested_at) over (partition by product_id, changed_at) as first_ingested_at,
        row_number() over (
            partition by product_id, changed_at
            order by _batch_id desc, _row_number desc
        ) as delivery_rank
    from records
),

final as (
    select
        source_bronze_id,
        product_id,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        brand,
        price,
        cost,
        cast(margin as decimal(5, 4)) as margin,
        launch_date,
        status,
        attributes,
        seasonal_flags,
        changed_at,
        row_number() over (partition by product_id order by changed_at desc) = 1 as is_newest,
        first_ingested_at,
        ingested_at,
        _batch_id,
        _row_number
    from ranked
    where delivery_rank = 1
)

select * from final
