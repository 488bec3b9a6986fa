-- Generated from specs/etl/skip_bad_batches.yml by `databank generate`.
with records as (
    select * from {{ ref('raw_meter_readings') }}
),

typed as (
    select
        {{ try_cast('reading_id', 'uuid') }} as reading_id,
        {{ try_cast('read_at', 'timestamp') }} as read_at,
        {{ try_cast('kwh', 'decimal(10,3)') }} as kwh,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('reading_id', 'uuid') }},
                {{ cast_error('read_at', 'timestamp') }},
                {{ cast_error('kwh', 'decimal(10,3)') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

judged as (
    select
        *,
        case when _type_errors is null then 'accepted' else 'quarantine' end as _outcome,
        _type_errors as _reason
    from typed
),

-- A batch with more than 3 bad records is left out as a whole.
bad_records as (
    select
        _batch_id,
        sum(case when _outcome = 'quarantine' then 1 else 0 end) as bad_count
    from judged
    group by _batch_id
),

skipped_batches as (
    select bad_records._batch_id
    from bad_records
    inner join {{ ref('load_batches') }} as batches
        on bad_records._batch_id = batches.batch_id
    where bad_records.bad_count + batches.rows_rejected > 3
),

judged_by_batch as (
    select
        judged.reading_id,
        judged.read_at,
        judged.kwh,
        case
            when judged._outcome = 'accepted' and skipped_batches._batch_id is not null
                then 'quarantine'
            else judged._outcome
        end as _outcome,
        case
            when judged._outcome = 'accepted' and skipped_batches._batch_id is not null
                then 'its batch was skipped: more than 3 bad records'
            else judged._reason
        end as _reason,
        judged._batch_id,
        judged._row_number,
        judged._loaded_at
    from judged
    left join skipped_batches
        on judged._batch_id = skipped_batches._batch_id
),

-- A file that came more than once brings again what it had before.
redelivered as (
    select source
    from {{ ref('load_batches') }}
    where raw_table = 'meter_readings'
    group by source
    having count(*) > 1
),

copies as (
    select
        *,
        row_number() over (
            partition by _batch_id, _source_file, reading_id, read_at, kwh
            order by _row_number
        ) as _copy
    from {{ ref('raw_meter_readings') }}
    where
        _source_file in (select redelivered.source from redelivered)
        and _batch_id not in (select skipped_batches._batch_id from skipped_batches)
),

first_deliveries as (
    select
        _batch_id,
        _row_number,
        first_value(_batch_id) over (
            partition by _source_file, reading_id, read_at, kwh, _copy
            order by _batch_id, _row_number
        ) as _survivor_batch_id,
        first_value(_row_number) over (
            partition by _source_file, reading_id, read_at, kwh, _copy
            order by _batch_id, _row_number
        ) as _survivor_row_number
    from copies
),

delivered as (
    select
        judged_by_batch.reading_id,
        judged_by_batch.read_at,
        judged_by_batch.kwh,
        case
            when first_deliveries._survivor_batch_id is not null
                then 'duplicate'
            else judged_by_batch._outcome
        end as _outcome,
        case
            when first_deliveries._survivor_batch_id is not null
                then 'the same file brought the same record before'
            else judged_by_batch._reason
        end as _reason,
        first_deliveries._survivor_batch_id,
        first_deliveries._survivor_row_number,
        judged_by_batch._batch_id,
        judged_by_batch._row_number,
        judged_by_batch._loaded_at
    from judged_by_batch
    left join first_deliveries
        on
            judged_by_batch._batch_id = first_deliveries._batch_id
            and judged_by_batch._row_number = first_deliveries._row_number
            and judged_by_batch._batch_id <> first_deliveries._survivor_batch_id
            and judged_by_batch._outcome = 'accepted'
),

final as (
    select
        reading_id,
        read_at,
        kwh,
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
