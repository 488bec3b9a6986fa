{{ config(materialized='view') }}

-- The records of customers that nothing can be made of, each as it came.
with records as (
    select * from {{ ref('scout_raw_customers') }}
),

conformed as (
    select *
    from {{ ref('scout_customers_conformed') }}
    where not is_accepted
),

final as (
    select
        records.id as source_bronze_id,
        cast('check' as varchar) as stage,
        conformed.reason,
        cast(records.customer_data as varchar) as raw_text,
        records.ingested_at,
        records._batch_id,
        records._row_number
    from records
    inner join conformed on records.id = conformed.source_bronze_id
    union all
    select
        cast(null as uuid) as source_bronze_id,
        cast('load' as varchar) as stage,
        cast(reason as varchar) as reason,
        -- A line that nobody could read cannot be masked in parts.
        cast({{ "'(masked)'" if masks_pii() else 'raw_text' }} as varchar) as raw_text,
        rejected_at as ingested_at,
        batch_id as _batch_id,
        line_number as _row_number
    from {{ ref('load_rejects') }}
    where raw_table = 'crm_customers'
)

select * from final
