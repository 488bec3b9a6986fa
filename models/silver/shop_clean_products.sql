-- Generated from specs/etl/shop_products.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('shop_clean_products_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['product_id'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_clean_products_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and product_id in (
                select changed.product_id
                from {{ ref('shop_clean_products_checked') }} as changed
                where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
        {% endif %}
),

dated as (
    select
        *,
        row(name, category, price_usd, is_active) as _said,
        _loaded_at as valid_from
    from records
),

-- A record that says the same as the one before it is no new version.
versions as (
    select
        *,
        lag(_batch_id) over (
            partition by product_id order by _batch_id, _row_number
        ) is null
        or (
            _said is distinct from lag(_said) over (
                partition by product_id order by _batch_id, _row_number
            )
        ) as _is_change
    from dated
),

-- A version is valid until the next one begins.
history as (
    select
        *,
        lead(valid_from) over (
            partition by product_id order by _batch_id, _row_number
        ) as valid_to,
        lead(_batch_id) over (
            partition by product_id order by _batch_id, _row_number
        ) is null as is_current
    from versions
    where _is_change
),

final as (
    select
        product_id,
        name,
        category,
        price_usd,
        is_active,
        valid_from,
        valid_to,
        is_current,
        _batch_id,
        _row_number,
        _loaded_at
    from history
)

select * from final
