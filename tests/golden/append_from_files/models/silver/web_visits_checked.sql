-- Generated from specs/etl/append_from_files.yml by `databank generate`.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with records as (
    select *
    from {{ ref('raw_web_visits') }}
    {% if is_incremental() %}
        where _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
    {% endif %}
),

typed as (
    select
        {{ try_cast('visited_at', 'timestamp') }} as visited_at,
        url,
        user_agent,
        {{ try_cast('seconds', 'double precision') }} as seconds,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('visited_at', 'timestamp') }},
                {{ cast_error('seconds', 'double precision') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Crawlers are no visitors.
people_only as (
    select
        *,
        coalesce(user_agent not ilike '%bot%', false) as _passes_people_only
    from typed
),

path_without_query as (
    select
        visited_at,
        url,
        user_agent,
        seconds,
        split_part(url, '?', 1) as path,
        _passes_people_only,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from people_only
),

validated as (
    select
        *,
        case
            when seconds < 0 or seconds > 86400
                then 'seconds_range'
        end as _violations
    from path_without_query
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_people_only then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_people_only
                then 'people_only: Crawlers are no visitors'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

-- A file that came more than once brings again what it had before.
redelivered as (
    select source
    from {{ ref('load_batches') }}
    where raw_table = 'web_visits'
    group by source
    having count(*) > 1
),

copies as (
    select
        *,
        row_number() over (
            partition by _batch_id, _source_file, visited_at, url, user_agent, seconds
            order by _row_number
        ) as _copy
    from {{ ref('raw_web_visits') }}
    where _source_file in (select redelivered.source from redelivered)
),

first_deliveries as (
    select
        _batch_id,
        _row_number,
        first_value(_batch_id) over (
            partition by _source_file, visited_at, url, user_agent, seconds, _copy
            order by _batch_id, _row_number
        ) as _survivor_batch_id,
        first_value(_row_number) over (
            partition by _source_file, visited_at, url, user_agent, seconds, _copy
            order by _batch_id, _row_number
        ) as _survivor_row_number
    from copies
),

delivered as (
    select
        judged.visited_at,
        judged.url,
        judged.user_agent,
        judged.seconds,
        judged.path,
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
        visited_at,
        url,
        user_agent,
        seconds,
        path,
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
