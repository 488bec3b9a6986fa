{#-
  Fails unless every source record is in exactly one place: the records that the load ledger counts
  are as many as silver, quarantine, duplicates and filtered together, and the records in silver and
  in quarantine are the very ones that the model says are there.

  Arguments:
    model: the outcomes model of an ETL process.
    raw_table: the raw table of the process, as the ledger names it.
    batches: the relation of the load ledger.
    silver: the relation of the accepted records.
    quarantine: the relation of the records that did not pass.
    current_only: whether only the newest batch of each source counts.
-#}
{% test adds_up(model, raw_table, batches, silver, quarantine, current_only=false) %}

with batches as (
    select
        batch_id,
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

outcomes as (
    select * from {{ model }}
),

silver_records as (
    select
        _batch_id,
        _row_number
    from {{ silver }}
),

quarantine_records as (
    select
        _batch_id,
        _row_number
    from {{ quarantine }}
),

places as (
    select
        (select records from source_records) as source_count,
        (select count(*) from silver_records) as silver_count,
        (select count(*) from quarantine_records) as quarantine_count,
        (select count(*) from outcomes where outcome = 'duplicate') as duplicate_count,
        (select count(*) from outcomes where outcome = 'filtered') as filtered_count
),

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
)

select *
from places
cross join misplaced
where
    source_count <> silver_count + quarantine_count + duplicate_count + filtered_count
    or misplaced_count > 0

{% endtest %}
