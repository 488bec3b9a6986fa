-- Generated from specs/etl/every_version.yml by `databank generate`.
with checked as (
    select * from {{ ref('addresses_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
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

numbered as (
    select
        *,
        sum(case when _is_change then 1 else 0 end) over (
            partition by customer_id order by valid_from, _batch_id, _row_number
            rows unbounded preceding
        ) as _version
    from versions
),

first_of_version as (
    select
        *,
        first_value(_batch_id) over (
            partition by customer_id, _version order by valid_from, _batch_id, _row_number
        ) as _first_batch_id,
        first_value(_row_number) over (
            partition by customer_id, _version order by valid_from, _batch_id, _row_number
        ) as _first_row_number
    from numbered
),

kept_versions as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from first_of_version
    where _is_change
),

repeated_versions as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'an earlier record of the same customer_id says the same' as reason,
        _first_batch_id as survivor_batch_id,
        _first_row_number as survivor_row_number
    from first_of_version
    where not _is_change
),

set_aside as (
    select
        _batch_id,
        _row_number,
        _outcome as outcome,
        _reason as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from checked
    where _outcome <> 'accepted'
),

rejected_lines as (
    select
        batch_id as _batch_id,
        line_number as _row_number,
        'quarantine' as outcome,
        reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from {{ ref('load_rejects') }}
    where raw_table = 'addresses'
),

final as (
    select * from kept_versions
    union all
    select * from repeated_versions
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
