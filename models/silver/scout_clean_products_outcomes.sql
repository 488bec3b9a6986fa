{{ config(materialized='view') }}

-- Where each record of the catalogue and of the warehouse ended: exactly one row for each.
with versions as (
    select * from {{ ref('scout_product_versions') }}
),

newest as (
    select
        product_id,
        _batch_id,
        _row_number
    from versions
    where is_newest
),

catalogue as (
    select
        records.source_bronze_id,
        case
            when not records.is_accepted then 'quarantine'
            when
                versions._batch_id <> records._batch_id
                or versions._row_number <> records._row_number
                then 'duplicate'
            when not versions.is_newest then 'superseded'
            else 'silver'
        end as outcome,
        records.reason,
        versions.is_newest,
        versions._batch_id as standing_batch_id,
        versions._row_number as standing_row_number,
        newest._batch_id as newest_batch_id,
        newest._row_number as newest_row_number,
        records._batch_id,
        records._row_number
    from {{ ref('scout_products_conformed') }} as records
    left join versions
        on
            records.product_id = versions.product_id
            and records.changed_at = versions.changed_at
    left join newest on versions.product_id = newest.product_id
),

inventory as (
    select
        records.source_bronze_id,
        case
            when not records.is_accepted then 'quarantine'
            when stock.product_id is null then 'quarantine'
            when
                stock._batch_id <> records._batch_id
                or stock._row_number <> records._row_number
                then 'duplicate'
            else 'silver'
        end as outcome,
        case
            when not records.is_accepted then records.reason
            when stock.product_id is null
                then 'product_id: the catalogue has no product ' || records.product_id
        end as reason,
        stock._batch_id as standing_batch_id,
        stock._row_number as standing_row_number,
        records._batch_id,
        records._row_number
    from {{ ref('scout_stock_conformed') }} as records
    left join {{ ref('scout_product_stock') }} as stock
        on
            records.product_id = stock.product_id
            and records.stock_date = stock.stock_date
),

rejected_lines as (
    select
        batch_id,
        line_number,
        reason
    from {{ ref('load_rejects') }}
    where raw_table in ('catalogue_products', 'inventory_stock')
),

final as (
    select
        source_bronze_id,
        cast('catalogue' as varchar) as source_system,
        cast(outcome as varchar) as outcome,
        cast(
            case outcome
                when 'quarantine' then reason
                when 'duplicate' then 'the same version was delivered again'
                when 'superseded' then 'there is a newer version of the product'
            end as varchar
        ) as reason,
        case outcome
            when 'duplicate' then standing_batch_id
            when 'superseded' then newest_batch_id
        end as survivor_batch_id,
        case outcome
            when 'duplicate' then standing_row_number
            when 'superseded' then newest_row_number
        end as survivor_row_number,
        _batch_id,
        _row_number
    from catalogue
    union all
    select
        source_bronze_id,
        cast('inventory' as varchar) as source_system,
        cast(outcome as varchar) as outcome,
        cast(
            case outcome
                when 'quarantine' then reason
                when 'duplicate' then 'the day was delivered again'
            end as varchar
        ) as reason,
        case outcome when 'duplicate' then standing_batch_id end as survivor_batch_id,
        case outcome when 'duplicate' then standing_row_number end as survivor_row_number,
        _batch_id,
        _row_number
    from inventory
    union all
    select
        cast(null as uuid) as source_bronze_id,
        cast('load' as varchar) as source_system,
        cast('quarantine' as varchar) as outcome,
        cast(reason as varchar) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number,
        batch_id as _batch_id,
        line_number as _row_number
    from rejected_lines
)

select * from final
