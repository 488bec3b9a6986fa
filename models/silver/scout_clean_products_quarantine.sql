{{ config(materialized='view') }}

-- The records of the catalogue and the warehouse that are not used, each as it came.
with records as (
    select * from {{ ref('scout_raw_products') }}
),

outcomes as (
    select *
    from {{ ref('scout_clean_products_outcomes') }}
    where outcome = 'quarantine'
),

final as (
    select
        records.id as source_bronze_id,
        records.source_system,
        cast('check' as varchar) as stage,
        outcomes.reason,
        cast(records.product_data as varchar) as raw_text,
        records.ingested_at,
        records._batch_id,
        records._row_number
    from records
    inner join outcomes on records.id = outcomes.source_bronze_id
    union all
    select
        cast(null as uuid) as source_bronze_id,
        cast(
            case raw_table
                when 'catalogue_products' then 'catalogue'
                else 'inventory'
            end as varchar
        ) as source_system,
        cast('load' as varchar) as stage,
        cast(reason as varchar) as reason,
        cast(raw_text as varchar) as raw_text,
        rejected_at as ingested_at,
        batch_id as _batch_id,
        line_number as _row_number
    from {{ ref('load_rejects') }}
    where raw_table in ('catalogue_products', 'inventory_stock')
)

select * from final
