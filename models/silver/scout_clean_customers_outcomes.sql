{{ config(materialized='view') }}

-- Where each record of the CRM ended: exactly one row for each.
with records as (
    select * from {{ ref('scout_customers_conformed') }}
),

matched as (
    select * from {{ ref('scout_customers_matched') }}
),

customers as (
    select
        customer_id,
        _batch_id,
        _row_number
    from matched
    where is_survivor and is_newest
),

joined as (
    select
        records.source_bronze_id,
        records._batch_id,
        records._row_number,
        records.is_accepted,
        records.reason,
        matched.customer_id,
        matched.is_survivor,
        matched.is_newest,
        matched._batch_id = records._batch_id and matched._row_number = records._row_number
            as is_standing,
        matched._batch_id as standing_batch_id,
        matched._row_number as standing_row_number,
        customers._batch_id as customer_batch_id,
        customers._row_number as customer_row_number
    from records
    left join matched
        on
            records.customer_id_given = matched.customer_id_given
            and records.changed_at = matched.changed_at
    left join customers on matched.customer_id = customers.customer_id
),

judged as (
    select
        source_bronze_id,
        _batch_id,
        _row_number,
        case
            when not is_accepted then 'quarantine'
            when not is_standing then 'duplicate'
            when not is_survivor then 'duplicate'
            when not is_newest then 'superseded'
            else 'silver'
        end as outcome,
        case
            when not is_accepted then reason
            when not is_standing then 'the same version was delivered again'
            when not is_survivor then 'the same person as ' || customer_id
            when not is_newest then 'there is a newer version of the customer'
        end as reason,
        case
            when not is_accepted or (is_standing and is_survivor and is_newest) then null
            when is_standing then customer_batch_id
            else standing_batch_id
        end as survivor_batch_id,
        case
            when not is_accepted or (is_standing and is_survivor and is_newest) then null
            when is_standing then customer_row_number
            else standing_row_number
        end as survivor_row_number
    from joined
),

rejected_lines as (
    select
        cast(null as uuid) as source_bronze_id,
        batch_id as _batch_id,
        line_number as _row_number,
        'quarantine' as outcome,
        reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from {{ ref('load_rejects') }}
    where raw_table = 'crm_customers'
),

final as (
    select
        source_bronze_id,
        cast(outcome as varchar) as outcome,
        cast(reason as varchar) as reason,
        survivor_batch_id,
        survivor_row_number,
        _batch_id,
        _row_number
    from judged
    union all
    select
        source_bronze_id,
        cast(outcome as varchar) as outcome,
        cast(reason as varchar) as reason,
        survivor_batch_id,
        survivor_row_number,
        _batch_id,
        _row_number
    from rejected_lines
)

select * from final
