-- Generated from specs/etl/upsert_composite_key.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_stock_levels') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('shop_id', 'integer') }} as shop_id,
        article,
        {{ try_cast('pieces', 'integer') }} as pieces,
        shelf,
        note,
        {{ try_cast('version', 'bigint') }} as version,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('shop_id', 'integer') }},
                {{ cast_error('pieces', 'integer') }},
                {{ cast_error('version', 'bigint') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

note_trim as (
    select
        shop_id,
        article,
        pieces,
        shelf,
        trim(note, ' ') as note,
        version,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from typed
),

note as (
    select
        shop_id,
        article,
        pieces,
        shelf,
        nullif(note, 'n/a') as note,
        version,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from note_trim
),

pieces as (
    select
        shop_id,
        article,
        cast(coalesce(pieces, 0) as integer) as pieces,
        shelf,
        note,
        version,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from note
),

shelf as (
    select
        shop_id,
        article,
        pieces,
        replace(shelf, '-', '') as shelf,
        note,
        version,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from pieces
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when shop_id is null
                        then 'shop_id is missing'
                end,
                case
                    when article is null
                        then 'article is missing'
                end
            ),
            ''
        ) as _violations
    from shelf
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

final as (
    select
        shop_id,
        article,
        pieces,
        shelf,
        note,
        version,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
