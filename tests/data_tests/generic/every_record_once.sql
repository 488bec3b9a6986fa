{#-
  Fails unless every bronze record has exactly one outcome, what is said to be in silver is there and
  nothing else, each duplicate has a survivor in silver, and bronze has as many records as the load
  ledger counted.

  Arguments:
    model: an outcomes model.
    bronze: the bronze relation.
    silver: the relation of the accepted records, with `source_bronze_id`.
    silver_too: another one, where the bronze records are of two kinds.
    batches: the relation of the load ledger.
    raw_tables: the raw tables that the bronze model reads, as the ledger names them.
-#}
{% test every_record_once(model, bronze, silver, batches, raw_tables, silver_too=none) %}

with outcomes as (
    select * from {{ model }}
),

records as (
    select id from {{ bronze }}
),

clean as (
    select source_bronze_id
    from {{ silver }}
    where source_bronze_id is not null
    {% if silver_too is not none -%}
    union all
    select source_bronze_id
    from {{ silver_too }}
    where source_bronze_id is not null
    {%- endif %}
),

without_outcome as (
    select
        records.id,
        'has not exactly one outcome' as fault
    from records
    left join outcomes on records.id = outcomes.source_bronze_id
    group by records.id
    having count(outcomes.source_bronze_id) <> 1
),

without_record as (
    select
        outcomes.source_bronze_id as id,
        'is not in bronze' as fault
    from outcomes
    left join records on outcomes.source_bronze_id = records.id
    where records.id is null
),

not_in_silver as (
    select
        outcomes.source_bronze_id as id,
        'is not in silver' as fault
    from outcomes
    left join clean on outcomes.source_bronze_id = clean.source_bronze_id
    where outcomes.outcome = 'silver' and clean.source_bronze_id is null
),

wrongly_in_silver as (
    select
        clean.source_bronze_id as id,
        'should not be in silver' as fault
    from clean
    left join outcomes
        on
            clean.source_bronze_id = outcomes.source_bronze_id
            and outcomes.outcome = 'silver'
    where outcomes.source_bronze_id is null
),

without_survivor as (
    select
        duplicates.source_bronze_id as id,
        'has no survivor' as fault
    from outcomes as duplicates
    left join outcomes as survivors
        on
            duplicates.survivor_bronze_id = survivors.source_bronze_id
            and survivors.outcome = 'silver'
    where
        duplicates.outcome in ('duplicate', 'superseded')
        and survivors.source_bronze_id is null
),

counted as (
    select
        cast(null as uuid) as id,
        'the ledger counts another number of records' as fault
    from (
        select coalesce(sum(rows_loaded), 0) as loaded
        from {{ batches }}
        where raw_table in ('{{ raw_tables | join("', '") }}')
    ) as ledger
    where loaded <> (select count(*) from records)
)

select * from without_outcome
union all
select * from without_record
union all
select * from not_in_silver
union all
select * from wrongly_in_silver
union all
select * from without_survivor
union all
select * from counted

{% endtest %}
