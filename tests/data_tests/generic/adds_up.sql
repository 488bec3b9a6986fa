{#-
  Fails unless every source record is in exactly one place: the records that were read are as many
  as silver, quarantine, duplicates and filtered together, the records in silver and in quarantine
  are those that the model says are there, and each duplicate has a record that stands for it.

  Arguments:
    model: the outcomes model of an ETL process.
    silver: the relation of the accepted records.
    quarantine: the relation of the records that did not pass.
    batches: the relation of the load ledger, which counts what was read.
    raw_table: the raw table of the process, as the ledger names it.
    current_only: whether only the newest batch of each source counts.
    source_records: instead of the ledger, the relation that the records are read from.
-#}
{% test adds_up(
    model, silver, quarantine, batches=none, raw_table=none, current_only=false, source_records=none
) %}

with outcomes as (
    select * from {{ model }}
),

silver_records as (
    select
        _batch_id,
        _row_number
    from {{ silver }}
),

{% if source_records is none %}
batches as (
    select
        rows_read,
        row_number() over (partition by source order by batch_id desc) as recency
    from {{ batches }}
    where raw_table = '{{ raw_table }}'
),

source_records as (
    select coalesce(sum(rows_read), 0) as records
    from batches
    {% if current_only %}
    where recency = 1
    {% endif %}
),
{% else %}
source_records as (
    select count(*) as records
    from {{ source_records }}
),
{% endif %}

places as (
    select
        (select records from source_records) as source_count,
        (select count(*) from silver_records) as silver_count,
        (select count(*) from {{ quarantine }}) as quarantine_count,
        (select count(*) from outcomes where outcome = 'duplicate') as duplicate_count,
        (select count(*) from outcomes where outcome = 'filtered') as filtered_count
),

-- Said to be in silver and not there, or the other way round.
misplaced as (
    select count(*) as misplaced_count
    from outcomes
    left join silver_records
        on
            outcomes._batch_id = silver_records._batch_id
            and outcomes._row_number = silver_records._row_number
    where
        (outcomes.outcome = 'silver' and silver_records._batch_id is null)
        or (outcomes.outcome in ('duplicate', 'filtered') and silver_records._batch_id is not null)
),

-- The same for the quarantine, batch by batch: a rejected line has no number among the records.
bad_records as (
    select
        _batch_id,
        sum(said) as said_count,
        sum(found) as found_count
    from (
        select
            _batch_id,
            1 as said,
            0 as found
        from outcomes
        where outcome = 'quarantine'
        union all
        select
            _batch_id,
            0 as said,
            1 as found
        from {{ quarantine }}
    ) as both_sides
    group by _batch_id
),

misplaced_bad as (
    select count(*) as misplaced_bad_count
    from bad_records
    where said_count <> found_count
),

-- A duplicate is nothing without the record that stands for it.
lost as (
    select count(*) as lost_count
    from outcomes as duplicates
    left join outcomes as standing
        on
            duplicates.survivor_batch_id = standing._batch_id
            and duplicates.survivor_row_number = standing._row_number
            and standing.outcome in ('silver', 'duplicate')
    where duplicates.outcome = 'duplicate' and standing._batch_id is null
)

select *
from places
cross join misplaced
cross join misplaced_bad
cross join lost
where
    source_count <> silver_count + quarantine_count + duplicate_count + filtered_count
    or misplaced_count + misplaced_bad_count + lost_count > 0

{% endtest %}
