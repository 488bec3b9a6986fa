-- Generated from specs/etl/shop_order_items.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_raw_order_items') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('order_item_id', 'integer') }} as order_item_id,
        {{ try_cast('order_id', 'integer') }} as order_id,
        product_id,
        {{ try_cast('quantity', 'integer') }} as quantity,
        {{ try_cast('unit_price_usd', 'decimal(12,2)') }} as unit_price_usd,
        {{ try_cast('discount_ratio', 'decimal(4,3)') }} as discount_ratio,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('order_item_id', 'integer') }},
                {{ cast_error('order_id', 'integer') }},
                {{ cast_error('quantity', 'integer') }},
                {{ cast_error('unit_price_usd', 'decimal(12,2)') }},
                {{ cast_error('discount_ratio', 'decimal(4,3)') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- A line that says nothing of a discount has none.
discount_or_none as (
    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price_usd,
        cast(coalesce(discount_ratio, 0) as decimal(4, 3)) as discount_ratio,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from typed
),

-- What the line costs after its discount, in US dollars.
line_total as (
    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price_usd,
        discount_ratio,
        cast(round(quantity * unit_price_usd * (1 - discount_ratio), 2) as decimal(12, 2)) as line_total_usd,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from discount_or_none
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when quantity < 1 or quantity > 1000
                        then 'quantity_range: Nobody orders nothing, and the warehouse ships at most 1,000 pieces at once'
                end,
                case
                    when discount_ratio < 0 or discount_ratio > 1
                        then 'discount_ratio_range: A discount lies between nothing and everything'
                end
            ),
            ''
        ) as _violations
    from line_total
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

-- A file that came more than once brings again what it had before.
redelivered as (
    select source
    from {{ ref('load_batches') }}
    where raw_table = 'shop_order_items'
    group by source
    having count(*) > 1
),

copies as (
    select
        *,
        row_number() over (
            partition by _batch_id, _source_file, order_item_id, order_id, product_id, quantity, unit_price_usd, discount_ratio
            order by _row_number
        ) as _copy
    from {{ ref('shop_raw_order_items') }}
    where _source_file in (select redelivered.source from redelivered)
),

first_deliveries as (
    select
        _batch_id,
        _row_number,
        first_value(_batch_id) over (
            partition by _source_file, order_item_id, order_id, product_id, quantity, unit_price_usd, discount_ratio, _copy
            order by _batch_id, _row_number
        ) as _survivor_batch_id,
        first_value(_row_number) over (
            partition by _source_file, order_item_id, order_id, product_id, quantity, unit_price_usd, discount_ratio, _copy
            order by _batch_id, _row_number
        ) as _survivor_row_number
    from copies
),

delivered as (
    select
        judged.order_item_id,
        judged.order_id,
        judged.product_id,
        judged.quantity,
        judged.unit_price_usd,
        judged.discount_ratio,
        judged.line_total_usd,
        case
            when first_deliveries._survivor_batch_id is not null
                then 'duplicate'
            else judged._outcome
        end as _outcome,
        case
            when first_deliveries._survivor_batch_id is not null
                then 'the same file brought the same record before'
            else judged._reason
        end as _reason,
        first_deliveries._survivor_batch_id,
        first_deliveries._survivor_row_number,
        judged._batch_id,
        judged._row_number,
        judged._loaded_at
    from judged
    left join first_deliveries
        on
            judged._batch_id = first_deliveries._batch_id
            and judged._row_number = first_deliveries._row_number
            and judged._batch_id <> first_deliveries._survivor_batch_id
            and judged._outcome = 'accepted'
),

final as (
    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price_usd,
        discount_ratio,
        line_total_usd,
        _outcome,
        _reason,
        _survivor_batch_id,
        _survivor_row_number,
        _batch_id,
        _row_number,
        _loaded_at
    from delivered
)

select * from final
