-- Generated from specs/etl/every_version.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('addresses_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_id'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('addresses_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and customer_id in (
                select changed.customer_id
                from {{ ref('addresses_checked') }} as changed
                where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
        {% endif %}
),

dated as (
    select
        *,
        row(street, city, is_verified) as _said,
        coalesce(cast(changed_on as timestamp), _loaded_at) as valid_from
    from records
),

-- A record that says the same as the one before it is no new version.
versions as (
    select
        *,
        lag(_batch_id) over (
            partition by customer_id order by valid_from, _batch_id, _row_number
        ) is null
        or (
            _said is distinct from lag(_said) over (
                partition by customer_id order by valid_from, _batch_id, _row_number
            )
        ) as _is_change
    from dated
),

-- A version is valid until the next one begins.
history as (
    select
        *,
        lead(valid_from) over (
            partition by customer_id order by valid_from, _batch_id, _row_number
        ) as valid_to,
        lead(_batch_id) over (
            partition by customer_id order by valid_from, _batch_id, _row_number
        ) is null as is_current
    from versions
    where _is_change
),

final as (
    select
        customer_id,
        street,
        city,
        is_verified,
        changed_on,
        valid_from,
        valid_to,
        is_current,
        _batch_id,
        _row_number,
        _loaded_at
    from history
)

select * from final
