-- Generated from specs/etl/upsert_composite_key.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('stock_levels_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['shop_id', 'article'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('stock_levels_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and (shop_id, article) in (
                select
                    changed.shop_id,
                    changed.article
                from {{ ref('stock_levels_checked') }} as changed
                where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
        {% endif %}
),

-- One record for each shop_id, article: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by shop_id, article
            order by version desc nulls last, _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1
),

final as (
    select
        shop_id,
        article,
        pieces,
        shelf,
        note,
        version,
        _batch_id,
        _row_number,
        _loaded_at
    from newest
)

select * from final
