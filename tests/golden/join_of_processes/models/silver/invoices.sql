-- Generated from specs/etl/join_of_processes.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['id'],
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('invoices_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and id in (
                select changed.id
                from {{ ref('invoices_checked') }} as changed
                where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
            )
        {% endif %}
),

-- One record for each id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by _batch_id desc, _row_number desc
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
        id,
        client_id,
        order_id,
        country,
        amount,
        issued_at,
        _batch_id,
        _row_number,
        _loaded_at
    from newest
)

select * from final
