-- Generated from specs/etl/partitioned_by_month.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('bookings_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['id'],
    on_schema_change='fail',
    meta={
        'partitioning': {'strategy': 'date_range', 'columns': ['booked_on'], 'auto_partition': true}
    }
) }}

with records as (
    select *
    from {{ ref('bookings_checked') }}
    where
        _outcome = 'accepted'
        {% if is_incremental() %}
            and id in (
                select changed.id
                from {{ ref('bookings_checked') }} as changed
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
        booked_on,
        amount,
        _batch_id,
        _row_number,
        _loaded_at
    from newest
)

select * from final
