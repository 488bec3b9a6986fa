{#-
  What does not add up in where records ended, as a select statement: one row per `problem`, none if
  every record is in exactly one place, and what stands for it is where it is said to be.

  Arguments:
    outcomes: the relation that says where each record ended.
    silver: the relation of the accepted records; rows that no record made have no `source_bronze_id`.
    quarantine: the relation of the records that did not pass.
    batches: the relation of the load ledger, which counts what was read.
    raw_tables: the raw tables that the records come from, as the ledger names them.
    silver_too: another relation of accepted records, where they are of two kinds; every row of it was
      made by a record.
-#}
{% macro misplaced_records(outcomes, silver, quarantine, batches, raw_tables, silver_too=none) -%}
with outcomes as (
    select * from {{ outcomes }}
),

silver as (
    select source_bronze_id
    from {{ silver }}
    where source_bronze_id is not null
    {%- if silver_too is not none %}
    union all
    select source_bronze_id from {{ silver_too }}
    {%- endif %}
),

counts as (
    select
        (
            select coalesce(sum(rows_read), 0) from {{ batches }}
            where raw_table in ('{{ raw_tables | join("', '") }}')
        ) as read_count,
        (select count(*) from outcomes) as outcome_count,
        (
            select count(*) from outcomes
            where outcome = 'silver'
        ) as said_count,
        (select count(*) from silver) as silver_count,
        (
            select count(*) from outcomes
            where outcome = 'quarantine'
        ) as set_aside_count,
        (select count(*) from {{ quarantine }}) as quarantine_count
),

miscounted as (
    select 'the counts of records differ' as problem
    from counts
    where
        read_count <> outcome_count
        or said_count <> silver_count
        or set_aside_count <> quarantine_count
),

misplaced as (
    select 'said to be in silver and not there: ' || outcomes.source_bronze_id as problem
    from outcomes
    left join silver on outcomes.source_bronze_id = silver.source_bronze_id
    where outcomes.outcome = 'silver' and silver.source_bronze_id is null
),

lost as (
    select 'nothing stands for it: ' || outcomes.source_bronze_id as problem
    from outcomes
    left join outcomes as survivors
        on
            outcomes.survivor_batch_id = survivors._batch_id
            and outcomes.survivor_row_number = survivors._row_number
            and survivors.outcome <> 'quarantine'
    where
        outcomes.outcome in ('duplicate', 'superseded')
        and survivors.source_bronze_id is null
)

select problem from miscounted
union all
select problem from misplaced
union all
select problem from lost
{%- endmacro %}
