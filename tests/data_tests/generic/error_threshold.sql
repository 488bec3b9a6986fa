{#-
  Fails if the newest batch of a source has more than `threshold` records in quarantine; shows them.
  A batch stays in question until its source brings a better one, or more errors are tolerated.

  Arguments:
    model: the quarantine model of an ETL process.
    threshold: how many bad records of a batch are tolerated.
    batches: the relation of the load ledger; none where the records do not come in batches.
    raw_table: the raw table of the process, as the ledger names it.
-#}
{% test error_threshold(model, threshold, batches=none, raw_table=none) %}

with counted as (
    select
        *,
        count(*) over (partition by _batch_id) as bad_records
    from {{ model }}
    {% if batches is not none %}
    where _batch_id in (
        select max(batches.batch_id)
        from {{ batches }} as batches
        where batches.raw_table = '{{ raw_table }}'
        group by batches.source
    )
    {% endif %}
)

select *
from counted
where bad_records > {{ threshold }}

{% endtest %}
