-- Generated from specs/etl/shop_products.yml by `databank generate`.
-- Waits for the error threshold; depends_on: {{ ref('shop_clean_products_quarantine') }}, {{ ref('load_batches') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['product_id'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('shop_clean_products_checked') }}
    where _outcome = 'accepted'
    {% if is_incremental() %}
        and product_id in (
            select changed.product_id
            from {{ ref('shop_clean_products_checked') }} as changed
            where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        )
    {% endif %}
),

digested as (
    select
        *,
        md5(concat_ws(
            '|',
            coalesce(cast(name as text), '~'),
            coalesce(cast(category as text), '~'),
            coalesce(cast(price_usd as text), '~'),
            coalesce(cast(is_active as text), '~')
        )) as _digest
    from records
),

-- A record that says the same as the one before it is no new version.
versions as (
    select
        *,
        coalesce(
            lag(_digest) over (
                partition by product_id order by _batch_id, _row_number
            ) <> _digest,
            true
        ) as _is_change
    from digested
),

-- A version is valid until the next one begins.
history as (
    select
        *,
        cast(_loaded_at as timestamp) as valid_from,
        lead(cast(_loaded_at as timestamp)) over (
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
