{#-
  Fails if a batch of the newest load has more than `threshold` records in quarantine; shows them.

  Arguments:
    model: the quarantine model of an ETL process.
    batches: the relation of the load ledger.
    raw_table: the raw table of the process, as the ledger names it.
    threshold: how many bad records of a batch are tolerated.
-#}
{% test error_threshold(model, batches, raw_table, threshold) %}

with batches as (
    select
        batch_id,
        job_id
    from {{ batches }}
    where raw_table = '{{ raw_table }}'
),

newest_batch as (
    select
        batch_id,
        job_id
    from batches
    where batch_id = (select max(batch_id) from batches)
),

newest_load as (
    select batches.batch_id
    from batches
    inner join newest_batch
        on
            batches.batch_id = newest_batch.batch_id
            or batches.job_id = newest_batch.job_id
),

counted as (
    select
        *,
        count(*) over (partition by _batch_id) as bad_records
    from {{ model }}
    where _batch_id in (select newest_load.batch_id from newest_load)
)

select *
from counted
where bad_records > {{ threshold }}

{% endtest %}
