-- Generated from specs/etl/awkward_words.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_odd_words') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        order_,
        column_1st,
        {{ try_cast('select_', 'integer') }} as select_,
        {{ try_cast('is_current', 'boolean') }} as is_current,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('select_', 'integer') }},
                {{ cast_error('is_current', 'boolean') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- {{ '{{' }} no }} -- 'x'.
final_2 as (
    select
        *,
        coalesce(order_ <> '{{ '{{' }} x }}', false) as _passes_final_2
    from typed
),

final_3 as (
    select
        *,
        coalesce(order_ <> '{{ '{%' }} x %}', false) as _passes_final_3
    from final_2
),

step_1_select as (
    select
        replace(order_, '{{ '{#' }}', column_1st) as order_,
        column_1st,
        select_,
        is_current,
        _passes_final_3,
        _passes_final_2,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from final_3
),

select_ as (
    select
        order_,
        upper(column_1st) as column_1st,
        select_,
        is_current,
        _passes_final_3,
        _passes_final_2,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from step_1_select
),

order_default as (
    select
        coalesce(order_, '{{ '{{' }} z }}''') as order_,
        column_1st,
        select_,
        is_current,
        _passes_final_3,
        _passes_final_2,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from select_
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when order_ not in ('{{ '{{' }} a }}', 'it''s', '{{ '{%' }} b %}', '1e5', 'ref(''x'')', '')
                        then 'order_known: {{ '{%' }} raw %}'
                end,
                case
                    when not {{ matches('order_', '\\{\\{ \'[^\']*\' \\}\\}|\\{%|"') }}
                        then 'order_like: it''s {{ '{{' }} x }}'
                end,
                case
                    when order_ collate "C" < '''; drop table x; --' or order_ collate "C" > '{{ '{{' }} z }}'
                        then 'order_range'
                end,
                case
                    when not (lower(order_) <> 'ref(''x'')')
                        then 'looks_like_a_call'
                end
            ),
            ''
        ) as _violations
    from order_default
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_final_2 then 'filtered'
            when not _passes_final_3 then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_final_2
                then 'final: {{ '{{' }} no }} -- ''x'''
            when not _passes_final_3
                then 'final'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

-- A file that came more than once brings again what it had before.
redelivered as (
    select source
    from {{ ref('load_batches') }}
    where raw_table = 'it_s_odd_quoted_here'
    group by source
    having count(*) > 1
),

copies as (
    select
        *,
        row_number() over (
            partition by _batch_id, _source_file, order_, column_1st, select_, is_current
            order by _row_number
        ) as _copy
    from {{ ref('raw_odd_words') }}
    where _source_file in (select redelivered.source from redelivered)
),

first_deliveries as (
    select
        _batch_id,
        _row_number,
        first_value(_batch_id) over (
            partition by _source_file, order_, column_1st, select_, is_current, _copy
            order by _batch_id, _row_number
        ) as _survivor_batch_id,
        first_value(_row_number) over (
            partition by _source_file, order_, column_1st, select_, is_current, _copy
            order by _batch_id, _row_number
        ) as _survivor_row_number
    from copies
),

delivered as (
    select
        judged.order_,
        judged.column_1st,
        judged.select_,
        judged.is_current,
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
        order_,
        column_1st,
        select_,
        is_current,
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
